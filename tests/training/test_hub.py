"""`--push-to-hub` against a server on this machine that answers as the hub does."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from small_bases import dialogue
from typer.testing import CliRunner

from mhx.cli.app import app
from mhx.errors import MhxError, UsageError
from mhx.files import write_yaml
from mhx.training.hub import SENT, hub_for, push, warnings

TOKEN = "hf_of_this_test_alone"
MANIFEST = {"base": "mhx-tiny", "risk_dialogues": 3, "dialogues": 9, "risk_unreviewed": 2}


@dataclass
class Stored:
    """What the server holds and was asked; `refuses` maps an address's part to a status."""

    private: dict[str, bool] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    refuses: dict[str, int] = field(default_factory=dict)
    address: str = ""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stored]:
    """The few addresses of the hub that an upload needs; no token but the test's is known."""
    stored = Stored()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> tuple[int, Any]:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size)
            stored.asked.append((self.command, self.path))
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return 401, {"error": "Invalid credentials in Authorization header"}
            for part, status in stored.refuses.items():
                if part in self.path:
                    return status, {"error": "refused by this test"}
            if self.path == "/api/whoami-v2":
                return 200, {"name": "someone", "type": "user"}
            if self.path == "/api/repos/create":
                return self._create(json.loads(body))
            if self.path == "/api/validate-yaml":
                return 200, {"errors": [], "warnings": []}
            repo = "/".join(self.path.split("/")[3:5]).split("?")[0]
            if "/preupload/" in self.path:
                files = [{"path": one["path"], "uploadMode": "regular", "shouldIgnore": False}
                         for one in json.loads(body)["files"]]
                return 200, {"files": files}
            if "/commit/" in self.path:
                for line in map(json.loads, body.splitlines()):
                    if line["key"] == "file":
                        value = line["value"]
                        content = base64.b64decode(value["content"])
                        stored.files[repo][value["path"]] = content
                return 200, {"commitUrl": f"{stored.address}/{repo}/commit/abc",
                             "commitOid": "abc", "success": True}
            if repo not in stored.private:
                return 404, {"error": "Repository not found"}
            return 200, {"id": repo, "private": stored.private[repo], "siblings": [], "tags": []}

        def _create(self, asked: dict[str, Any]) -> tuple[int, Any]:
            repo = f"{asked.get('organization') or 'someone'}/{asked['name']}"
            if repo in stored.private:
                return 409, {"error": "You already created this model repo"}
            private = asked.get("visibility") == "private" or bool(asked.get("private"))
            stored.private[repo] = private
            stored.files[repo] = {}
            return 200, {"url": f"{stored.address}/{repo}", "id": repo}

        def _handle(self) -> None:
            status, value = self._answer()
            data = json.dumps(value).encode()
            self.send_response(status)
            if status == 404:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_POST = do_HEAD = _handle

        def log_message(self, *given: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stored.address = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("HF_ENDPOINT", stored.address)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    # read from HF_HUB_OFFLINE, which the suite may run under, when the package is imported
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    yield stored
    server.shutdown()
    server.server_close()


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """An adapter's folder, with what must stay at home."""
    folder = tmp_path / "adapter"
    write_yaml(folder / "manifest.yaml", MANIFEST)
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (folder / name).write_text(f"{{}} {name}")
    (folder / "README.md").write_text("---\nlanguage: pl\n---\n# An adapter\n")
    for name in ("checkpoint.pt", "curves.jsonl", "merged/model.safetensors", "notes.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("text of people")
    return folder


def test_the_command_trains_pushes_privately_and_says_what(hub: Stored, tmp_path: Path) -> None:
    data, out = tmp_path / "data.jsonl", tmp_path / "out"
    data.write_text("".join(json.dumps(dialogue(number)) + "\n" for number in range(4)), "utf-8")
    done = CliRunner().invoke(app, [
        "train", "--lang", "pl", "--data", str(data), "--into", str(out), "--set", "max_steps=1",
        "--set", "overrides={}", "--device", "cpu", "--push-to-hub", "someone/pl-trial", "--json",
    ], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    sent = json.loads(done.stdout)["pushed"]
    assert sent.pop("warnings") == [
        "trained on 1 risk dialogues of 4, 1 of them reviewed by nobody; the card says so"]
    names = ["adapter_config.json", "adapter_model.safetensors", "README.md", "manifest.yaml"]
    assert sent == {"repository": "someone/pl-trial", "visibility": "private", "files": names,
                    "commit": "abc"}
    assert hub.private == {"someone/pl-trial": True}
    for name in names:
        assert hub.files["someone/pl-trial"][name] == (out / name).read_bytes()
    assert TOKEN not in done.output
    assert not [path for path in tmp_path.rglob("*")
                if path.is_file() and TOKEN.encode() in path.read_bytes()]


def test_only_the_adapters_own_files_go(hub: Stored, adapter: Path) -> None:
    said: list[str] = []
    opened = hub_for(["pl=someone/x"], ["pl", "fa"], "mhx-tiny", public=False)
    assert opened is not None
    push(opened, "pl", adapter, said.append)
    assert set(hub.files["someone/x"]) == set(SENT) - {"chat_template.jinja"}
    assert said[0].strip() == ("someone/x: trained on 3 risk dialogues of 9, 2 of them reviewed by "
                               "nobody; the card says so")
    assert said[1].strip() == ("sent to someone/x (private): adapter_config.json, "
                               "adapter_model.safetensors, README.md, manifest.yaml")
    assert warnings({**MANIFEST, "risk_unreviewed": 0}) == []


def test_a_repository_that_exists_gets_a_commit_but_a_public_one_must_be_meant(
    hub: Stored, adapter: Path
) -> None:
    hub.private = {"someone/mine": True, "someone/open": False}
    hub.files = {"someone/mine": {}, "someone/open": {}}
    for public, repo, seen in ((False, "mine", "private"), (True, "open", "public")):
        opened = hub_for([f"someone/{repo}"], ["pl"], "mhx-tiny", public=public)
        assert opened is not None
        assert push(opened, "pl", adapter, print)["visibility"] == seen
        assert hub.files[f"someone/{repo}"]
    hub.files["someone/open"] = {}
    opened = hub_for(["someone/open"], ["pl"], "mhx-tiny", public=False)
    assert opened is not None
    with pytest.raises(MhxError, match="someone/open exists and is public — give --public"):
        push(opened, "pl", adapter, print)
    assert hub.files["someone/open"] == {}


def test_a_token_that_makes_no_repository_may_write_to_its_own(
    hub: Stored, adapter: Path
) -> None:
    hub.private, hub.files = {"team/mine": True}, {"team/mine": {}}
    hub.refuses["repos/create"] = 403
    opened = hub_for(["team/mine"], ["pl"], "mhx-tiny", public=False)
    assert opened is not None
    assert push(opened, "pl", adapter, print)["visibility"] == "private"
    assert hub.files["team/mine"]


def test_a_new_repository_is_public_only_where_it_is_said(hub: Stored, adapter: Path) -> None:
    opened = hub_for(["someone/new"], ["pl"], "mhx-tiny", public=True)
    assert opened is not None
    assert push(opened, "pl", adapter, print)["visibility"] == "public"
    assert hub.private == {"someone/new": False}


def test_without_a_token_or_with_a_wrong_one_nothing_is_trained(
    hub: Stored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(MhxError, match="the hub: Invalid user token") as caught:
        hub_for(["someone/x"], ["pl"], "mhx-tiny", public=False)
    assert "the hub does not know this token: hf auth login" in caught.value.problems[0].fix
    assert "nothing was trained or sent" in caught.value.problems[0].fix
    assert "hf_wrong" not in str(caught.value)
    hub.asked.clear()
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    with pytest.raises(MhxError, match="--push-to-hub needs a token, and there is none"):
        CliRunner().invoke(app, ["train", "--lang", "pl", "--out", str(tmp_path),
                                 "--push-to-hub", "someone/x"], catch_exceptions=False)
    assert hub.asked == []


@pytest.mark.parametrize(("part", "status", "fix"), [
    ("repos/create", 403, "this token may not write there"),
    ("repos/create", 404, "the hub knows no such user or organization"),
    ("commit", 403, "this token may not write there"),
])
def test_a_refusal_after_the_training_says_how_to_send_what_is_kept(
    part: str, status: int, fix: str, hub: Stored, adapter: Path
) -> None:
    opened = hub_for(["someone/x"], ["pl"], "mhx-tiny", public=False)
    assert opened is not None
    hub.refuses[part] = status
    with pytest.raises(MhxError, match=f"someone/x: .*{status}") as caught:
        push(opened, "pl", adapter, print)
    said = caught.value.problems[0].fix
    assert said.startswith(fix)
    assert f"the adapter is kept: hf upload someone/x {adapter} . --private" in said
    assert "--include adapter_model.safetensors" in said
    assert (adapter / "adapter_model.safetensors").is_file()
    assert TOKEN not in str(caught.value)


def test_a_hub_that_does_not_answer_is_said(adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with pytest.raises(MhxError, match="the hub: ") as caught:
        hub_for(["someone/x"], ["pl"], "mhx-tiny", public=False)
    assert "check the network, HF_ENDPOINT and HF_HUB_OFFLINE" in caught.value.problems[0].fix


def test_what_cannot_be_pushed_is_refused_before_anything_is_asked(
    hub: Stored, tmp_path: Path
) -> None:
    for given, languages in ((["name"], ["pl"]), (["a/b/c"], ["pl"]), (["a/b"], ["pl", "fa"]),
                             (["pl=a b/c"], ["pl"])):
        with pytest.raises(UsageError, match="--push-to-hub"):
            hub_for(given, languages, "mhx-tiny", public=False)
    with pytest.raises(UsageError, match="--public without --push-to-hub"):
        hub_for([], ["pl"], "mhx-tiny", public=True)
    with pytest.raises(MhxError, match="is a folder of this machine"):
        hub_for(["a/b"], ["pl"], str(tmp_path), public=False)
    assert hub_for([], ["pl"], "mhx-tiny", public=False) is None
    assert hub.asked == []


def test_dialogues_that_are_silent_on_risk_are_told_before_others_load_them() -> None:
    assert warnings({**MANIFEST, "risk_unreviewed": 0}) == []
    (line,) = warnings({**MANIFEST, "risk_unreviewed": 0, "risk_unsaid": 9})
    assert line.startswith("trained on 9 dialogues of 9 that do not say")
