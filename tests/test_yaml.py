"""The strict YAML reader and the schema messages: what is wrong, on which line, what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from mhx.errors import MhxError
from mhx.files import load_model, read_yaml
from mhx.schema import FORMATS, LanguageManifest, Territory

Write = Callable[..., Path]

MANIFEST = """\
tag: xx
name: Exish
autonym: Exish
script: Latn
direction: ltr
tier: draft
territory: US
grammar:
  address_levels: [you]
  default_address: {seeker_to_supporter: you, supporter_to_seeker: you}
  gender: none
"""

TERRITORY = """\
code: US
name: Somewhere
version: 0.1.0
currency: USD
emergency: us.one
sources:
- {id: S1, cite: a page}
services:
- id: us.one
  name: One
  number: NUMBER
  problems: [emergency]
  audience: all
  certainty: sourced
  sources: [S1]
  verified_on: 2026-11-01
  checked_how: page
  expires_on: 2027-02-01
"""


def failure(path: Path, model: type = LanguageManifest) -> list[str]:
    with pytest.raises(MhxError) as caught:
        load_model(path, model)
    return [str(problem) for problem in caught.value.problems]


def test_no_and_off_and_yes_stay_text(write: Write) -> None:
    value, _ = read_yaml(write("a.yaml", "tag: no\nlist: [yes, off, on, y]\nno: 1\n"))
    assert value == {"tag": "no", "list": ["yes", "off", "on", "y"], "no": 1}


def test_plain_values_have_their_types(write: Write) -> None:
    text = "a: 3\nb: 0.5\nc: true\nd: null\ne:\nf: 2026-11-21\ng: '3'\nh: |\n  two\n  lines\n"
    value, _ = read_yaml(write("a.yaml", text))
    assert value == {
        "a": 3,
        "b": 0.5,
        "c": True,
        "d": None,
        "e": None,
        "f": date(2026, 11, 21),
        "g": "3",
        "h": "two\nlines\n",
    }


def test_every_value_has_its_line(write: Write) -> None:
    _, lines = read_yaml(write("a.yaml", "# note\na: 1\nb:\n- x: 1\n- x: 2\n  y:\n    z: 3\n"))
    assert lines[("a",)] == 2
    assert lines[("b", 1)] == 5
    assert lines[("b", 1, "y", "z")] == 7


def test_every_duplicate_key_is_reported_with_both_lines(write: Write) -> None:
    path = write("a.yaml", "a: 1\nb: {c: 1, c: 2}\na: 2\n")
    with pytest.raises(MhxError) as caught:
        read_yaml(path)
    messages = [str(problem) for problem in caught.value.problems]
    assert messages == [
        f"{path}:2: b.c: duplicate key (first on line 2) — keep one",
        f"{path}:3: a: duplicate key (first on line 1) — keep one",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [1, 2\nb: 3\n", 2),
        ("a: 1\n  b: 2\n", 2),
        ("a: 'open\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ("a: \x07bell\n", None),
        ("a: 1\nb: \x00\n", None),
    ],
    ids=["bracket", "indentation", "quote", "two documents", "control character", "nul"],
)
def test_broken_yaml_is_a_message_not_a_crash(write: Write, text: str, line: int | None) -> None:
    path = write("a.yaml", text)
    with pytest.raises(MhxError) as caught:
        read_yaml(path)
    (problem,) = caught.value.problems
    assert problem.path == path
    assert problem.what.startswith("not YAML")
    if line is not None:
        assert problem.line == line


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/name:os.system x\n",
        "a: !custom text\n",
        "a: !custom {b: 1}\n",
        "a: !!set {b, c}\n",
    ],
)
def test_a_tag_is_an_error(write: Write, text: str) -> None:
    with pytest.raises(MhxError, match="tag"):
        read_yaml(write("a.yaml", text))


def test_an_alias_that_holds_itself_is_an_error(write: Write) -> None:
    with pytest.raises(MhxError):
        read_yaml(write("a.yaml", "a: &x\n- *x\n"))


def test_a_yaml_bomb_does_not_explode(write: Write) -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    for level in range(1, 12):
        inner = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} [{inner}]")
    with pytest.raises(MhxError):
        read_yaml(write("a.yaml", "\n".join(lines) + "\n"))


def test_a_key_that_is_no_scalar_is_an_error(write: Write) -> None:
    with pytest.raises(MhxError):
        read_yaml(write("a.yaml", "? [1, 2]\n: 3\n"))


def test_an_unknown_key_offers_the_nearest_and_its_line(write: Write) -> None:
    path = write("language.yaml", MANIFEST.replace("direction: ltr", "directon: ltr"))
    messages = failure(path)
    assert f"{path}:5: directon: unknown key — did you mean 'direction'?" in messages
    assert f"{path}:1: direction: missing — add it" in messages
    assert len(messages) == 2


def test_an_unknown_key_deep_in_the_file_offers_the_nearest_of_its_own_place(write: Write) -> None:
    path = write("language.yaml", MANIFEST.replace("  gender: none", "  gendr: none"))
    assert f"{path}:11: grammar.gendr: unknown key — did you mean 'gender'?" in failure(path)


def test_all_problems_of_a_file_are_reported_together(write: Write) -> None:
    text = (
        MANIFEST.replace("ltr", "down").replace("tier: draft", "tier: platinum") + "colour: red\n"
    )
    assert len(failure(write("language.yaml", text))) == 3


@pytest.mark.parametrize("number", ["911", "116111", "0800123123", "+48221234567"])
def test_a_phone_number_without_quotes_is_an_error_that_says_quote(
    write: Write, number: str
) -> None:
    path = write("territory.yaml", TERRITORY.replace("NUMBER", number))
    (message,) = failure(path, Territory)
    assert message.startswith(f"{path}:11: services[0].number: ")
    assert "quotes" in message


@pytest.mark.parametrize("number", ["'911'", '"116 111"', "1-800-799-7233"])
def test_a_phone_number_that_is_text_is_read(write: Write, number: str) -> None:
    path = write("territory.yaml", TERRITORY.replace("NUMBER", number))
    assert load_model(path, Territory).services[0].number == number.strip("'\"")


@pytest.mark.parametrize(
    ("value", "wanted"), [("true", '"true"'), ("2026-12-01", '"2026-12-01"'), ("1.10", "quotes")]
)
def test_another_type_where_text_is_wanted_says_quote(
    write: Write, value: str, wanted: str
) -> None:
    path = write("language.yaml", MANIFEST.replace("name: Exish", f"name: {value}", 1))
    messages = [message for message in failure(path) if ": name: " in message]
    assert len(messages) == 1
    assert "quotes" in messages[0]
    assert wanted in messages[0]


def test_a_missing_source_names_the_fact_and_what_to_do(write: Write) -> None:
    card = """\
