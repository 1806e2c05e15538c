"""Flags beside empathy: invalidation, over-validation, claims of feeling, in each language."""

import time
from pathlib import Path

import polars as pl
import pytest

from mhx.contracts import MeasureSettings
from mhx.errors import MhxError
from mhx.files import load_model, write_yaml
from mhx.language import load_language
from mhx.schema import AnalysisPlan, EmpathyCues
from mhx.scoring import MECHANISMS, measure_manifest, open_measure
from mhx.shelves import discover, shipped_root

ROOT = Path(__file__).resolve().parents[2]
SHELVES = discover(cwd=shipped_root())
EPITOME = SHELVES.module(SHELVES.get("eval", "epitome"), "measure.py")
FLAGS = ("invalidation", "over_validation", "claims_of_feeling")
LANGUAGES = ("en", "pl", "fa", "es")
ORIGIN = {"kind": "model", "name": "test", "reviewed_by": None}


def folder(lang):
    return SHELVES.get("languages", lang).folder


def opened(lang, at=None):
    return open_measure("epitome", MeasureSettings(lang, at or folder(lang)), SHELVES)[1]


def flags_of(text, lang):
    measure = opened(lang)
    return {name for name in FLAGS if measure.flagged(text, name)}


def toy(tmp_path, **flags):
    cues = {"origin": ORIGIN} | {name: {"weak": ["weakly"]} for name in MECHANISMS} | flags
    write_yaml(tmp_path / "empathy_cues.yaml", cues)
    return tmp_path


def flag(pattern="bad", positive=("bad",), negative=("good",), veto=()):
    cue = {"pattern": pattern, "positive": list(positive), "negative": list(negative)}
    return {"cues": [cue], "veto": list(veto)}


# ---------------------------------------------------------------- golden examples

@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_cue_does_what_its_examples_say(lang):
    assert EPITOME.check(folder(lang)) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_has_cues_of_the_three_flags_none_twice(lang):
    cues = load_model(folder(lang) / "empathy_cues.yaml", EmpathyCues)
    for name in FLAGS:
        patterns = [cue.pattern for cue in getattr(cues, name).cues]
        assert len(patterns) >= 8 and len(set(patterns)) == len(patterns), name


def test_an_example_that_does_not_hold_is_found(tmp_path):
    good = EPITOME.check(toy(tmp_path, invalidation=flag()))
    missed = EPITOME.check(toy(tmp_path, invalidation=flag(positive=["fine"])))
    caught = EPITOME.check(toy(tmp_path, invalidation=flag(negative=["too bad"])))
    vetoed = EPITOME.check(toy(tmp_path, invalidation=flag(veto=["bad"])))
    assert good == []
    assert [(one.field, one.what) for one in missed] == [
        ("invalidation", "'bad' does not match 'fine'")]
    assert [one.what for one in caught] == ["'too bad' is flagged, wanted the contrary"]
    assert [one.what for one in vetoed] == ["'bad' does not match 'bad'"]


def test_a_pattern_that_is_none_is_found_with_its_place(tmp_path):
    found = EPITOME.check(toy(tmp_path, invalidation=flag("(unclosed")))
    assert [(one.field, one.path) for one in found] == [
        ("invalidation", tmp_path / "empathy_cues.yaml")]
    assert "bad regex '(unclosed'" in found[0].what


def test_a_cue_without_an_example_is_an_error(tmp_path):
    with pytest.raises(MhxError, match="negative"):
        EPITOME.check(toy(tmp_path, invalidation=flag(negative=[])))


# ---------------------------------------------------------------- rows

def test_flags_are_zero_or_one_apart_from_the_levels(tmp_path):
    at = toy(tmp_path, invalidation=flag(veto=["never"]))
    frame = pl.DataFrame({
        "unit": ["a", "b", "c", "d"],
        "response": ["Bad, bad. Bad!", "Never bad. Weakly.", "Never mind. Bad.", " "],
    })
    rows = opened("en", at).score(frame)
    flags = rows.filter(pl.col("measure") == "invalidation")
    assert flags["score"].to_list() == [1.0, 0.0, 1.0, None]
    assert flags["status"].to_list() == ["scored", "scored", "scored", "missing"]
    assert flags["scorer"].str.ends_with("|agreement:not measured").all()
    assert set(rows["measure"]) == {*MECHANISMS, "invalidation"}  # no cues, no rows: not a zero
    levels = rows.filter(pl.col("measure") == "explorations")
    assert levels["score"].to_list() == [0.0, 1.0, 0.0, None]


def test_flags_are_in_no_plan_and_no_scale_of_the_scores():
    manifest = measure_manifest("epitome", SHELVES)
    plan = load_model(ROOT / "eval/empathy/analysis.yaml", AnalysisPlan)
    assert manifest.flags == list(FLAGS) and plan.scores == manifest.scores == list(MECHANISMS)
    assert plan.composite is None


