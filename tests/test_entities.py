"""Entities become local ones: in the right case, the same ones in a dialogue, nothing sensitive."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from mhx.adaptation.entities.localizer import Localizer
from mhx.adaptation.entities.names import transliterated
from mhx.adaptation.entities.units import converted
from mhx.adaptation.passes import AdaptedParts, Part, Passes, localizer_of
from mhx.cards import load_territory
from mhx.errors import MhxError
from mhx.files import load_model
from mhx.language import load_language
from mhx.schema import Participant, Plan, Territory
from mhx.schema.dialogue import apply_edits
from mhx.shelves import discover

ROOT = Path(__file__).resolve().parents[1]
SHELVES = discover(cwd=ROOT)
ADDRESS = {"pl": "pan", "fa": "shoma", "es": "usted"}
Z = "\u200c"


@cache
def localizer(tag: str, territory: str = "") -> Localizer:
    language, source = (load_language(name, shelves=SHELVES) for name in (tag, "en"))
    place = load_territory(territory or language.territory, shelves=SHELVES)
    return localizer_of(language, source, place, SHELVES)


@cache
def passes(tag: str, territory: str = "") -> Passes:
    made = localizer(tag, territory)
    return Passes(made.language, made.source, made)


def plan(tag: str, name: str = "d1") -> Plan:
    level = ADDRESS[tag]
    return Plan(
        dialogue=name,
        seeker=Participant(gender="female", known="stated"),
        supporter=Participant(gender="female", known="assigned"),
        seeker_to_supporter=level,
        supporter_to_seeker=level,
    )


def talk(tag: str, *pairs: tuple[str, str], risk: bool = False, name: str = "d1") -> AdaptedParts:
    parts = [Part(source, target, "seeker", risk) for source, target in pairs]
    return passes(tag).adapt(plan(tag, name), parts)


def text(tag: str, source: str, target: str, *, risk: bool = False) -> str:
    return talk(tag, (source, target), risk=risk).parts[0].adapted


# ---------------------------------------------------------------- what changes, in its form


@pytest.mark.parametrize(
    ("tag", "source", "before", "after"),
    [
        ("pl", "I ran two miles.", "Przebiegłam dwie mile.", "Przebiegłam trzy kilometry."),
        ("pl", "Forty miles of snow.", "Czterdzieści mil śniegu.",
         "Sześćdziesiąt kilometrów śniegu."),
        ("pl", "I ran two miles.", "Przebiegłam dwie mile.", "Przebiegłam trzy kilometry."),
        ("pl", "It is sixty-eight degrees.", "Jest sześćdziesiąt osiem stopni.",
         "Jest dwadzieścia stopni."),
        ("pl", "I am in tenth grade.", "Chodzę do dziesiątej klasy.",
         "Chodzę do drugiej klasy liceum."),
        ("pl", "He got a B plus.", "Wyszedł z oceną B plus.", "Wyszedł z czwórką z plusem."),
        ("pl", "I sat at Costco.", "Siedziałam przed Costco.", "Siedziałam przed hurtownią."),
        ("pl", "I ate in the cafeteria.", "Jadłam w kafeterii.", "Jadłam w stołówce."),
        ("fa", "He ran two miles.", "دو مایل دوید.", "سه کیلومتر دوید."),
        ("fa", "It is 40 miles away.", "۴۰ مایل راهه.", "۶۰ کیلومتر راهه."),
        ("fa", "She left in October.", "اکتبر رفت.", "مهر رفت."),
        ("fa", "She left in May.", "ماه مه رفت.", "اردیبهشت رفت."),
        ("fa", "He calls on Sundays.", f"یکشنبه{Z}ها زنگ می{Z}زنه.", f"جمعه{Z}ها زنگ می{Z}زنه."),
        ("fa", "I was a sophomore.", "سال دوم دبیرستان بودم.", "کلاس دهم بودم."),
        ("fa", "I got a C plus.", "C مثبت گرفتم.", "چهارده گرفتم."),
        ("fa", "It is in the garage.", "تو گاراژه.", "تو پارکینگه."),
        ("es", "It is forty miles.", "Son cuarenta millas.", "Son sesenta kilómetros."),
        ("es", "He is in tenth grade.", "Está en décimo grado.", "Está en cuarto de la ESO."),
        ("es", "I send it by Venmo.", "Lo mando por Venmo.", "Lo mando por Bizum."),
    ],
)
def test_a_measure_a_school_year_a_month_or_a_shop_becomes_local(
    tag: str, source: str, before: str, after: str
) -> None:
    assert text(tag, source, before) == after


def test_nothing_is_taken_for_an_entity_that_the_source_does_not_name() -> None:
    assert text("pl", "My target is sleep.", "Mój Target to sen.") == "Mój Target to sen."
    assert text("fa", "It was foggy.", "ماه مه بود.") == "ماه مه بود."
    assert text("pl", "A million dollars.", "Dwie mile.") == "Dwie mile."


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Thousands of miles.", "Tysiące mil."),
        ("It is 3 square miles.", "To 3 mile kwadratowe."),
        ("It is 200 pounds (90 kg).", "To 200 funtów (90 kg)."),
        # a body's own: two weights would become one, a height two; a debt is no weight
        ("I weigh 210 pounds, last year 230 pounds.", "Ważę 210 funtów, rok temu 230 funtów."),
        ("I am 5 feet 6 inches tall.", "Mam 5 stóp 6 cali wzrostu."),
        ("I owe him 500 pounds.", "Jestem mu winna 500 funtów."),
        ("After 40 miles I stopped.", "Po 40 milach stanęłam."),
        ("John Howard spoke.", "John Howard mówił."),
    ],
)
def test_what_is_no_plain_measure_or_no_bare_name_stays(source: str, target: str) -> None:
    assert text("pl", source, target) == target


# ---------------------------------------------------------------- places


def test_a_place_is_the_same_throughout_and_in_its_case() -> None:
    done = talk(
        "pl",
        ("I moved to Denver.", "Przeprowadziłam się do Denver."),
        ("I like Denver in the snow.", "Lubię być w Denver w śniegu."),
        ("She called from Boston.", "Dzwoniła z Bostonu."),
    )
    local = {edit.rule for part in done.parts for edit in part.edits}
    assert len(local) == 2
    assert all(rule.startswith("pl.site.") for rule in local)
    words = localizer("pl").words
    local_part = localizer("pl").local
    assert words is not None
    assert local_part is not None
    site = {site.id: site for site in local_part.sites}[done.parts[0].edits[0].rule]
    name = site.names["pl"][0]
    assert done.parts[0].adapted.endswith(f"do {words.form(name, 'sg', 'gen', site.forms)}.")
    assert words.form(name, "sg", "loc", site.forms) in done.parts[1].adapted


def test_two_dialogues_may_have_two_places() -> None:
    pair = ("I live in Denver.", f"تو دنور زندگی می{Z}کنم.")
    made = {talk("fa", pair, name=f"d{n}").parts[0].adapted for n in range(20)}
    assert len(made) > 3


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("I left Poland for Boston.", "Wyjechałam z Polski do Bostonu."),
        ("America is far, Boston too.", "Stany Zjednoczone są daleko, Boston też."),
        ("I study at Ohio State.", "Studiuję na Ohio State."),
    ],
)
def test_a_talk_about_countries_and_another_name_keep_their_places(
    source: str, target: str
) -> None:
    assert text("pl", source, target) == target


def test_a_subject_that_would_be_agreed_with_otherwise_stays() -> None:
    source, target = "Medicaid was slow.", "Medicaid było powolne, a Costco było dalej."
    assert text("pl", source + " Costco was further.", target) == target


def test_an_adjective_before_a_place_keeps_it() -> None:
    source, target = "We live in the east of Texas.", "Jesteśmy ze wschodniego Teksasu."
    assert text("pl", source, target) == target


def test_places_are_all_put_in_or_none() -> None:
    done = talk(
        "pl",
        ("I took the bus to Boston.", "Pojechałam autobusem do Bostonu."),
        ("Denver was closed.", "Zamknięto lotnisko."),  # the translation does not name it
    )
    assert done.parts[0].adapted == "Pojechałam autobusem do Bostonu."


def test_a_place_without_a_counterpart_keeps_the_others() -> None:
    source, target = "I left Miami in Florida.", "Wyjechałam z Miami na Florydzie."
    assert text("pl", source, target) == target


def test_every_polish_place_that_is_put_in_declines() -> None:
    made = localizer("pl")
    assert made.words is not None
    assert made.local is not None
    for site in made.local.sites:
        if site.swap:
            name = site.names["pl"][0]
            forms = [made.words.form(name, "sg", case, site.forms) for case in ("gen", "inst")]
            assert name not in forms, site.id


# ---------------------------------------------------------------- names


def test_a_name_outside_the_cards_list_gets_a_local_one_of_its_gender_in_its_case() -> None:
    done = talk(
        "pl",
        ("Marjorie is asleep.", "Marjorie śpi."),
        ("I live with Glenn and Marjorie.", "Mieszkam z Glennem i z Marjorie."),
    )
    names = {entity.src: entity.tgt for entity in done.plan.entities}
    assert set(names) == {"Marjorie", "Glenn"}
    pools = {item.name: item for item in localizer("pl").local.given_names}  # type: ignore[union-attr]
    assert (pools[names["Marjorie"]].gender, pools[names["Marjorie"]].generation) == (
        "female", "old")
    assert pools[names["Glenn"]].gender == "male"
    assert done.parts[0].adapted == f"{names['Marjorie']} śpi."
    assert names["Glenn"] not in done.parts[1].adapted.replace(f"{names['Glenn']}em", "")
    assert all(edit.evidence for part in done.parts for edit in part.edits)


def test_a_name_is_found_in_another_script_by_its_consonants() -> None:
    here = ["گلادیس بیداره.", "با گلادیس حرف زدم."]
    assert transliterated("Gladys", here, ["مادرم خوابه."]) == "گلادیس"
    assert transliterated("Gladys", here, ["گلادیس نیست."]) is None  # it stands elsewhere too
    done = talk("fa", ("Gladys is up.", here[0]), ("I talked to Gladys.", here[1]))
    (entity,) = done.plan.entities
    assert entity.src == "گلادیس"
    assert done.parts[1].adapted == f"با {entity.tgt} حرف زدم."


def test_a_name_people_here_have_stays() -> None:
    assert text("pl", "Sebastian sleeps.", "Sebastian śpi.") == "Sebastian śpi."


# ---------------------------------------------------------------- what is never touched

SENSITIVE = [
    ("pl", "I took 20 pills in 2 miles.", "Wzięłam 20 tabletek."),
    ("pl", "She takes 50 mg of sertraline.", "Bierze 50 mg sertraliny."),
    ("pl", "I took Tylenol at Costco.", "Wzięłam Tylenol."),
    ("pl", "My fever was 103 degrees.", "Gorączka sto trzy stopnie."),
    ("pl", "A fever of 95 degrees", "Miałam gorączkę 95 stopni."),
    ("pl", "It happened on March 12.", "To się stało 12 marca."),
    ("pl", "I am 34 years old.", "Mam 34 lata."),
    ("fa", "He died on October 15.", "پونزدهم اکتبر مرد."),
    ("fa", "He died on October 15.", "۱۵ اکتبر مرد."),
    ("fa", "It was March 2019.", "مارس ۲۰۱۹ بود."),
    ("fa", "On Sunday he hit me.", "یکشنبه کتکم زد."),
    ("fa", "Twenty pills.", "بیست تا قرص."),
    ("fa", "The fever was 100 degrees.", "تب صد درجه بود."),
    ("fa", "50 milligrams", "پنجاه میلی\u200cگرم"),
    ("es", "I took twenty pills.", "Tomé veinte pastillas."),
    ("es", "My fever was 100 degrees.", "Tenía fiebre de 100 grados."),
    ("es", "He died on March 3.", "Murió el 3 de marzo."),
]


@pytest.mark.parametrize(("tag", "source", "target"), SENSITIVE)
def test_a_dose_a_drug_a_date_of_an_event_or_an_age_stays(
    tag: str, source: str, target: str
) -> None:
    assert text(tag, source, target) == target


def test_the_sensitive_list_is_what_holds_them_back() -> None:
    made = localizer("fa")
    assert made.local is not None
    bare = made.local.model_copy(update={"sensitive": []})
    open_ = replace(made, territory=made.territory.model_copy(update={"localization": bare}))
    part = Part("He died on October 15.", "پونزدهم اکتبر مرد.", "seeker", False)
    done = Passes(made.language, made.source, open_).adapt(plan("fa"), [part])
    assert done.parts[0].adapted != part.target


def test_a_risk_turn_has_its_places_renamed_and_nothing_else() -> None:
    source, target = "I want to die, two miles from Denver.", "Chcę umrzeć, dwie mile od Denver."
    done = talk("pl", (source, target), risk=True)
    assert "dwie mile" in done.parts[0].adapted
    assert "Denver" not in done.parts[0].adapted


def test_what_cannot_be_put_in_safely_is_left_and_said() -> None:
    done = talk("pl", ("I checked Venmo.", "Sprawdziłam Venmo, a Venmo milczy."))
    (note, *_) = [item for item in done.parts[0].findings if item.code == "entity.left"]
    assert note.severity == "warn"
    assert "Venmo" in note.message


def test_a_week_that_would_no_longer_fit_is_left() -> None:
    target = f"یکشنبه{Z}ها میاد و جمعه می{Z}ره."
    assert text("fa", "He comes on Sundays and leaves Friday.", target) == target


def test_another_territory_than_the_languages_own_has_no_words_to_put_in() -> None:
    part = Part("Two miles.", "Dwie mile.", "seeker", False)
    done = passes("pl", "ES").adapt(plan("pl"), [part])
    assert done.parts[0].adapted == "Dwie mile."


# ---------------------------------------------------------------- edits and data


def test_faithful_text_and_edits_are_the_adapted_text_with_all_that_an_edit_carries() -> None:
    source, target = "Marjorie ran two miles to Denver.", "Marjorie przebiegła dwie mile do Denver."
    done = talk("pl", (source, target))
    part = done.parts[0]
    assert apply_edits(part.faithful, list(part.edits)) == part.adapted
    assert len(part.edits) == 3
    for edit in part.edits:
        assert edit.operation == "replace"
        assert edit.rule
        assert edit.evidence
        assert (edit.depth, edit.nature) == ("surface", "substituting")


@pytest.mark.parametrize(
    ("measure", "value", "metric"),
    [("mile", 2, 3), ("mile", 70, 110), ("pound", 150, 70), ("pound", 20, 9), ("foot", 6, 180),
     ("foot", 20, 6), ("fahrenheit", 68, 20), ("fahrenheit", 32, 0), ("mile", 0, None)],
)
def test_measures_are_rounded_as_people_say_them(
    measure: str, value: float, metric: float | None
) -> None:
    assert converted(measure, value) == metric  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("certainty: sourced\n  sources: [S-P72]", "certainty: sourced", "without a source"),
        ("sources: [S-P72]", "sources: [S-X]", "not listed"),
        ("id: pl.site.poznan", "id: pl.site.gdansk", "used twice"),
    ],
)
def test_a_claim_without_a_source_or_an_id_twice_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    card = (ROOT / "culture_cards/PL/territory.yaml").read_text(encoding="utf-8")
    path = tmp_path / "territory.yaml"
    path.write_text(card.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(MhxError, match=said):
        load_model(path, Territory)


def test_an_adapted_dialogue_whose_edits_do_not_give_its_text_is_refused() -> None:
    from pydantic import ValidationError

    from mhx.schema import AdaptedSegment

    done = talk("pl", ("Two miles.", "Dwie mile.")).parts[0]
    AdaptedSegment(faithful=done.faithful, adapted=done.adapted, edits=list(done.edits))
    with pytest.raises(ValidationError, match="faithful text plus edits"):
        AdaptedSegment(faithful=done.faithful, adapted="Cztery mile.", edits=list(done.edits))


def test_a_day_or_month_of_a_treatment_stays() -> None:
    lithium = "لیتیوم رو از فوریه قطع کردم."
    assert text("fa", "I stopped lithium in February.", lithium) == lithium
    weekly = "شنبه‌ها متوترکسات می‌خورم."
    assert text("fa", "I take methotrexate on Saturdays.", weekly) == weekly
    closed = "دیالیز دارم، ولی یکشنبه بود و بخش ما یکشنبه‌ها تعطیله."
    source = "I have dialysis, but it was a Sunday and our unit is closed on Sundays."
    assert text("fa", source, closed) == closed


def test_a_name_that_is_a_word_of_the_target_is_left() -> None:
    assert text("pl", "Sam knows. I myself do not.", "Sam o tym wie. Sama nie wiem.") == (
        "Sam o tym wie. Sama nie wiem.")