id: xx
version: 0.1.0
heterogeneity_note: nobody in particular
facts:
- id: xx.one
  claim: A claim.
  dimension: [language]
  use: [adapt]
  certainty: sourced
"""
    path = write("culture_card.yaml", card)
    (message,) = failure(path, FORMATS["culture_card.yaml"])
    assert message.startswith(
        f"{path}:5: facts[0]: fact xx.one: certainty 'sourced' without a source"
    )
    assert "add sources" in message


def test_a_source_that_is_not_listed_is_named(write: Write) -> None:
    path = write("territory.yaml", TERRITORY.replace("NUMBER", "'1'").replace("[S1]", "[S9]"))
    (message,) = failure(path, Territory)
    assert "source 'S9' is not listed" in message


def test_an_empty_file_is_a_message(write: Write) -> None:
    messages = failure(write("language.yaml", ""))
    assert len(messages) == 1


def test_a_file_in_another_encoding_names_the_line_and_the_remedy(write: Write) -> None:
    path = write(
        "language.yaml", MANIFEST.replace("autonym: Exish", "autonym: język").encode("cp1250")
    )
    (message,) = failure(path)
    assert message.startswith(f"{path}:3: not UTF-8")
    assert "iconv" in message


def test_utf16_is_named(write: Write) -> None:
    (message,) = failure(write("language.yaml", MANIFEST.encode("utf-16")))
    assert "UTF-16" in message


def test_a_byte_order_mark_is_dropped(write: Write) -> None:
    assert (
        load_model(write("language.yaml", MANIFEST.encode("utf-8-sig")), LanguageManifest).tag
        == "xx"
    )


def test_a_missing_file_and_a_folder_are_messages(tmp_path: Path) -> None:
    with pytest.raises(MhxError, match="check the path"):
        read_yaml(tmp_path / "none.yaml")
    with pytest.raises(MhxError, match="folder"):
        read_yaml(tmp_path)
