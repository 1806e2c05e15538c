"""`--push-to-hub`: an adapter and its card as a repository of the Hugging Face hub.

Only where the user names a repository, private unless told otherwise, and only the adapter's own
files. The token is the one that `hf auth login` or HF_TOKEN gives; it is written nowhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem, UsageError, first_line
from mhx.files import read_yaml
from mhx.training.base import TINY, require
from mhx.training.mixture import by_language

SENT = ("adapter_config.json", "adapter_model.safetensors", "README.md", "manifest.yaml",
        "chat_template.jinja")  # the last where the base needs another template than its own
OPTION = "--push-to-hub"
NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
FIXES = {
    401: "the hub does not know this token: hf auth login, or another HF_TOKEN",
    403: "this token may not write there: take one with write access to that name",
    404: "the hub knows no such user or organization: check the name before the slash",
}


@dataclass(frozen=True)
class Hub:
    """Repositories by language, and whether a new one is public; `api` has the user's token."""

    api: Any
    repos: Mapping[str, str]
    public: bool


def hub_for(
    given: Sequence[str], languages: Sequence[str], base: str, *, public: bool
) -> Hub | None:
    """What `--push-to-hub REPO` or LANG=REPO names; None where nothing is named.

    Looks before a training whether it can be pushed after it. Raises UsageError for a name that is
    none, MhxError without a token, for one the hub refuses, and for a base that is a folder of
    this machine: nobody could load it, and its path would be in the card.
    """
    if not given:
        if public:
            raise UsageError("--public without --push-to-hub", f"name a repository with {OPTION}")
        return None
    repos = by_language(given, languages, OPTION, bare=True)
    if "" in repos:
        if len(languages) > 1:
            raise UsageError(f"{OPTION} {repos['']!r} for {len(languages)} languages",
                             f"one repository each: {OPTION} {languages[0]}=USER/NAME")
        repos = {languages[0]: repos[""]}
    if wrong := [name for name in repos.values() if not NAME.fullmatch(name)]:
        raise UsageError(f"{OPTION} {wrong[0]!r}", "write USER/NAME or ORGANIZATION/NAME")
    _refuse_folder(base)
    require("huggingface_hub")
    from huggingface_hub import HfApi, get_token

    if get_token() is None:
        raise MhxError(Problem(f"{OPTION} needs a token, and there is none",
                               "hf auth login, or set HF_TOKEN; nothing was trained or sent"))
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, library_name="mhx")
    with _said("the hub", "nothing was trained or sent"):
        api.whoami()
    return Hub(api, repos, public)


def push(hub: Hub, language: str, folder: Path, say: Callable[[str], object]) -> dict[str, Any]:
    """Send a language's adapter; returns where it lies and what was sent.

    A repository that exists gets a new commit; a public one only with `public`. Raises MhxError;
    the adapter's folder is never touched.
    """
    repo = hub.repos[language]
    manifest, _ = read_yaml(folder / "manifest.yaml")
    _refuse_folder(str(manifest["base"]))
    warned = warnings(manifest)
    for line in warned:
        say(f"  {repo}: {line}")
    names = [name for name in SENT if (folder / name).is_file()]
    chosen = " ".join(f"--include {name}" for name in names)
    with _said(repo, f"the adapter is kept: hf upload {repo} {folder} . --private {chosen}"):
        private = _opened(hub, repo)
        done = hub.api.upload_folder(repo_id=repo, folder_path=folder, allow_patterns=names,
                                     commit_message="Adapter trained by mhx")
    seen = "private" if private else "public"
    say(f"  sent to {repo} ({seen}): {', '.join(names)}")
    return {"repository": repo, "visibility": seen, "files": names, "commit": str(done.oid),
            "warnings": warned}


def warnings(manifest: Mapping[str, Any]) -> list[str]:
    """What one should know before others load it: the risk dialogues that nobody has reviewed,
    and what is not known to be none."""
    risk, count = manifest["risk_dialogues"], manifest["dialogues"]
    alone, unsaid = manifest["risk_unreviewed"], manifest.get("risk_unsaid")
    said = [
        *([f"{risk} risk dialogues of {count}, {alone} of them reviewed by nobody"]
          if alone else []),
        *([f"{unsaid} dialogues of {count} that do not say whether they carry risk"]
          if unsaid else []),
    ]
    return [f"trained on {each}; the card says so" for each in said]


def _refuse_folder(base: str) -> None:
    if base != TINY and Path(base).exists():
        raise MhxError(Problem(f"the base {base!r} is a folder of this machine",
                               "train on the base by its name on the hub, then push"))


def _opened(hub: Hub, repo: str) -> bool:
    """Make the repository, or take the one there is; whether it is private."""
    from huggingface_hub.errors import HfHubHTTPError

    try:
        hub.api.create_repo(repo, private=not hub.public)
    except HfHubHTTPError as error:
        # a token may be for this repository alone, and then make none
        if _status(error) != 409 and not (_status(error) == 403 and hub.api.repo_exists(repo)):
            raise
    else:
        return not hub.public
    private = bool(hub.api.model_info(repo).private)
    if not private and not hub.public:
        raise MhxError(Problem(f"{repo} exists and is public",
                               "give --public to publish there, or name another repository"))
    return private


@contextmanager
def _said(what: str, left: str) -> Iterator[None]:
    from huggingface_hub import errors

    http: Any = getattr(errors, "HTTPError", OSError)
    try:
        yield
    except (OSError, ValueError, http) as error:
        status = _status(error)
        first = first_line(error).rstrip(". ")
        fix = FIXES.get(status, "check the name and the network") if status else (
            "check the network, HF_ENDPOINT and HF_HUB_OFFLINE")
        raise MhxError(Problem(f"{what}: {first}", f"{fix}; {left}")) from error


def _status(error: Exception) -> int:
    """The HTTP status of an error, 0 where there was no answer."""
    return int(getattr(getattr(error, "response", None), "status_code", 0) or 0)
