"""Rules and the hooks' repairs in one place: both apply, offsets are the faithful text's."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhx import defaults
from mhx.adaptation.merging import compose, operation_of
from mhx.adaptation.rules import Adapted, adapt_segment, plan_from_test
from mhx.language import Language, load_language
from mhx.schema import AdaptedSegment, Edit, Rule
from mhx.schema.base import Role
from mhx.schema.card import TestPlan
from mhx.schema.dialogue import apply_edits
from mhx.shelves import discover

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def polish() -> Language:
    return load_language("pl", shelves=discover(cwd=ROOT))


@pytest.fixture(scope="module")
def persian() -> Language:
    return load_language("fa", shelves=discover(cwd=ROOT))


def adapted(language: Language, text: str, role: Role = "supporter", **plan: object) -> Adapted:
    test = TestPlan.model_validate({"seeker": "female", "supporter": "female", **plan})
    told = plan_from_test(test, language.manifest.grammar.default_address)
    done = adapt_segment(
        text, role=role, risk=False, plan=told, rules=language.card.rules, hooks=language.hooks
    )
    AdaptedSegment(faithful=text, adapted=done.adapted, edits=list(done.edits))
    return done


IN_ONE_PLACE = [
    # the rule knows the repaired form, or both; the text has ty, or the other gender
    ("Słyszę cię, Barbaro.", "Rozumiem, Pani Barbaro.", "pl.r.language.hear_you"),
    ("Słyszę, co mówisz.", "Rozumiem, co Pani mówi.", "pl.r.language.hear_what"),
    ("Twoje uczucia są ważne.", "Ma Pani prawo tak się czuć.", "pl.r.methods.valid_feelings"),
    ("Jestem tu dla ciebie.", "Jestem i słucham.", "pl.r.language.here_for_you"),
    ("Dobrze, że ustawiasz granice.", "Dobrze, że Pani stawia granice.", "pl.r.goals.boundaries"),
    (
        "Dokładnie wiem, jak się czujesz.",
        "Próbuję sobie wyobrazić, jak się Pani czuje.",
        "pl.r.methods.know_how_you_feel",
    ),
    ("Troszcz się o siebie.", "Proszę o siebie zadbać.", "pl.r.language.take_care"),
    # the rule knows only the form before the repair
    ("Brzmisz, jakbyś była zmęczona.", "Mam wrażenie, jakby Pani była zmęczona.",
     "pl.r.language.sounds_like"),
    # what the rule writes is at the other level, and repaired last
    ("To, co Pani czuje, jest walidne.", "Masz prawo tak się czuć.", "pl.r.methods.valid_third"),
]


@pytest.mark.parametrize(("text", "wanted", "rule"), IN_ONE_PLACE)
def test_a_calque_whose_form_a_hook_repairs_gets_both(
    polish: Language, text: str, wanted: str, rule: str
) -> None:
    level = "ty" if wanted.startswith("Masz") else "pan"
    done = adapted(polish, text, supporter_to_seeker=level)
    assert done.adapted == wanted
    assert rule in {edit.rule for edit in done.edits}
    assert [item.code for item in done.findings] == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Chodziłem po skorupkach jajek.", "Chodziłam na palcach."),
        ("Ustanowiłem granice.", "Postawiłam granice."),
        ("Oblałem SAT za pierwszym razem.", "Oblałam maturę za pierwszym razem."),
    ],
)
def test_an_idiom_in_the_other_gender_gets_both(polish: Language, text: str, wanted: str) -> None:
    done = adapted(polish, text, "seeker")
    assert done.adapted == wanted
    assert len(done.edits) == 1
    assert done.edits[0].rule not in ("pl.r.language.gender", "pl.r.language.address")


def test_an_edit_beside_a_deletion_stays_apart_from_it(polish: Language) -> None:
    done = adapted(polish, "Od marca jedzie Pani na pustym baku.", supporter_to_seeker="ty")
    assert done.adapted == "Od marca jedziesz na oparach."
    assert {edit.rule: edit.before for edit in done.edits}["pl.r.metaphors.running_empty"] == (
        "na pustym baku"
    )


@pytest.mark.parametrize(
    ("regex", "replace", "wanted"),
    [
        ("Abril", "mayo", "Abril is short of money."),  # a month's rule meets a person
        ("April", "May", "Abril is short of money."),
        (r"(Abril) is short of money", r"\1 has no money", "Abril has no money."),
        (r"(\w+) is short of", "she lacks", "Abril is short of money."),
    ],
)
def test_a_name_of_the_plan_survives_the_rules(regex: str, replace: str, wanted: str) -> None:
    rule = Rule.model_validate(
        {"id": "r", "dimension": "language", "kind": "substitute", "match": {"regex": regex},
         "action": {"replace": replace}, "reason": "x", "evidence": ["S1"],
         "tests": [{"in": "x", "must": ["x"]}]}
    )
    levels = {"seeker_to_supporter": "you", "supporter_to_seeker": "you"}
    done = adapt_segment(
        "April is short of money.", role="seeker", risk=False, rules=[rule], hooks=defaults,
        plan=plan_from_test(TestPlan(names={"April": "Abril"}), levels),
    )
    assert done.adapted == wanted


@pytest.mark.parametrize(
    ("text", "level", "wanted"),
    [
        ("ممنونم که با من به اشتراک گذاشتی.", "shoma", "خوب کردید که گفتید."),
        ("من شما را می‌شنوم.", "to", "حرفت رو می‌فهمم."),
        ("من اینجا برای شما هستم.", "to", "کنارت هستم."),
    ],
)
def test_in_persian_too(persian: Language, text: str, level: str, wanted: str) -> None:
    done = adapted(persian, text, supporter_to_seeker=level)
    assert done.adapted == wanted
    assert done.findings == ()


# ---------------------------------------------------------------- two passes as one


@st.composite
def edits_of(draw: st.DrawFn, text: str, rule: str) -> list[Edit]:
    """Edits of a text that neither overlap nor touch."""
    found: list[Edit] = []
    at = 0
    while at < len(text):
        start = draw(st.integers(at, len(text)))
        end = draw(st.integers(start, min(len(text), start + 3)))
        before, after = text[start:end], draw(st.text(alphabet="xyz", max_size=3))
        if before != after:
            found.append(Edit(start=start, end=end, rule=rule, before=before, after=after,
                              operation=operation_of(before, after)))
        at = end + 1
    return found


@st.composite
def two_passes(draw: st.DrawFn) -> tuple[str, list[Edit], list[Edit]]:
    text = draw(st.text(alphabet="abcdef ", max_size=12))
    first = draw(edits_of(text, "first"))
    return text, first, draw(edits_of(apply_edits(text, first), "second"))


@given(two_passes(), st.sampled_from(["first", "second"]))
def test_two_passes_as_one_give_the_same_text(
    case: tuple[str, list[Edit], list[Edit]], cites: str
) -> None:
    text, first, second = case
    made = compose(text, first, second, cites=cites)  # type: ignore[arg-type]
    assert apply_edits(text, made) == apply_edits(apply_edits(text, first), second)
    assert all(edit.before != edit.after for edit in made)
    assert all(one.end <= two.start for one, two in pairwise(made))


def edit(start: int, before: str, after: str, rule: str) -> Edit:
    return Edit(start=start, end=start + len(before), rule=rule, before=before, after=after,
                operation=operation_of(before, after))


def test_a_merged_edit_cites_the_pass_that_is_asked_for() -> None:
    first, second = [edit(2, "cc", "xx", "hook")], [edit(1, "bxxd", "B", "rule")]
    (one,) = compose("abccde", first, second)
    assert (one.start, one.before, one.after, one.rule) == (1, "bccd", "B", "rule")
    (two,) = compose("abccde", first, second, cites="first")
    assert two.rule == "hook"


def test_what_ends_as_it_began_is_no_edit() -> None:
    assert compose("abc", [edit(1, "b", "x", "one")], [edit(1, "x", "b", "two")]) == []
