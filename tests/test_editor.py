"""A model's edits: asked only where an entry matches, tried before they are applied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from serving import Faulty, Said, serve, teach_chats

from mhx.adaptation.editor import Editor, editor_name, open_editor
from mhx.adaptation.passes import AdaptedParts, Part, Passes, localizer_of
from mhx.cards import load_territory
from mhx.endpoint import Limits
from mhx.errors import MhxError
from mhx.language import load_language
from mhx.schema import Entity, Participant, Plan
from mhx.schema.base import Role
from mhx.schema.dialogue import apply_edits
from mhx.shelves import discover

pytest.importorskip("openai")
ROOT = Path(__file__).resolve().parents[1]
SHELVES = discover(cwd=ROOT)
QUICK = Limits(timeout=5.0, retries=0, backoff=0.01)
RULE = "pl.r.context.deductible"
SOURCE = "He put the scan off because of the deductible of 20 percent."
TEXT = "Odkładał badanie przez udział własny w ubezpieczeniu, 20 procent."
GOOD = {"before": "przez udział własny w ubezpieczeniu", "after": "przez długą kolejkę na NFZ",
        "entry": RULE, "reason": "no deductible here"}
Answer = dict[str, Any]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@cache
def passes() -> Passes:
    language, source = (load_language(name, shelves=SHELVES) for name in ("pl", "en"))
    territory = load_territory("PL", shelves=SHELVES)
    return Passes(language, source, localizer_of(language, source, territory, SHELVES))


def plan() -> Plan:
    return Plan(
        dialogue="d1",
        seeker=Participant(gender="female", known="stated"),
        supporter=Participant(gender="female", known="assigned"),
        seeker_to_supporter="pan",
        supporter_to_seeker="pan",
        entities=[Entity(src="Doug", tgt="Dariusz", kind="person_name", rule="x")],
    )


def editor_of(url: str, cache_: Path | None = None) -> Editor:
    own = passes()
    return open_editor(
        f"openai:m@{url}", language=own.language, source=own.source, localizer=own.localizer,
        cache=cache_, limits=QUICK, screened=True,
    )


def edited(
    url: str, *texts: str, role: Role = "seeker", risk: bool = False, cache_: Path | None = None
) -> tuple[AdaptedParts, Editor]:
    own, editor = passes(), editor_of(url, cache_)
    parts = [Part(SOURCE, text, role, risk) for text in texts]
    done = Passes(own.language, own.source, own.localizer, editor).adapt(plan(), parts)
    editor.close()
    return done, editor


def answering(*edits: Answer) -> Faulty:
    said = json.dumps({"edits": list(edits)}, ensure_ascii=False)
    return Faulty(lambda request, number: Said(said))


def reasons(done: AdaptedParts) -> list[str]:
    found = [item for part in done.parts for item in part.findings]
    assert all(item.severity == "warn" for item in found if item.code == "editor.rejected")
    return [item.message.partition(": ")[0] for item in found if item.code == "editor.rejected"]


def asked(server: Faulty) -> dict[str, Any]:
    return dict(json.loads(server.seen[0]["messages"][-1]["content"]))


# ---------------------------------------------------------------- what is sent, what is applied


def test_an_edit_that_the_entry_asks_for_is_applied_and_recorded_as_the_models() -> None:
    with answering(GOOD) as server:
        done, editor = edited(server.url, TEXT)
    (part,) = done.parts
    assert part.adapted == TEXT.replace(GOOD["before"], GOOD["after"])
    assert apply_edits(part.faithful, list(part.edits)) == part.adapted
    (edit,) = part.edits
    assert (edit.rule, edit.before, edit.after) == (RULE, GOOD["before"], GOOD["after"])
    assert edit.evidence == [RULE, "model:m"]
    assert not reasons(done)
    assert editor.counts == {"segments asked": 1, "edits applied": 1}


def test_the_model_gets_the_segment_the_plan_and_only_matched_entries() -> None:
    with answering() as server:
        edited(server.url, TEXT, "Śpię dobrze.")
    assert len(server.seen) == 1  # no entry matches the second segment
    sent = asked(server)
    assert {item["id"] for item in sent["entries"]} == {RULE, "pl.surface.institutions"}
    assert (sent["segment"], sent["source"], sent["role"]) == (TEXT, SOURCE, "seeker")
    assert sent["plan"]["names"] == ["Dariusz"]
    assert sent["plan"]["supporter_to_seeker"] == "pan"


def test_edits_lie_on_top_of_rules_and_entities() -> None:
    text = "Doug odkładał badanie przez udział własny w ubezpieczeniu, dwie mile stąd."
    with answering(GOOD) as server:
        own, editor = passes(), editor_of(server.url)
        part = Part("Doug put it off, the deductible, two miles away.", text, "seeker", False)
        done = Passes(own.language, own.source, own.localizer, editor).adapt(plan(), [part])
        editor.close()
    made = done.parts[0]
    assert made.adapted == (
        "Dariusz odkładał badanie przez długą kolejkę na NFZ, trzy kilometry stąd."
    )
    assert apply_edits(made.faithful, list(made.edits)) == made.adapted


# ---------------------------------------------------------------- what is rejected, and why

BAD: list[tuple[str, Answer]] = [
    ("unknown_entry", {**GOOD, "entry": "pl.r.made.up"}),
    ("not_found", {**GOOD, "before": "udziału w zyskach"}),
    ("not_found", {**GOOD, "before": ""}),
    ("ambiguous", {**GOOD, "before": "a", "after": "o"}),
    ("unchanged", {**GOOD, "after": GOOD["before"]}),
    ("numbers", {**GOOD, "before": "20 procent", "after": "30 procent"}),
    ("numbers", {**GOOD, "before": ", 20 procent", "after": ""}),
    ("sentences", {**GOOD, "after": "przez kolejkę. Długą"}),
    ("digits", {**GOOD, "after": "przez 116 123 456"}),
    ("slots", {**GOOD, "after": "przez {{service:suicide_adult}}"}),
    ("script", {**GOOD, "after": "przez очередь"}),
    ("length", {**GOOD, "after": "przez kolejkę " * 20}),
    ("conservation.negation", {**GOOD, "after": "nie przez udział własny"}),
    ("conservation.symptoms", {**GOOD, "after": "przez brak apetytu"}),
    ("conservation.facts", {**GOOD, "after": "przez diagnozę"}),
    ("conservation.degree", {**GOOD, "after": "trochę przez udział własny"}),
]


@pytest.mark.parametrize(("why", "edit"), BAD, ids=[f"{n}-{why}" for n, (why, _) in enumerate(BAD)])
def test_an_edit_that_breaks_something_is_left_out_with_its_reason(why: str, edit: Answer) -> None:
    with answering(edit) as server:
        done, editor = edited(server.url, TEXT)
    assert done.parts[0].adapted == TEXT
    (found,) = reasons(done)
    if why == "digits":
        assert found in ("digits", "numbers")
    else:
        assert found == why
    assert sum(count for name, count in editor.counts.items() if "rejected" in name) == 1


def test_one_bad_edit_does_not_cost_the_good_one_and_overlaps_are_refused() -> None:
    over = {**GOOD, "before": "udział własny", "after": "kolejkę"}
    with answering(GOOD, over, {**GOOD, "entry": "x"}) as server:
        done, _ = edited(server.url, TEXT)
    assert done.parts[0].adapted == TEXT.replace(GOOD["before"], GOOD["after"])
    assert reasons(done) == ["overlap", "unknown_entry"]


def test_a_place_that_stands_twice_is_told_by_its_start() -> None:
    text = "Udział własny to udział własny."
    at = text.rindex("udział")
    edit = {**GOOD, "before": "dział własny", "after": "dział w kosztach", "start": at + 1}
    with answering(edit) as server:
        done, _ = edited(server.url, text)
    assert done.parts[0].adapted == "Udział własny to udział w kosztach."


def test_a_dose_and_a_name_are_not_the_models_to_change() -> None:
    text = "Dariusz odkładał sertralinę przez udział własny."
    drug = {**GOOD, "before": "sertralinę", "after": "terapię"}
    name = {**GOOD, "before": "Dariusz", "after": "Marek"}
    with answering(drug, name) as server:
        done, _ = edited(server.url, text)
    assert done.parts[0].adapted == text
    assert reasons(done) == ["sensitive", "name"]


def test_edits_that_add_up_to_a_harm_stop_where_it_begins() -> None:
    text = "Nie brał leków i nie spał przez udział własny."
    first = {**GOOD, "before": "Nie brał", "after": "Unikał"}
    with answering(first, {**GOOD, "before": "nie spał", "after": "czuwał"}) as server:
        done, _ = edited(server.url, text)
    assert done.parts[0].adapted == text
    assert reasons(done) == ["conservation.negation", "conservation.negation"]


# ---------------------------------------------------------------- servers that fail


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Said("I cannot help with that."), "unparsable"),
        (Said('{"edits": "none"}'), "unparsable"),
        (Said(TEXT), "unparsable"),  # a rewritten text is no list of edits
        (Said(None, refusal="no"), "refused"),
        (Said('{"edits": [', ending="length"), "truncated"),
        (Said(status=500), "http_500"),
    ],
)
def test_a_failing_answer_costs_its_segment_the_pass_and_is_said(
    said: Said, why: str, tmp_path: Path
) -> None:
    good = json.dumps({"edits": [GOOD]}, ensure_ascii=False)
    with Faulty(lambda request, number: said if number else Said(good)) as server:
        done, editor = edited(server.url, TEXT, TEXT.replace("20", "30"), cache_=tmp_path)
    assert done.parts[0].adapted != TEXT
    assert done.parts[1].adapted == TEXT.replace("20", "30")
    assert reasons(done) == [why]
    assert editor.counts[f"no answer: {why}"] == 1


def test_answers_are_kept_and_a_useless_one_is_asked_again(tmp_path: Path) -> None:
    with answering(GOOD) as server:
        edited(server.url, TEXT, cache_=tmp_path)
        edited(server.url, TEXT, cache_=tmp_path)
        assert len(server.seen) == 1
    with Faulty(lambda request, number: Said("what?")) as server:
        edited(server.url, TEXT, cache_=tmp_path)
        edited(server.url, TEXT, cache_=tmp_path)
        assert len(server.seen) == 2


def test_another_form_of_editor_is_refused() -> None:
    with pytest.raises(MhxError, match="no such editor"):
        editor_name("hf:some/model")
    with pytest.raises(MhxError, match="needs a model and a URL"):
        editor_name("openai:m")


# ---------------------------------------------------------------- a real server


OTHER = "Zapłaciła 20 złotych przez udział własny."
SHORT = [
    {"before": "udział własny w ubezpieczeniu", "after": "długą kolejkę", "entry": RULE},
    {"before": "20", "after": "30", "entry": RULE},
]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`transformers serve` on a tiny model that knows its answers to the real prompts by heart."""
    with answering() as probe:
        edited(probe.url, TEXT, OTHER)
    sent = {json.loads(item["messages"][-1]["content"])["segment"]: item["messages"]
            for item in probe.seen}
    answers = [f"Sure: {json.dumps({'edits': [edit]}, ensure_ascii=False)}" for edit in SHORT]
    chats = list(zip((sent[TEXT], sent[OTHER]), answers, strict=True))
    folder = teach_chats(tmp_path_factory.mktemp("editor"), chats)
    with serve(folder) as url:
        yield f"{folder}@{url}"


def test_a_real_server_proposes_and_the_checks_decide(real: str) -> None:
    own = passes()
    editor = open_editor(
        f"openai:{real}", language=own.language, source=own.source, localizer=own.localizer,
        cache=None, limits=Limits(timeout=60.0, retries=1), screened=True,
    )
    parts = [Part(SOURCE, text, "seeker", False) for text in (TEXT, OTHER)]
    done = Passes(own.language, own.source, own.localizer, editor).adapt(plan(), parts)
    editor.close()
    assert done.parts[0].adapted == TEXT.replace(SHORT[0]["before"], SHORT[0]["after"])
    assert done.parts[1].adapted == OTHER
    assert reasons(done) == ["numbers"]
