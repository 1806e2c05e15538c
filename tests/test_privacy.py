"""Personal data is found in any digits, replaced in place, and what only looks like it stays."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhx.corpus.identifiers import is_card, is_dni, is_iban, is_iranian_code, is_pesel
from mhx.corpus.names import NameFinder, name_finder
from mhx.corpus.privacy import PLACEHOLDER, hidden, latin_digits, people_of, phones, pseudonymize
from mhx.language import load_language
from mhx.schema import Privacy
from mhx.shelves import Shelves

PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@pytest.fixture(scope="module")
def english(shelves: Shelves) -> NameFinder:
    finder = name_finder(load_language("en", shelves=shelves))
    assert finder is not None
    return finder


def screened(text: str, finder: NameFinder) -> str:
    return pseudonymize(text, people_of(finder, [text]))[0]


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (is_dni, ("12345678Z", "X1234567L", "12345678-z"), ("12345678A", "1234567Z", "ABCDEFGHZ")),
        (is_iban, ("PL61 1090 1014 0000 0712 1981 2874", "GB82WEST12345698765432"),
         ("PL61109010140000071219812875", "PL61", "PL6110901014000007121981287١")),
        (is_card, ("4111 1111 1111 1111", "6011-1111-1111-1117"), ("4111111111111112", "42")),
    ],
)
def test_other_checksums(
    check: Callable[[str], bool], good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    assert all(map(check, good))
    assert not any(map(check, bad))


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("44051401359", True),
        ("02070803628", True),
        ("44051401358", False),
        ("4405140135", False),
        ("00000000000", True),
    ],
)
def test_the_pesel_checksum(number: str, valid: bool) -> None:
    assert is_pesel(number) is valid


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("0013542419", True),
        ("0499370899", True),
        ("0013542418", False),
        ("1111111111", False),
        ("001354241", False),
    ],
)
def test_the_iranian_national_code_checksum(number: str, valid: bool) -> None:
    assert is_iranian_code(number) is valid


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("write to me.too+x@example.co.uk please", "write to [email] please"),
        ("see https://example.org/a?b=1 now", "see [link] now"),
        ("see www.example.org/page now", "see [link] now"),
        ("PESEL 44051401359.", "PESEL [pesel]."),
        ("my code is 0013542419", "my code is [national_code]"),
        ("call 555-123-4567", "call [phone]"),
        ("call (022) 123 45 67 today", "call [phone] today"),
        ("call +48 600 123 456.", "call [phone]."),
        ("call 0048600123456", "call [phone]"),
        ("600 123 456", "[phone]"),
        ("My name is Anna Kowalska.", "My name is [name]."),
        ("My name is Anna. They say Anna is sad.", "My name is [name]. They say [name] is sad."),
        ("call 555-123-4567x12 or 555 - 123 - 4567", "call [phone] or [phone]"),
        ("5551234567,5559876543", "[phone],[phone]"),
        ("card 4111 1111 1111 1111", "card [account]"),
        ("Call me Tuesday", "Call me Tuesday"),
        ("2019 2020", "2019 2020"),
        ("10, 9, 8, 7, 6, 5, 4, 3, 2, 1", "10, 9, 8, 7, 6, 5, 4, 3, 2, 1"),
        ("my name is José and I", "my name is [name] and I"),
        ("Call me Łucja, please", "Call me [name], please"),
        ("my name’s Anna", "my name’s [name]"),
    ],
)
def test_personal_data_becomes_a_placeholder(text: str, wanted: str, english: NameFinder) -> None:
    assert screened(text, english) == wanted


@pytest.mark.parametrize(
    "number", ["09123456789", "0912 345 6789", "021-88776655", "+98 912 345 6789"]
)
def test_phones_in_persian_and_arabic_digits_are_found(number: str) -> None:
    persian = number.translate(PERSIAN)
    assert pseudonymize(f"شماره‌ام {persian} است")[0] == "شماره‌ام [phone] است"


def test_a_national_code_in_persian_digits_is_found() -> None:
    assert pseudonymize("کد " + "0013542419".translate(PERSIAN))[0] == "کد [national_code]"


@pytest.mark.parametrize(
    "text",
    [
        "In 2019 and 2020, I was 34.",
        "from 2015-2019 I lived there",
        "from 2015–2019, then 2020/2021",
        "on 12.05.2020 and 2020-05-12 and 12/05/2020",
        "I owe $1,200,000 or 45,000.50",
        "it cost 1.250.000 euros",
        "it cost 10 000 000 rials",
        "it cost 1 000 000 zł",
        "I am awake 24/7, at 3:30, for 8-10 hours.",
        "I'm 23, she's 71; 100% sure, 1,5 mg twice",
        "5 6 times",
        "page 116",
        "I walked 10000 steps",
        "۲۴/۷ و ۱۴۰۳",
        "the war (1895-1899) was over",
    ],
)
def test_numbers_that_are_no_phones_stay(text: str) -> None:
    assert pseudonymize(text) == (text, {})


@pytest.mark.parametrize(
    "text", ["call me maybe", "He is called brave.", "an e.g. example", "I left.Then"]
)
def test_words_that_are_no_personal_data_stay(text: str, english: NameFinder) -> None:
    assert screened(text, english) == text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Look at https://example.org/a.", "Look at [link]."),
        ("(see https://example.org/a), then", "(see [link]), then"),
        ("Is it www.example.org? Yes.", "Is it [link]? Yes."),
    ],
)
def test_a_links_closing_mark_belongs_to_the_sentence(text: str, wanted: str) -> None:
    assert pseudonymize(text)[0] == wanted


def test_several_kinds_are_replaced_in_one_text_and_counted(english: NameFinder) -> None:
    text = "My name is Anna Nowak, a@b.pl, +48 600 123 456 or 600-123-457, PESEL 44051401359."
    shown, counts = pseudonymize(text, people_of(english, [text]))
    assert shown == "My name is [name], [email], [phone] or [phone], PESEL [pesel]."
    assert counts == {"name": 1, "email": 1, "phone": 2, "pesel": 1}


@given(st.text(alphabet="ab .,-/()+0123456789۰۵٣", max_size=40))
def test_digits_are_swapped_one_for_one(text: str) -> None:
    assert len(latin_digits(text)) == len(text)
    shown, _ = pseudonymize(text)
    assert pseudonymize(shown)[0] == shown


def test_digits_one_by_one_are_a_phone_only_where_countdowns_count() -> None:
    for text in ("9-8-7-6-5-4-3-2-1", "1 2 3 4 5 6 7 8", "2 3 1 0 2 1 3 1 2"):
        assert not list(phones(text))
        assert list(phones(text, countdowns=True)) == [(0, len(text))]
    for text in ("8-0-0-7-0-2-2-2-2", "6 0 1 2 3 4 5 6 7"):
        assert list(phones(text)) == [(0, len(text))]


def test_a_person_has_one_placeholder_through_a_dialogue_and_another_person_another(
    shelves: Shelves,
) -> None:
    finder = name_finder(load_language("pl", shelves=shelves))
    turns = (
        "Nazywam się Dobrawa, mój mąż Marek pije.",
        "Rozumiem, Pani Dobrawo. Od kiedy Marka nie ma w domu?",
        "Z Markiem nie rozmawiam. Dobrawa to ja.",
    )
    people = people_of(finder, turns)
    assert [pseudonymize(text, people)[0] for text in turns] == [
        "Nazywam się [name], mój mąż [name_b] pije.",
        "Rozumiem, Pani [name]. Od kiedy [name_b] nie ma w domu?",
        "Z [name_b] nie rozmawiam. [name] to ja.",
    ]


def test_a_name_given_in_one_turn_is_hidden_in_the_turns_before_it(english: NameFinder) -> None:
    turns = ("Tell Zeke I left.", "Who is that?", "My roommate Zeke found me.")
    assert hidden(turns, [english]) == [
        "Tell [name] I left.", "Who is that?", "My roommate [name] found me."]


def test_without_a_finder_numbers_are_hidden_and_names_are_not() -> None:
    assert hidden(["My name is Anna, +48 600 123 456."], []) == ["My name is Anna, [phone]."]


def test_the_placeholders_are_those_that_gates_and_engines_keep(english: NameFinder) -> None:
    crowd = " ".join(f"My name is X{chr(97 + place)}le." for place in range(26))
    people = people_of(english, [crowd])
    shown, counts = pseudonymize(f"{crowd} My name is Zyle, a@b.pl", people)
    found = re.findall(r"\[[^]]+\]", shown)
    assert counts["name"] == 27
    assert all(PLACEHOLDER.fullmatch(item) for item in found)
    assert found[:2] == ["[name]", "[name_b]"]
    assert found[-2:] == ["[name_z]", "[email]"]


@pytest.mark.parametrize(
    ("field", "pattern", "said"),
    [
        ("frames", "my name is (", "no regular expression"),
        ("frames", "my name is", "write one"),
        ("frames", "{name} and {known}", "write one"),
        ("addresses", "[", "no regular expression"),
    ],
)
def test_a_wrong_phrase_is_refused_with_what_to_write(field: str, pattern: str, said: str) -> None:
    origin = {"kind": "model", "name": "a test", "reviewed_by": None}
    with pytest.raises(ValueError, match=said):
        Privacy.model_validate({"origin": origin, "names": ["Anna"], field: [pattern]})
