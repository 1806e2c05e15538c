"""Polish hooks: each kind of fault, planted in right sentences, is found at its place and repaired.

The right sentences are untouched. Sentences were written for this test.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from mhx.adaptation.rules import plan_from_test
from mhx.contracts import Hooks
from mhx.language import load_language
from mhx.schema import Plan
from mhx.schema.base import Role
from mhx.schema.card import TestPlan
from mhx.schema.dialogue import apply_edits
from mhx.shelves import discover

ROOT = Path(__file__).resolve().parents[1]
LEVELS = {"seeker_to_supporter": "pan", "supporter_to_seeker": "pan"}


@pytest.fixture(scope="module")
def hooks() -> Hooks:
    return load_language("pl", shelves=discover(cwd=ROOT)).hooks


def plan(seeker: str, supporter: str = "female", **levels: str) -> Plan:
    given = {"seeker": seeker, "supporter": supporter, **levels}
    return plan_from_test(TestPlan.model_validate(given), LEVELS)


@dataclass(frozen=True)
class Case:
    """A right sentence with one word in braces, and the word that is wrong there."""

    kind: str
    code: str
    frame: str
    right: str
    wrong: str
    seeker: str
    role: Role = "seeker"
    level: str = "pan"

    @property
    def sentence(self) -> str:
        return self.frame.format(self.right)

    @property
    def planted(self) -> str:
        return self.frame.format(self.wrong)

    @property
    def span(self) -> tuple[int, int]:
        start = self.frame.index("{}")
        return start, start + len(self.wrong)

    @property
    def plan(self) -> Plan:
        return plan(self.seeker, supporter_to_seeker=self.level)


def pairs(kind: str, code: str, frames: str, *forms: tuple[str, str], **more: str) -> list[Case]:
    """One case a form and gender: the feminine in a woman's sentence, then the masculine."""
    found = []
    for frame in frames.split("|"):
        for female, male in forms:
            found.append(Case(kind, code, frame, female, male, "female", **more))  # type: ignore[arg-type]
            found.append(Case(kind, code, frame, male, female, "male", **more))  # type: ignore[arg-type]
    return found