def test_english_says_which_flags_were_compared_with_no_label():
    stored = opened("en").agreement()
    assert stored["not_measured"] == list(FLAGS)
    assert not set(FLAGS) & {row["mechanism"] for row in stored["rows"]}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_flags_are_linear(lang):
    measure = opened(lang)
    start = time.perf_counter()
    for text in ("you are so ", "jest mi tak ", "من هم خیلی ", "me siento tan ", "a"):
        for name in FLAGS:
            measure.flagged((text * 20_000)[:20_000], name)  # no sentence end in it
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_shipped_supporters_are_hardly_ever_flagged(lang):
    """They are people, who may speak of themselves; else a flag is a false alarm of the screen."""
    language, source = (load_language(tag, shelves=SHELVES) for tag in (lang, "en"))
    spoken = {item.id: item for item in source.source_corpus}
    dialogues = source.source_corpus if lang == "en" else language.corpus
    measure, seen, found = opened(lang), 0, []
    for item in dialogues:
        for turn, labelled in zip(item.turns, spoken[item.id].turns, strict=True):
            if turn.role == "supporter" and "self_disclosure" not in labelled.techniques:
                said = " ".join(str(getattr(part, "adapted", part)) for part in turn.segments)
                seen += 1
                found += [(said, name) for name in FLAGS if measure.flagged(said, name)]
    assert seen > 90
    assert len(found) <= 0.01 * seen, found


# ---------------------------------------------------------------- forms

@pytest.mark.parametrize(
    ("lang", "name", "forms"),
    [
        ("pl", "claims_of_feeling", ["Czułem to samo.", "Czułam to samo."]),
        ("pl", "claims_of_feeling", ["Jestem wzruszony.", "Jestem wzruszona."]),
        ("pl", "claims_of_feeling", ["Sam to przeżyłem.", "Sama to przeżyłam."]),
        ("pl", "claims_of_feeling",
         ["Wiem, jak się czujesz.", "Wiem, jak się Pan czuje.", "Wiem, jak się Pani czuje."]),
        ("pl", "invalidation",
         ["Weź się w garść.", "Niech Pan weźmie się w garść.", "Proszę wziąć się w garść."]),
        ("pl", "invalidation",
         ["Jesteś zbyt wrażliwy.", "Jesteś zbyt wrażliwa.", "Jest Pani zbyt wrażliwa."]),
        ("pl", "invalidation", ["Nie powinieneś się tak czuć.", "Nie powinna się Pani tak czuć."]),
        ("pl", "over_validation", ["Masz absolutną rację.", "Ma Pan absolutną rację."]),
        ("pl", "over_validation", ["Zrobiłbym to samo.", "Zrobiłabym to samo."]),
        ("fa", "claims_of_feeling", ["خیلی نگرانتم.", "خیلی نگرانتونم.", "نگران شما هستم."]),
        ("fa", "claims_of_feeling", ["دلم برات می‌سوزه.", "دلم برایتان می‌سوزد."]),
        ("fa", "invalidation", ["خودت رو جمع کن.", "خودتون رو جمع کنید.", "خودتان را جمع کنید."]),
        ("fa", "invalidation", ["مرد که گریه نمی‌کنه.", "مرد گریه نمی‌کند."]),
        ("fa", "over_validation", ["کاملاً حق با توئه.", "کاملا حق با شماست."]),
        ("es", "claims_of_feeling", ["Sé cómo te sientes.", "Sé cómo se siente usted."]),
        ("es", "claims_of_feeling", ["Estoy orgulloso de ti.", "Estoy orgullosa de usted."]),
        ("es", "invalidation", ["Anímate.", "Anímese."]),
        ("es", "invalidation", ["No deberías sentirte así.", "No debería sentirse así."]),
        ("es", "over_validation", ["Tienes toda la razón.", "Tiene toda la razón."]),
        ("en", "claims_of_feeling", ["I'm so sad for you.", "I’m so sad for you."]),
    ],
)
def test_gender_address_and_register_make_no_difference(lang, name, forms):
    assert [flags_of(text, lang) for text in forms] == [{name}] * len(forms)


@pytest.mark.parametrize(
    "text",
    ["خسته نباشید.", "قربونت برم.", "فدات شم.", "دستتون درد نکنه.", "خدا قوت.", "قابلی نداره.",
     "قدمتون روی چشم.", "خدا بد نده.", "بلا به دور.", "دردت به جونم.", "الهی بمیرم برات.",
     "سلامت باشید."],
)
def test_persian_courtesy_is_neither_empathy_nor_a_flag(text):
    measure = opened("fa")
    assert [measure.level(text, name) for name in MECHANISMS] == [0, 0, 0]
    assert flags_of(text, "fa") == set()


def test_spelling_of_persian_makes_no_difference():
    measure = opened("fa")
    forms = ["حرفتون رو می‌فهمم.", "حرفتون رو می فهمم.", "حرفتون رو میفهمم.", "حرفتون رو مي‌فهمم."]
    assert [measure.level(text, "interpretations") for text in forms] == [1, 1, 1, 1]
    forms = ["گریه نکن.", "گریه نكن.", "گريه نكن."]
    assert [flags_of(text, "fa") for text in forms] == [{"invalidation"}] * 3


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "I don't have feelings as you do, but I can listen."),
        ("en", "You wrote that you feel so sad."),
        ("en", "Your father said that others have it worse, and that hurt."),
        ("pl", "Jako program nie czuję smutku, ale mogę wysłuchać."),
        ("pl", "Mama mówiła Panu, że trzeba wziąć się w garść."),
        ("fa", "من یک برنامه هستم و احساسی ندارم."),
        ("fa", "بهتون گفتن که خودتون رو جمع کنید؟"),
        ("es", "Como programa no siento tristeza, pero puedo escuchar."),
        ("es", "Le dijeron que no era para tanto, que no es el fin del mundo."),
    ],
)
def test_honesty_and_reported_words_are_not_flagged(lang, text):
    assert flags_of(text, lang) == set()


def test_a_cue_file_may_go_without_flags(tmp_path):
    at = toy(tmp_path)
    assert opened("en", at).flags == () and EPITOME.check(at) == []
