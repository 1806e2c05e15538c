"""A chain of engines: who is asked what, what is recorded, what the cache answers; the way back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mhx.api import open_run
from mhx.contracts import Reply, Request
from mhx.corpus.cache import ReplyCache
from mhx.corpus.tmx import Unit, write_tmx
from mhx.engines.asked import MatchedTerms
from mhx.engines.back import check_back
from mhx.engines.chain import Outcome, Tally, Tried, ask, translate_all
from mhx.engines.names import EngineName, engine_names
from mhx.engines.opening import Engine
from mhx.errors import MhxError
from mhx.language import load_language
from mhx.parquet import batches
from mhx.pipeline import execute
from mhx.run import Run, Silent
from mhx.schema import BackendManifest
from mhx.shelves import Shelves, discover
from mhx.translating import translate_texts

ROOT = Path(__file__).resolve().parents[2]
BACKEND = """
from mhx.contracts import Reply

def open(settings):
    return Echo(settings)

class Echo:
    def __init__(self, settings):
        self.signature = f"{{settings.source}}-{{settings.target}}"
        self.seen = []

    def translate(self, batch):
        print("ASKED", *(request.text for request in batch), sep="|")
        return [
            Reply(None, "{name}", "1", failure="never", detail="no")
            if "{never}" in request.text
            else Reply(f"{name} " + request.text, "{name}", "1") for request in batch
        ]

    def close(self):
        pass