SPEAKER, ADDRESSEE = "gender.speaker", "gender.addressee"
CASES = [
    *pairs("past, first person", SPEAKER, "Wczoraj {} do rana.|Mama mówi, że {} za długo.",
           ("czytałam", "czytałem"), ("płakałam", "płakałem"), ("siedziałam", "siedziałem")),
    *pairs("past with another stem", SPEAKER, "Potem {} do sklepu po chleb.",
           ("szłam", "szedłem"), ("weszłam", "wszedłem"), ("wyszłam", "wyszedłem")),
    *pairs("conditional", SPEAKER, "Chętnie {} na to inaczej.",
           ("spojrzałabym", "spojrzałbym"), ("odpowiedziałabym", "odpowiedziałbym")),
    *pairs("winien", SPEAKER, "Wiem, że {} zadzwonić.", ("powinnam", "powinienem")),
    *pairs("future with a participle", SPEAKER, "Będę o tym {} co wieczór.",
           ("pisała", "pisał"), ("myślała", "myślał")),
    *pairs("participle after żebym", SPEAKER, "Lekarz chce, żebym więcej {}.",
           ("spała", "spał"), ("chodziła", "chodził")),
    *pairs("adjective", SPEAKER, "Dziś jestem {} i nie wiem dlaczego.|Czuję się bardzo {}.",
           ("smutna", "smutny"), ("zła", "zły"), ("niespokojna", "niespokojny")),
    *pairs("passive participle", SPEAKER, "Jestem {} bez słowa.",
           ("zwolniona", "zwolniony"), ("oceniana", "oceniany")),
    *pairs("alone", SPEAKER, "Z tym wszystkim radzę sobie {}.", ("sama", "sam")),
    *pairs("alone with a pronoun", SPEAKER, "Zostawili mnie {} w pustym domu.",
           ("samą", "samego")),
    *pairs("alone with a pronoun, denied", SPEAKER, "Wolę, żeby nie zostawiali mnie {}.",
           ("samej", "samego")),
    *pairs("alone with siebie", SPEAKER, "Oszukuję {} siebie.", ("samą", "samego")),
    *pairs("alone with sobą", SPEAKER, "Kłócę się z {} sobą.", ("samą", "samym")),
    *pairs("alone in the dative", SPEAKER, "Trudno mi {} to ocenić.", ("samej", "samemu")),
    *pairs("taken for", SPEAKER, "Uważam się za {} i to wszystko.", ("leniwą", "leniwego")),
    *pairs("made", SPEAKER, "To mnie boli i czyni mnie {}.", ("słabszą", "słabszym")),
    *pairs("seen", SPEAKER, "Nigdy nie widzieli mnie {}.", ("smutnej", "smutnego")),
    *pairs("noun of role", "gender.noun", "Jestem {} trzeciej klasy.|Zawsze chcę być {}.",
           ("uczennicą", "uczniem"), ("koleżanką", "kolegą")),
    *pairs("noun of role after jako", "gender.noun", "Mówię to jako {}.",
           ("nauczycielka", "nauczyciel"), ("pacjentka", "pacjent")),
    *pairs("past, second person", ADDRESSEE, "Długo na to {}.|Co wtedy {}?",
           ("czekałaś", "czekałeś"), ("zrobiłaś", "zrobiłeś"), role="supporter", level="ty"),
    *pairs("conditional, second person", ADDRESSEE, "Kiedy {} o tym powiedzieć mamie?",
           ("chciałabyś", "chciałbyś"), role="supporter", level="ty"),
    *pairs("adjective, second person", ADDRESSEE, "Jesteś dziś {}.",
           ("spokojna", "spokojny"), ("zmęczona", "zmęczony"), role="supporter", level="ty"),
    *(
        Case(kind, ADDRESSEE, frame.replace("Pani", pan), right, wrong, seeker, "supporter")
        for kind, frame, female, male in (
            ("past with Pani", "Kiedy Pani {} do domu?", "wróciła", "wrócił"),
            ("past of coming with Pani", "Kiedy Pani {} do szpitala?", "przyszła", "przyszedł"),
            ("past of staying with Pani", "Czy {} Pani w domu?", "została", "został"),
            ("past before Pani", "Czy {} się Pani wtedy bezpiecznie?", "czuła", "czuł"),
            ("conditional with Pani", "Czy {} Pani o tym porozmawiać?", "chciałaby", "chciałby"),
            ("winien with Pani", "Kiedy {} Pani odpocząć?", "powinna", "powinien"),
            ("future with Pani", "Czy będzie Pani {} w tej sprawie?", "dzwoniła", "dzwonił"),
            ("predicate of Pani", "Czy jest Pani dziś {}?", "spokojniejsza", "spokojniejszy"),
        )
        for pan, right, wrong, seeker in (
            ("Pani", female, male, "female"), ("Pan", male, female, "male"),
        )
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.planted}")
def test_a_planted_fault_of_gender_is_found_at_its_place_and_repaired(
    hooks: Hooks, case: Case
) -> None:
    assert hooks.analyze(case.sentence, case.role, case.plan) == []
    assert hooks.realize(case.sentence, case.role, case.plan) == []
    found = hooks.analyze(case.planted, case.role, case.plan)
    assert [(item.code, (item.start, item.end)) for item in found] == [(case.code, case.span)]
    edits = hooks.realize(case.planted, case.role, case.plan)
    assert [(edit.start, edit.end) for edit in edits] == [case.span]
    assert apply_edits(case.planted, edits) == case.sentence


ADDRESS = [
    # ty, in a dialogue of Pan and Pani; Pani's sentence; Pan's sentence
    ("Jak dziś śpisz?", "Jak dziś Pani śpi?", "Jak dziś Pan śpi?"),
    ("Nie śpisz od marca.", "Nie śpi Pani od marca.", "Nie śpi Pan od marca."),
    ("Martwisz się o syna.", "Martwi się Pani o syna.", "Martwi się Pan o syna."),
    ("Rozumiem, czego się boisz.", "Rozumiem, czego się Pani boi.", "Rozumiem, czego się Pan boi."),
    ("Co wtedy zrobiłaś?", "Co wtedy Pani zrobiła?", "Co wtedy Pan zrobił?"),
    ("Mogłabyś odpocząć.", "Mogłaby Pani odpocząć.", "Mógłby Pan odpocząć."),
    ("Chcę, żebyś odpoczęła.", "Chcę, żeby Pani odpoczęła.", "Chcę, żeby Pan odpoczął."),
    ("Będziesz jutro w domu?", "Będzie Pani jutro w domu?", "Będzie Pan jutro w domu?"),
    ("Kto ci pomaga?", "Kto Pani pomaga?", "Kto Panu pomaga?"),
    ("Co cię tak boli?", "Co Panią tak boli?", "Co Pana tak boli?"),
    ("Kto z tobą mieszka?", "Kto z Panią mieszka?", "Kto z Panem mieszka?"),
    ("To dla ciebie ważne.", "To dla Pani ważne.", "To dla Pana ważne."),
    ("Martwię się o ciebie.", "Martwię się o Panią.", "Martwię się o Pana."),
    ("Twój syn o tym wie?", "Pani syn o tym wie?", "Pana syn o tym wie?"),
    ("Opowiedz mi o tym.", "Proszę opowiedzieć mi o tym.", "Proszę opowiedzieć mi o tym."),
]


@pytest.mark.parametrize(("ty", "pani", "pan"), ADDRESS, ids=[case[0] for case in ADDRESS])
@pytest.mark.parametrize("seeker", ["female", "male"])
def test_planted_ty_becomes_pan_or_pani(
    hooks: Hooks, ty: str, pani: str, pan: str, seeker: str
) -> None:
    right, formal = (pani if seeker == "female" else pan), plan(seeker)
    assert hooks.analyze(right, "supporter", formal) == []
    assert hooks.realize(right, "supporter", formal) == []
    found = hooks.analyze(ty, "supporter", formal)
    assert "address.level" in {item.code for item in found}
    assert all(ty[item.start : item.end] in item.message for item in found)
    assert apply_edits(ty, hooks.realize(ty, "supporter", formal)) == right


def test_a_first_name_called_out_gets_pani_or_panie_and_loses_it(hooks: Hooks) -> None:
    for name, formal, seeker in (
        ("Kasiu", "Pani Kasiu, jak Pani śpi?", "female"),
        ("Adamie", "Panie Adamie, jak Pan śpi?", "male"),
    ):
        familiar = f"{name}, jak śpisz?"
        there = hooks.realize(familiar, "supporter", plan(seeker))
        assert apply_edits(familiar, there) == formal
        back = hooks.realize(formal, "supporter", plan(seeker, supporter_to_seeker="ty"))
        assert apply_edits(formal, back) == familiar
    # somebody else's name is not the addressee's
    assert apply_edits("Kasiu, jak śpisz?", hooks.realize("Kasiu, jak śpisz?", "supporter",
                                                          plan("male"))) == "Kasiu, jak Pan śpi?"


PAN = [
    ("Jak dziś Pani śpi?", "Jak dziś śpisz?"),
    ("Martwi się Pani o syna.", "Martwisz się o syna."),
    ("Co Pani wtedy zrobiła?", "Co wtedy zrobiłaś?"),
    ("Chciałaby Pani odpocząć.", "Chciałabyś odpocząć."),
    ("Rozumiem Panią.", "Rozumiem cię."),
    ("Czekam na Panią.", "Czekam na ciebie."),
    ("Kto z Panią mieszka?", "Kto z tobą mieszka?"),
    ("Pani siostra o tym wie?", "Twoja siostra o tym wie?"),
    ("Pani Kasiu, jak Pani śpi?", "Kasiu, jak śpisz?"),
]


@pytest.mark.parametrize(("pani", "ty"), PAN, ids=[case[0] for case in PAN])
def test_planted_pani_becomes_ty(hooks: Hooks, pani: str, ty: str) -> None:
    minor = plan("female", supporter_to_seeker="ty")
    assert hooks.analyze(ty, "supporter", minor) == []
    assert hooks.realize(ty, "supporter", minor) == []
    found = hooks.analyze(pani, "supporter", minor)
    assert {item.code for item in found} == {"address.level"}
    assert {pani[item.start : item.end] for item in found} <= {"Pani", "Panią"}
    assert apply_edits(pani, hooks.realize(pani, "supporter", minor)) == ty


ADDRESSEE_GENDER = [
    ("Kiedy Pani wróciła do domu?", "Kiedy Pan wrócił do domu?"),
    ("Jak się Pani czuje?", "Jak się Pan czuje?"),
    ("Dziękuję Pani za zaufanie.", "Dziękuję Panu za zaufanie."),
    ("Rozumiem Panią.", "Rozumiem Pana."),
    ("Kto z Panią mieszka?", "Kto z Panem mieszka?"),
    ("Jest w Pani siła, której nikt nie widzi.", "Jest w Panu siła, której nikt nie widzi."),
    ("Co Pani powiedziała Antoniemu?", "Co Pan powiedział Antoniemu?"),
    ("Jest Pani zmęczona i smutna.", "Jest Pan zmęczony i smutny."),
]


@pytest.mark.parametrize(("pani", "pan"), ADDRESSEE_GENDER)
def test_pan_to_a_woman_and_pani_to_a_man_are_repaired_with_their_verbs(
    hooks: Hooks, pani: str, pan: str
) -> None:
    for right, wrong, seeker in ((pani, pan, "female"), (pan, pani, "male")):
        formal = plan(seeker)
        assert hooks.analyze(right, "supporter", formal) == []
        found = {item.code for item in hooks.analyze(wrong, "supporter", formal)}
        assert "address.addressee_gender" in found
        assert apply_edits(wrong, hooks.realize(wrong, "supporter", formal)) == right


def test_the_adjectives_of_a_noun_go_with_it(hooks: Hooks) -> None:
    text = "Jestem młodym nauczycielem akademickim."
    edits = hooks.realize(text, "seeker", plan("female"))
    assert apply_edits(text, edits) == "Jestem młodą nauczycielką akademicką."
    assert apply_edits(text, hooks.realize(text, "seeker", plan("male"))) == text


@pytest.mark.parametrize(
    "text",
    [
        "Jestem ojcem dwóch synów.",  # kin is a fact
        "Jestem studentem, który nie śpi.",  # the relative clause would not agree
        "Jestem przyjacielem i bratem.",
    ],
)
def test_a_noun_that_cannot_be_rewritten_is_seen(hooks: Hooks, text: str) -> None:
    found = hooks.analyze(text, "seeker", plan("female"))
    assert [item.code for item in found] == ["gender.noun"]
    assert hooks.realize(text, "seeker", plan("female")) == []


@pytest.mark.parametrize(
    "text",
    [
        "Jestem psychologiem.",
        "Byłam z kolegą w kinie.",
        "Mój brat jest studentem.",
        "Poznałam go, kiedy pracował jako kelner.",
        "Widziałam ją samą w kawiarni.",
        "Uważam się za dobrego człowieka.",
        "Brat mówi o sobie samym, że jest leniwy.",
        "Jeśli przyjeżdżasz jako student, jest inaczej.",  # anybody
        "Podpis był Pani, a nie mój.",
        "Świat Pani się wtedy zawalił.",
    ],
)
def test_what_is_somebody_elses_or_right_is_left_alone(hooks: Hooks, text: str) -> None:
    found = hooks.analyze(text, "seeker", plan("female"))
    assert [item for item in found if item.code.startswith("gender.")] == []
    assert hooks.realize(text, "seeker", plan("female")) == []


def test_a_name_of_two_words_is_no_fault_of_the_dictionary(hooks: Hooks) -> None:
    two = TestPlan(seeker="female", names={"Ms. Reed": "pani Sowa", "Reed": "Sowa Mała"})
    hooks.realize("Byłam u Reed.", "seeker", plan_from_test(two, LEVELS))


DOUBTFUL = [
    ("Pani mówi, a potem wychodzi.", "ty"),  # who goes out?
    ("Zabrał Pani telefon?", "pan"),  # he took it
    ("Mąż Pani nie rozumiał.", "pan"),
    ("Ukrył Pan mieszkanie, a sąsiad i tak Pana znalazł.", "pan"),  # the second may be a genitive
    ("Co Pani powiedział lekarz?", "pan"),
    ("Chodź, usiądź i powiedz mi wszystko.", "pan"),  # chodź has no request of Pani
]


@pytest.mark.parametrize(("text", "level"), DOUBTFUL)
def test_where_one_form_is_doubtful_nothing_is_changed(
    hooks: Hooks, text: str, level: str
) -> None:
    assert hooks.realize(text, "supporter", plan("female", supporter_to_seeker=level)) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Mieszkam przy ul. Długiej, ok. 5 min. stąd, tzn. blisko. Chodzę pieszo.", 2),
        ("Byłam u prof. Nowak o godz. 8. Nie było jej.", 2),
        ("Boję się m.in. windy, np. w pracy. I tłumu.", 2),
        ("Boję się m. in. Anny. Tyle.", 2),
        ("Windy, tłum, hałas itd. To mnie męczy.", 2),
        ("Czekałam 10 min. Potem wyszłam.", 2),
        ("To było ok. Śpię lepiej.", 2),
        ("A. Kowalski był tam w 2019 r. razem z nami.", 1),
    ],
)
def test_an_abbreviation_ends_no_sentence_that_goes_on(
    hooks: Hooks, text: str, count: int
) -> None:
    parts = hooks.split_sentences(text)
    assert len(parts) == count
    assert " ".join(parts) == text
