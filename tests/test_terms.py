"""Clinical term bases: what is refused, what is found in text, what another program reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mhx.corpus.tbx import Entry, Name, entries, read_tbx, tbx_text, write_tbx
from mhx.corpus.term_check import term_problems
from mhx.corpus.terms import TermFinder
from mhx.errors import MhxError
from mhx.language import Language, load_language
from mhx.schema import Term, TermBase
from mhx.shelves import discover

ROOT = Path(__file__).resolve().parents[1]
SHELVES = discover(cwd=ROOT)
TARGETS = ("pl", "fa", "es")
Write = Callable[..., Path]


@cache
def language(tag: str) -> Language:
    return load_language(tag, shelves=SHELVES)


@cache
def finder(tag: str) -> TermFinder:
    base = language(tag).terms
    assert base is not None
    return TermFinder(base, language(tag).hooks)


def base_of(tag: str) -> TermBase:
    base = language(tag).terms
    assert base is not None
    return base


# ---------------------------------------------------------------- the shipped bases


@pytest.mark.parametrize("tag", ["en", *TARGETS])
def test_a_shipped_base_is_sound_and_says_who_wrote_it(tag: str) -> None:
    assert term_problems(language(tag), language("en")) == []
    origin = base_of(tag).origin
    assert (origin.kind, origin.reviewed_by) == ("model", None)


@pytest.mark.parametrize("tag", TARGETS)
def test_a_shipped_base_names_at_least_150_concepts(tag: str) -> None:
    assert len(base_of(tag).terms) >= 150


def declines(word: str, tags: list[str], inflect: Callable[[str, str], str]) -> bool:
    """Whether the hook makes at least four forms of a word."""
    forms: set[str] = set()
    for tag in tags:
        forms.add(inflect(word, tag))
        if len(forms) > 3:
            return True
    return False


def test_every_polish_word_has_its_forms() -> None:
    """A word the dictionary does not decline needs its forms listed, or one form is all it has."""
    base, hooks = base_of("pl"), language("pl").hooks
    tags = [tag for listed in base.inflection.values() for tag in listed]
    words = {
        word
        for terms in base.terms.values()
        for term in terms
        if not term.forms
        for word in (term.lemma or term.text).lower().replace("-", " ").split()
    }
    short = {word for word in words if not declines(word, tags, hooks.inflect)}
    particles = "się siebie sobie sobą po z w na i dla nad o między do przez od przed za"
    parts = "maniakalno poznawczo dialektyczno psychicznie umysłowo"
    loans = "ocd ptsd chad adhd cbt sor poz l4 borderline baby mindfulness"
    assert short <= {*particles.split(), *parts.split(), *loans.split()}


# ---------------------------------------------------------------- terms in text

FOUND = {
    "en": [
        ("I had a panic attack on the bus.", [("panic_attack", "panic attack")]),
        ("Her brother committed suicide.", [("die_by_suicide", "committed suicide")]),
        ("He died by suicide last year.", [("die_by_suicide", "died by suicide")]),
        ("Two anxiety disorders at once.", [("anxiety_disorder", "anxiety disorders")]),
        ("I'm not a junkie.", [("person_with_addiction", "junkie")]),
        ("Cognitive-behavioral therapy may help.", [("cbt", "Cognitive-behavioral therapy")]),
        ("We could try grounding, then a breathing exercise.",
         [("grounding", "grounding"), ("breathing_exercise", "breathing exercise")]),
        ("Was that a self harm thought?", [("self_harm", "self harm")]),
        ("A woman’s name, no shelter. The women’s shelter is open.",
         [("womens_shelter", "women’s shelter")]),
        ("The panic, attack by attack, was gone.", []),
        ("He is grieving; the griefs of others do not help.", [("grief", "griefs")]),
        ("The therapist kept quiet.", [("psychotherapist", "therapist")]),
    ],
    "pl": [
        ("Brat popełnił samobójstwo.", [("die_by_suicide", "popełnił samobójstwo")]),
        ("Myślałam, żeby odebrać sobie życie.", [("die_by_suicide", "odebrać sobie życie")]),
        ("Odebrała sobie życie w maju.", [("die_by_suicide", "Odebrała sobie życie")]),
        ("Rozmawiam z psychoterapeutką.", [("psychotherapist", "psychoterapeutką")]),
        ("Leczę się na zaburzenia lękowe.", [("anxiety_disorder", "zaburzenia lękowe")]),
        ("Lekarz mówił o zaburzeniu lękowym.", [("anxiety_disorder", "zaburzeniu lękowym")]),
        ("Mama ma nerwicę.", [("anxiety_disorder", "nerwicę")]),
        ("Boję się ataków paniki.", [("panic_attack", "ataków paniki")]),
        ("Po próbie samobójczej wróciła do domu.", [("suicide_attempt", "próbie samobójczej")]),
        ("Przyszły do mnie natrętne myśli.", [("intrusive_thought", "natrętne myśli")]),
        ("Wzięli mnie za wariatkę.", [("person_with_disorder", "wariatkę")]),
        ("Zastanawiam się nad terapią poznawczo-behawioralną.",
         [("cbt", "terapią poznawczo-behawioralną")]),
        ("Osobom uzależnionym jest trudniej.",
         [("person_with_addiction", "Osobom uzależnionym")]),
        ("Popełniłam błąd, samobójstwo gola przegrało mecz.", [("suicide", "samobójstwo")]),
        ("Atak, paniki nie było.", []),
        ("Mam wahania nastroju i bezsenność.",
         [("mood_swings", "wahania nastroju"), ("insomnia", "bezsenność")]),
    ],
    "fa": [
        ("برادرش مرتکب خودکشی شد.", [("die_by_suicide", "مرتکب خودکشی شد")]),
        ("به زندگی خودش پایان داد.", [("die_by_suicide", "به زندگی خودش پایان داد")]),
        ("با روان‌شناسم حرف زدم.", [("psychologist", "روان‌شناسم")]),
        ("با روانشناس حرف زدم.", [("psychologist", "روانشناس")]),
        ("حمله پانیک داشتم.", [("panic_attack", "حمله پانیک")]),
        ("حملهٔ پانیک داشتم.", [("panic_attack", "حملهٔ پانیک")]),
        ("حمله‌های پانیک دارم.", [("panic_attack", "حمله‌های پانیک")]),
        ("اختلال‌های اضطرابی شایع‌اند.", [("anxiety_disorder", "اختلال‌های اضطرابی")]),
        ("افسردگی‌ام بدتر شده.", [("depression", "افسردگی‌ام")]),
        ("فکر می‌کنه دیوونه‌م.", [("person_with_disorder", "دیوونه‌م")]),
        ("این بیماری سخته.", [("illness", "بیماری")]),
        ("داخل خانه بودم.", []),
        ("بی‌خوابی دارم.", [("insomnia", "بی‌خوابی")]),
        ("خودکشی موفق تعبیر خوبی نیست.", [("die_by_suicide", "خودکشی موفق")]),
    ],
    "es": [
        ("Su hermano cometió suicidio.", [("die_by_suicide", "cometió suicidio")]),
        ("¿Ha pensado en quitarse la vida?", [("die_by_suicide", "quitarse la vida")]),
        ("Tengo ataques de pánico.", [("panic_attack", "ataques de pánico")]),
        ("Me va a mirar como a una loca.", [("person_with_disorder", "loca")]),
        ("Depresiones he tenido dos.", [("depression", "Depresiones")]),
        ("La terapia cognitivo-conductual ayuda.", [("cbt", "terapia cognitivo-conductual")]),
        ("Fue un suicidio frustrado.", [("suicide_attempt", "suicidio frustrado")]),
        ("Acabó en un manicomio.", [("psychiatric_hospital", "manicomio")]),
        ("Mi psicóloga y tu psiquiatra.",
         [("psychologist", "psicóloga"), ("psychiatrist", "psiquiatra")]),
        ("El ataque, de pánico.", []),
        ("Padece trastornos de ansiedad.", [("anxiety_disorder", "trastornos de ansiedad")]),
    ],
}


@pytest.mark.parametrize(
    ("tag", "text", "wanted"), [(tag, *case) for tag, cases in FOUND.items() for case in cases]
)
def test_terms_are_found_in_their_forms(
    tag: str, text: str, wanted: list[tuple[str, str]]
) -> None:
    found = finder(tag).matches(text)
    assert list(dict.fromkeys((m.concept, text[m.start : m.end]) for m in found)) == wanted


@pytest.mark.parametrize(
    ("tag", "text", "status", "why"),
    [
        ("en", "She committed suicide.", "forbidden", "stigmatizing"),
        ("en", "She died by suicide.", "preferred", None),
        ("pl", "Popełniła samobójstwo.", "forbidden", "stigmatizing"),
        ("pl", "Odebrała sobie życie.", "preferred", None),
        ("pl", "To nerwica natręctw.", "forbidden", "archaic"),
        ("pl", "Dbajmy o zdrowie mentalne.", "forbidden", "calque"),
        ("fa", "مرتکب خودکشی شده.", "forbidden", "stigmatizing"),
        ("fa", "خودکشی کرد.", "admitted", None),
        ("es", "Cometió suicidio.", "forbidden", "stigmatizing"),
        ("es", "Se quitó la vida.", "preferred", None),
    ],
)
def test_a_match_says_the_status_of_its_term(
    tag: str, text: str, status: str, why: str | None
) -> None:
    assert {(m.status, m.why) for m in finder(tag).matches(text)} == {(status, why)}


def test_a_longer_term_hides_the_shorter_one_inside_it() -> None:
    (match,) = finder("pl").matches("Zespół stresu pourazowego.")
    assert match.concept == "ptsd"


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": "x", "status": "forbidden"}, "belong together"),
        ({"text": "x", "why": "calque"}, "belong together"),
        ({"text": "x", "pos": "verb", "gender": "feminine"}, "only a noun"),
        ({"text": "x y", "lemma": "x"}, "another number of words"),
        ({"text": "x", "status": "deprecated"}, "preferred"),
    ],
)
def test_a_contradictory_term_is_refused(fields: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Term.model_validate(fields)


def with_terms(tag: str, folder: Path, text: str) -> Language:
    """The shipped language with another `terms.yaml`."""
    plugin = SHELVES.get("languages", tag)
    for path in plugin.folder.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    (folder / "terms.yaml").write_text(text, encoding="utf-8")
    moved = replace(plugin, folder=folder, manifest=folder / plugin.manifest.name)
    return Language(moved, SHELVES)


HEAD = "origin: {kind: model, name: test, reviewed_by: null}\n"


@pytest.mark.parametrize(
    ("tag", "terms", "said"),
    [
        ("pl", "  nobody_knows:\n  - {text: lęk, gender: masculine}", "no concept"),
        ("pl", "  anxiety:\n  - {text: lęk}", "gender missing"),
        ("fa", "  anxiety:\n  - {text: اضطراب, gender: feminine}", "gender feminine"),
        ("fa", "  anxiety:\n  - {text: اضطراب‌ي}", "not in normal form"),
        ("pl", "  anxiety:\n  - {text: lęk, gender: masculine, status: admitted}", "not one"),
        ("pl", "  anxiety:\n  - {text: lęk, gender: masculine}\n"
               "  - {text: lęk, gender: masculine, status: admitted}", "a term twice"),
        ("pl", "  anxiety:\n  - {text: lęk, gender: masculine, evidence: [pl.nothing]}",
         "no fact or source"),
        ("pl", "  anxiety:\n  - {text: lęk, gender: masculine}\n"
               "  fear:\n  - {text: strach, gender: masculine}\n"
               "  - {text: lęk, gender: masculine, status: forbidden, why: calque}",
         "preferred under 'anxiety'"),
        ("en", "  anxiety:\n  - {text: anxiety}", "no concept"),
    ],
)
def test_a_planted_fault_is_found_with_its_line(
    tmp_path: Path, tag: str, terms: str, said: str
) -> None:
    spoilt = with_terms(tag, tmp_path, f"{HEAD}terms:\n{terms}\n")
    owner = spoilt if tag == "en" else language("en")
    found = term_problems(spoilt, owner)
    assert [item for item in found if said in str(item)]
    assert all(item.path == tmp_path / "terms.yaml" and item.line for item in found)


def test_concepts_stand_in_one_language_and_each_has_a_term(tmp_path: Path) -> None:
    concepts = "concepts:\n- {id: anxiety, subject: emotion, definition: x}\n"
    twice = concepts + "- {id: anxiety, subject: emotion, definition: y}\n"
    own = with_terms("pl", tmp_path, f"{HEAD}{concepts}terms: {{}}\n")
    assert "concepts of its own" in str(term_problems(own, language("en"))[0])
    (tmp_path / "en").mkdir()
    owner = with_terms("en", tmp_path / "en", f"{HEAD}{twice}terms: {{}}\n")
    said = " ".join(map(str, term_problems(owner, owner)))
    assert "'anxiety' twice" in said
    assert "has no term" in said


# ---------------------------------------------------------------- TBX

WORDS = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp", "Cn", "Co")),
    min_size=1,
    max_size=12,
)
NAMES = st.builds(
    Name,
    WORDS,
    st.sampled_from(["noun", "verb"]),
    st.sampled_from(["", "feminine"]),
    st.sampled_from(["preferred", "admitted", "forbidden"]),
    st.sampled_from(["", "clinical"]),
    st.sampled_from(["", "calque"]),
    notes=st.lists(WORDS, max_size=2).map(tuple),
)
ENTRIES = st.builds(
    Entry,
    st.integers(0, 999).map(lambda number: f"c{number}"),
    WORDS,
    WORDS,
    st.lists(WORDS, max_size=1).map(tuple),
    st.dictionaries(st.sampled_from(["en", "pl", "fa-af"]), st.lists(NAMES, min_size=1).map(tuple)),
)


def text_of(found: list[Entry]) -> str:
    return tbx_text(found, source="en", title="t", about="a")


@given(st.lists(ENTRIES, max_size=3))
def test_entries_come_back_as_written(
    tmp_path_factory: pytest.TempPathFactory, found: list[Entry]
) -> None:
    path = tmp_path_factory.mktemp("tbx") / "a.tbx"
    write_tbx(path, iter(found), source="en", title="t", about="a")
    assert list(read_tbx(path)) == found
    assert path.read_text(encoding="utf-8") == text_of(found)


@pytest.mark.parametrize("tag", TARGETS)
def test_the_shipped_file_holds_the_base(tag: str) -> None:
    both = {"en": base_of("en"), tag: base_of(tag)}
    stored = list(read_tbx(language(tag).folder / "terms.tbx"))
    assert stored == list(entries(base_of("en"), both))


@pytest.mark.parametrize("tag", TARGETS)
def test_translate_toolkit_reads_the_same_terms(tag: str) -> None:
    from translate.storage.tbx import tbxfile

    path = language(tag).folder / "terms.tbx"
    store = tbxfile.parsefile(str(path))
    store.setsourcelanguage("en")
    store.settargetlanguage(tag)
    marks = {
        "preferred": "preferredTerm-admn-sts",
        "admitted": "admittedTerm-admn-sts",
        "forbidden": "deprecatedTerm-admn-sts",
    }
    read = {}
    for unit in store.units:
        read[unit.xmlelement.get("id")] = tuple(
            [(term.text, term.administrative_status) for term in terms]
            for terms in (unit.get_source_terms(), unit.get_target_terms())
        )
    wanted = {
        concept: tuple(
            [(term.text, "supersededTerm-admn-sts" if term.why == "archaic"
              else marks[term.status]) for term in base_of(name).terms[concept]]
            for name in ("en", tag)
        )
        for concept in base_of(tag).terms
    }
    assert read == wanted


def test_a_file_of_another_program_is_read(write: Write) -> None:
    path = write(
        "a.tbx",
        '<?xml version="1.0"?>\n<!DOCTYPE martif SYSTEM "TBXcoreStructV02.dtd">\n'
        '<martif type="TBX" xml:lang="en-US"><text><body><termEntry id="c1">'
        '<descripGrp><descrip type="definition">a\n  fear</descrip></descripGrp>'
        '<langSet xml:lang="en-US"><ntig><termGrp><term>phobia</term>'
        '<termNote type="administrativeStatus">supersededTerm</termNote></termGrp></ntig>'
        '</langSet><langSet xml:lang="pl"><tig><term>fobia</term></tig></langSet>'
        "</termEntry></body></text></martif>",
    )
    (entry,) = read_tbx(path)
    assert entry == Entry(
        "c1",
        definition="a fear",
        names={"en-us": (Name("phobia", status="forbidden"),), "pl": (Name("fobia"),)},
    )


def test_a_declared_entity_is_refused_with_its_line(write: Write) -> None:
    spoilt = text_of([Entry("c", names={"en": (Name("x"),)})]).replace(
        '"TBXBasiccoreStructV02.dtd">', '"TBXBasiccoreStructV02.dtd" [\n<!ENTITY e "lost">\n]>'
    )
    with pytest.raises(MhxError, match="declares an XML entity") as caught:
        list(read_tbx(write("a.tbx", spoilt)))
    assert caught.value.problems[0].line == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [("<martif><text>", "not XML"), (b"PK\x03\x04", "unzip it first"), ("", "not XML")],
)
def test_what_is_no_tbx_is_a_message_with_its_path(
    write: Write, content: str | bytes, said: str
) -> None:
    path = write("a.tbx", content)
    with pytest.raises(MhxError, match=said) as caught:
        list(read_tbx(path))
    assert caught.value.problems[0].path == path