"""


@pytest.fixture
def plugins(write: Callable[..., Path], tmp_path: Path) -> Path:
    """A folder with two engines: `one` never translates a text with an x, `two` one with a y."""
    for name, never in (("one", "x"), ("two", "y")):
        write(f"more/translation/{name}/backend.yaml",
              f"name: {name}\ntitle: t\nkind: rules\nlocation: local\ntakes_model: true\n")
        write(f"more/translation/{name}/backend.py", BACKEND.format(name=name, never=never))
    return tmp_path / "more"


@pytest.fixture
def start(plugins: Path, tmp_path: Path) -> Callable[..., Run]:
    """A run with the two engines on the shelf."""
    shelves = discover(extra=[plugins], allow_code=True, cwd=ROOT)

    def opened(translator: str, **more: Any) -> Run:
        return open_run(
            "es", shelves=shelves, translator=translator, out=tmp_path / "runs", **more
        )

    return opened


# ---------------------------------------------------------------- names


def test_a_chain_is_read_with_its_models() -> None:
    assert engine_names("openai:a/b@http://h:1/v1#K, hf:Y,memory") == [
        EngineName("openai", "a/b@http://h:1/v1#K"), EngineName("hf", "Y"), EngineName("memory"),
    ]
    assert str(EngineName("hf", "Y")) == "hf:Y"


@pytest.mark.parametrize("text", ["", "hf:Y,", ",memory", "memory,,hf:Y", ":x", "hf:Y,hf:Y"])
def test_a_chain_with_a_hole_or_a_twin_is_an_error(text: str) -> None:
    with pytest.raises(MhxError, match="--translator"):
        engine_names(text)


def test_an_unknown_engine_anywhere_in_a_chain_is_named(start: Callable[..., Run]) -> None:
    with pytest.raises(MhxError, match="unknown translator 'onne'") as caught:
        start("memory,onne")
    assert "did you mean 'one'" in str(caught.value)


def test_every_engine_of_a_chain_is_in_the_runs_key(
    start: Callable[..., Run], plugins: Path
) -> None:
    before = start("two,one").settings
    single = start("one").settings
    assert before.plugin_sha256["translator"] != single.plugin_sha256["translator"]
    assert before.identity() != start("one,two").settings.identity()
    path = plugins / "translation/one/backend.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert start("two,one").settings.identity() != before.identity()


# ---------------------------------------------------------------- who is asked what


def test_the_next_engine_is_asked_only_for_what_failed(
    start: Callable[..., Run], capfd: pytest.CaptureFixture[str]
) -> None:
    rows = translate_texts(start("one,two"), ["a", "bx", "cy", "dxy", "bx", ""])
    assert capfd.readouterr().out.splitlines() == ["ASKED|a|bx|cy|dxy", "ASKED|bx|dxy"]
    assert [row["target"] for row in rows] == ["one a", "two bx", "one cy", None, "two bx", None]
    assert [row["engine"] for row in rows] == ["one", "two", "one", "two", "two", "none"]
    first = {"engine": "one", "failure": "never", "detail": "no"}
    assert [row["tried"] for row in rows] == [[], [first], [], [first], [first], []]
    assert [row["failure"] for row in rows] == [None, None, None, "never", None, "empty"]


def test_a_memory_may_be_the_first_of_a_chain(start: Callable[..., Run], tmp_path: Path) -> None:
    memory = tmp_path / "mine.tmx"
    write_tmx(memory, [Unit("Only this here.", "Solo esto.", "1")], source="en", target="es",
              creator="test")
    rows = translate_texts(start("memory,one", memories=[memory]), ["Only this here.", "a", "x"])
    assert [row["engine"] for row in rows] == ["memory:exact", "one", "one"]
    assert [item["failure"] for item in rows[2]["tried"]] == ["not_in_memory"]
    assert rows[2]["failure"] == "never"


def test_the_stage_records_engine_and_earlier_failures_and_tells_them(
    start: Callable[..., Run], write: Callable[..., Path]
) -> None:
    source = write("mine.csv", "question,answer\nI wait.,Tell me of x.\nx and y.,Go on.\n")
    run = start("one,two", source=str(source))
    execute(run, last="translate")
    frame = run.table("translate")
    assert frame["engine"].to_list() == ["one", "two", "two", "one"]
    assert frame["target"].to_list() == ["one I wait.", "two Tell me of x.", None, "one Go on."]
    tried = [json.loads(item) if item else [] for item in frame["tried"]]
    assert [[one["engine"] for one in item] for item in tried] == [[], ["one"], ["one"], []]
    counts = run.records()["translate"].counts
    assert counts is not None
    assert counts.notes[:3] == [
        "segments translated: 3 of 4",
        "one: 2 of 4 segments asked; failed: never 2",
        "two: 1 of 2 segments asked; failed: never 1",
    ]
    assert (counts.accepted, counts.review, counts.reasons) == (1, 1, {"never": 1})


def test_dialogues_in_batches_give_the_same_table_and_account(
    start: Callable[..., Run], write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["I wait.,Tell me of x.", "x and y.,Go on.", ",nobody asked", "It rains.,Go on."]
    source = write("mine.csv", "question,answer\n" + "\n".join(lines) + "\n")
    whole = start("one,two", source=str(source))
    execute(whole, last="translate")
    monkeypatch.setattr("mhx.run.batches", partial(batches, rows=1))
    parts = start("one,two", source=str(source), seed=1)
    execute(parts, last="translate")
    assert parts.folder != whole.folder
    hidden = ("split", "plan")  # they hold the seed
    one, two = (run.table("translate").drop(hidden) for run in (whole, parts))
    assert one.equals(two)
    assert whole.records()["translate"].counts == parts.records()["translate"].counts


def test_all_that_is_wrong_with_a_chain_is_told_together(start: Callable[..., Run]) -> None:
    with pytest.raises(MhxError) as caught:
        translate_texts(start("one,apertium:eng-xyz,openai:m@https://host/v1"), ["a"])
    text = str(caught.value)
    assert "apertium" in text
    assert "personal data in this text was not replaced" in text


# ---------------------------------------------------------------- the cache


class Fake:
    """An engine that counts what it is asked."""

    def __init__(self, kind: str, **more: Any) -> None:
        manifest = BackendManifest(
            name="fake", title="t", kind=kind, location="local",  # type: ignore[arg-type]
            context_turns=3 if kind == "llm" else 0,
        )
        self.asked: list[Request] = []
        self.signature = "fake"
        self.engine = Engine(EngineName("fake"), manifest, self, more.get("signature", "s"))

    def translate(self, batch: list[Request]) -> list[Reply]:
        """Upper case."""
        self.asked += batch
        return [Reply(request.text.upper(), "fake", "1") for request in batch]

    def close(self) -> None:
        """Nothing."""


REQUEST = Request("I wait.", "en", "pl", "seeker", context=(("supporter", "And now?"),),
                  register="pan", gender="female", terms={"anxiety": "lęk"})
CHANGED = [
    replace(REQUEST, role="supporter"),
    replace(REQUEST, context=()),
    replace(REQUEST, context=(("seeker", "And now?"),)),
    replace(REQUEST, register="ty"),
    replace(REQUEST, gender="male"),
    replace(REQUEST, addressee_gender="male"),
    replace(REQUEST, terms={"anxiety": "niepokój"}),
    replace(REQUEST, terms={}),
    replace(REQUEST, forbidden=("wariat",)),
]


@pytest.mark.parametrize("changed", CHANGED)
def test_an_engine_that_sees_the_talk_is_asked_again_when_it_changes(
    changed: Request, tmp_path: Path
) -> None:
    fake = Fake("llm")
    for request in (REQUEST, REQUEST, changed):
        ask([request], fake.engine, tmp_path, Silent())
    assert fake.asked == [REQUEST, changed]


@pytest.mark.parametrize("changed", CHANGED)
def test_an_engine_that_sees_the_text_alone_is_not(changed: Request, tmp_path: Path) -> None:
    fake = Fake("neural")
    for request in (REQUEST, changed):
        ask([request], fake.engine, tmp_path, Silent())
    assert fake.asked == [REQUEST]


def test_equal_segments_are_asked_once_and_another_signature_anew(tmp_path: Path) -> None:
    fake, other = Fake("neural"), Fake("neural", signature="t")
    texts = ["a", "b", "a", "a"]
    requests = [replace(REQUEST, text=text) for text in texts]
    replies = ask(requests, fake.engine, tmp_path, Silent())
    assert [reply.text for reply in replies] == ["A", "B", "A", "A"]
    assert [request.text for request in fake.asked] == ["a", "b"]
    ask(requests, other.engine, tmp_path, Silent())
    assert len(other.asked) == 2


def test_runs_in_other_folders_share_what_was_translated(
    start: Callable[..., Run], capfd: pytest.CaptureFixture[str]
) -> None:
    translate_texts(start("one"), ["a", "b"])
    capfd.readouterr()
    translate_texts(start("one,two", seed=3), ["a", "c"])
    assert capfd.readouterr().out == "ASKED|c\n"


def test_failures_are_not_kept(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path, "s")
    cache.put({"a": Reply("A", "e", "1", detail="d"), "b": Reply(None, "e", "1", failure="x")})
    assert cache.known(["a", "b", "c"]) == {"a": Reply("A", "e", "1", detail="d")}
    assert ReplyCache(tmp_path, "t").known(["a"]) == {}


def test_a_thousand_keys_are_found_at_once(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path, "s")
    cache.put({(n,): Reply(str(n), "e", "1") for n in range(2500)})
    assert len(cache.known([(n,) for n in range(-500, 2500)])) == 2500


def test_the_account_of_a_chain_counts_each_engine() -> None:
    engines = [Fake("neural").engine, replace(Fake("rules").engine, name=EngineName("b"))]
    outcomes = [
        Outcome(Reply("A", "x", "1"), "fake"),
        Outcome(Reply("A", "x", "1"), "b", (Tried("fake", "empty", ""),)),
        Outcome(Reply(None, "x", "1", failure="length"), "b", (Tried("fake", "refused", ""),)),
    ]
    tally = Tally(engines)
    for outcome in outcomes:
        tally.add([outcome])
    assert tally.lines() == [
        "fake: 1 of 3 segments asked; failed: empty 1, refused 1",
        "b: 1 of 2 segments asked; failed: length 1",
    ]


def test_no_request_is_no_outcome(tmp_path: Path) -> None:
    assert translate_all([], [Fake("neural").engine], tmp_path, Silent()) == []


# ---------------------------------------------------------------- terms


def test_only_the_terms_of_a_text_are_told_and_what_a_supporter_must_not_say(
    shelves: Shelves,
) -> None:
    languages = [load_language(tag, shelves=shelves) for tag in ("en", "pl")]
    terms = MatchedTerms(*languages)
    wanted, _ = terms.of("My anxiety is worse than the sadness.", "seeker")
    assert wanted == {"anxiety": "lęk", "sadness": "smutek"}
    assert terms.of("The bus is late.", "seeker") == ({}, ())
    base = languages[1].terms
    assert base is not None
    banned = {name: [term for term in found if term.why in ("stigmatizing", "archaic")]
              for name, found in base.terms.items()}
    concept, found = next((name, found) for name, found in banned.items() if found)
    source = languages[0].terms
    assert source is not None
    text = source.terms[concept][0].text
    assert found[0].text in terms.of(text, "supporter")[1]
    assert found[0].text not in terms.of(text, "seeker")[1]


# ---------------------------------------------------------------- the way back


@pytest.mark.parametrize(
    ("back", "forward", "match"),
    [
        ("one,two", "memory", "several engines"),
        ("memory", "one", "cannot translate back"),
        ("one", "memory,one", "the way there too"),
        ("one:b", "one:a", "the way there too"),
        ("ct2:org/m@int8", "hf:org/m", "the way there too"),
        ("ct2", "hf", "the way there too"),
        ("openai:m@http://localhost:2/v1", "openai:m@http://localhost:1/v1", "the way there too"),
    ],
)
def test_the_engine_of_the_way_there_cannot_screen_itself(
    back: str, forward: str, match: str, start: Callable[..., Run]
) -> None:
    with pytest.raises(MhxError, match=match):
        start(forward, back_translator=back)


def test_another_model_may_translate_back(shelves: Shelves) -> None:
    assert check_back("hf:org/other", "hf:org/m,memory", shelves) == []


def test_the_way_back_sees_the_target_alone_and_is_scored(
    start: Callable[..., Run], write: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    from sacrebleu import sentence_chrf

    source = write("mine.csv", "question,answer\nI wait.,Tell me of x.\ny for me.,Go on.\n")
    run = start("one", back_translator="two", source=str(source))
    execute(run, last="translate")
    out = capfd.readouterr().out.splitlines()
    assert out[1] == "ASKED|one I wait.|one y for me.|one Go on."
    frame = run.table("translate")
    assert frame["back"].to_list() == ["two one I wait.", None, None, "two one Go on."]
    assert frame["back_failure"].to_list() == [None, None, "never", None]
    scores = frame["back_chrf"].to_list()
    assert scores[1:3] == [None, None]
    assert scores[0] == pytest.approx(sentence_chrf("two one I wait.", ["I wait."]).score)
    counts = run.records()["translate"].counts
    assert counts is not None
    (line,) = (note for note in counts.notes if note.startswith("translated back"))
    assert line.startswith("translated back: 2 of 3 segments, median chrF ")
    assert "nrefs" in line or "chrF2" in line


def test_another_way_back_is_another_run(start: Callable[..., Run]) -> None:
    plain, screened = start("one"), start("one", back_translator="two")
    assert plain.settings.identity() != screened.settings.identity()
    assert "back_translator" in screened.settings.plugin_sha256


def test_lines_can_be_translated_back(start: Callable[..., Run]) -> None:
    rows = translate_texts(start("one", back_translator="two"), ["a", "x", "y"])
    assert [row["back"] for row in rows] == ["two one a", None, None]
    assert [row["back_failure"] for row in rows] == [None, None, "never"]
    assert rows[0]["back_chrf"] > 0


