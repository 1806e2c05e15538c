"""Translation memories in the industry's format: read whole, refused where text is lost."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhx.corpus.tmx import Unit, read_tmx, tmx_text, write_tmx
from mhx.errors import MhxError

Write = Callable[..., Path]
XML_TEXT = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp", "Cn", "Co")),
    min_size=1,
    max_size=20,
)


def tmx(*units: dict[str, str], head: str = "") -> str:
    rows = "".join(
        "<tu>"
        + "".join(f'<tuv xml:lang="{tag}"><seg>{text}</seg></tuv>' for tag, text in unit.items())
        + "</tu>\n"
        for unit in units
    )
    return (
        f'<?xml version="1.0"?>\n{head}<tmx version="1.4"><header/>\n<body>\n{rows}</body></tmx>\n'
    )


def pairs(path: Path, source: str = "en", target: str = "fa") -> list[tuple[str, str]]:
    return [(unit.source, unit.target) for unit in read_tmx(path, source, target)]


@given(st.lists(st.tuples(XML_TEXT, XML_TEXT), min_size=1, max_size=5))
def test_units_come_back_as_written(tmp_path_factory: pytest.TempPathFactory, rows: list) -> None:
    path = tmp_path_factory.mktemp("tmx") / "a.tmx"
    units = [Unit(one, two, str(number)) for number, (one, two) in enumerate(rows)]
    write_tmx(path, units, source="en", target="fa", creator="test")
    assert pairs(path) == rows


def test_markup_quotes_and_joiners_come_back(tmp_path: Path) -> None:
    row = ('a < b & "c" <tag>', "می‌خواهم «بخوابم» {{service:suicide_adult}}")
    write_tmx(tmp_path / "a.tmx", [Unit(*row, "u1")], source="en", target="fa", creator="test")
    (unit,) = read_tmx(tmp_path / "a.tmx", "en", "fa")
    assert (unit.source, unit.target, unit.origin) == (*row, "a.tmx#u1")


def test_a_region_matches_its_language_and_an_exact_tag_comes_first(write: Write) -> None:
    path = write("a.tmx", tmx({"en-US": "hello", "fa-IR": "سلام"}))
    assert pairs(path) == [("hello", "سلام")]
    both = write(
        "b.tmx", tmx({"en-US": "elevator", "en-GB": "lift", "pt-PT": "ecrã", "pt-BR": "tela"})
    )
    assert pairs(both, "en-GB", "pt-BR") == [("lift", "tela")]


def test_a_unit_that_lacks_a_language_is_left_out(write: Write) -> None:
    path = write("a.tmx", tmx({"en": "one"}, {"en": "two", "fa": "دو"}, {"fa": "سه"}))
    assert pairs(path) == [("two", "دو")]


def test_codes_of_another_program_are_not_text(write: Write) -> None:
    seg = 'Hello <bpt i="1">&lt;b&gt;</bpt>dear<ept i="1">&lt;/b&gt;</ept> '
    seg += "<hi>friend</hi><ph>{0}</ph>!"
    assert pairs(write("a.tmx", tmx({"en": seg, "fa": "سلام"}))) == [("Hello dear friend!", "سلام")]


def test_utf16_is_read(write: Write) -> None:
    text = tmx({"en": "hello", "fa": "سلام"}).replace(
        'version="1.0"', 'version="1.0" encoding="UTF-16"', 1
    )
    assert pairs(write("a.tmx", text.encode("utf-16"))) == [("hello", "سلام")]


DOCTYPE = '<!DOCTYPE tmx [\n<!ENTITY x "lost">\n]>\n'


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(tmx({"en": "a &x; b", "fa": "x"}, head=DOCTYPE), id="utf-8"),
        pytest.param(
            tmx({"en": "a &x; b", "fa": "x"}, head=f"<!--{' ' * 70000}-->" + DOCTYPE),
            id="after a long comment",
        ),
        pytest.param(
            tmx({"en": "a &x; b", "fa": "x"}, head=DOCTYPE)
            .replace('version="1.0"', 'version="1.0" encoding="UTF-16"', 1)
            .encode("utf-16"),
            id="utf-16",
        ),
    ],
)
def test_a_declared_entity_is_refused(write: Write, content: str | bytes) -> None:
    with pytest.raises(MhxError, match="declares an XML entity"):
        pairs(write("a.tmx", content))


def test_the_line_of_a_declared_entity_is_given(write: Write) -> None:
    with pytest.raises(MhxError) as caught:
        pairs(write("a.tmx", tmx({"en": "a &x; b", "fa": "x"}, head=DOCTYPE)))
    assert caught.value.problems[0].line == 3


def test_a_missing_pair_lists_the_languages_there_are(write: Write) -> None:
    path = write("a.tmx", tmx({"en": "one", "de": "eins"}))
    with pytest.raises(MhxError, match="no unit with both 'en' and 'fa' \\(languages: de, en\\)"):
        pairs(path)


@pytest.mark.parametrize("content", ["<tmx><body>", "no xml at all", ""])
def test_broken_xml_is_a_message_with_its_path(write: Write, content: str) -> None:
    path = write("a.tmx", content)
    with pytest.raises(MhxError) as caught:
        pairs(path)
    assert caught.value.problems[0].path == path


def test_a_missing_file_is_a_message(tmp_path: Path) -> None:
    with pytest.raises(MhxError, match="check the path"):
        pairs(tmp_path / "none.tmx")


def test_a_zip_archive_is_refused_with_the_command(real_data: Callable[[str], Path]) -> None:
    with pytest.raises(MhxError, match="unzip it first"):
        pairs(real_data("tico19_en_fa/all.en-fa.tmx.zip"))


def test_a_real_memory_is_read_whole(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    with zipfile.ZipFile(real_data("tico19_en_fa/all.en-fa.tmx.zip")) as archive:
        (name,) = archive.namelist()
        path = Path(archive.extract(name, tmp_path))
    units = list(read_tmx(path, "en", "fa"))
    assert len(units) == 3071
    assert all(unit.source and unit.target for unit in units)


def test_translate_toolkit_reads_the_same_units(tmp_path: Path) -> None:
    from translate.storage.tmx import tmxfile

    rows = [("I'm \"low\" & tired <b>.", "می‌خواهم «بخوابم» & <b>."), ("Why?", "چرا؟")]
    units = [Unit(one, two, f"u{number}") for number, (one, two) in enumerate(rows)]
    write_tmx(tmp_path / "a.tmx", units, source="en", target="fa", creator="test")
    store = tmxfile.parsefile(str(tmp_path / "a.tmx"))
    assert [(unit.source, unit.target) for unit in store.units] == rows
    (tmp_path / "b.tmx").write_bytes(bytes(store))
    assert pairs(tmp_path / "b.tmx") == rows


def test_who_changed_a_unit_and_when_comes_back(tmp_path: Path) -> None:
    unit = Unit("a", "b", "u1", "pan", "female", "r1", date(2026, 11, 21))
    write_tmx(tmp_path / "a.tmx", [unit], source="en", target="fa", creator="test")
    (found,) = read_tmx(tmp_path / "a.tmx", "en", "fa")
    assert (found.author, found.changed, found.register, found.gender) == (
        "r1", date(2026, 11, 21), "pan", "female")


@pytest.mark.parametrize("written", ["20261121", "2026", "soon", ""])
def test_a_date_of_another_program_is_a_day_or_none(written: str, write: Write) -> None:
    text = tmx({"en": "a", "fa": "b"}).replace("<tu>", f'<tu changedate="{written}">')
    (unit,) = read_tmx(write("a.tmx", text), "en", "fa")
    assert unit.changed == (date(2026, 11, 21) if written == "20261121" else None)


def test_units_written_one_by_one_are_the_file_written_whole(tmp_path: Path) -> None:
    units = [Unit("a\nb", "c", "u1"), Unit("d", "e", "u2", "pan")]
    options = {"source": "en", "target": "fa", "creator": "test"}
    write_tmx(tmp_path / "a.tmx", iter(units), **options)
    assert (tmp_path / "a.tmx").read_text(encoding="utf-8") == tmx_text(units, **options)


def test_a_character_that_xml_cannot_hold_does_not_stop_the_memory(tmp_path: Path) -> None:
    write_tmx(tmp_path / "a.tmx", [Unit("a\x0bb", "c\x00d", "u\x01")], source="en", target="fa",
              creator="test")
    assert pairs(tmp_path / "a.tmx") == [("ab", "cd")]
