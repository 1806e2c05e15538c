"""XLIFF 2.0 as it is written, held to the schema of the standard where that is installed.

The OASIS core schema comes with Debian's php-symfony-translation; MHX_XLIFF_SCHEMAS names
another folder that holds xliff-core-2.0.xsd and xml.xsd.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from mhx.interchange.parts import File, Head, Note, Segment, Term, Unit
from mhx.interchange.write import write_xliff

PLACE = "/usr/share/php/Symfony/Component/Translation/Resources/schemas"
SCHEMAS = Path(os.environ.get("MHX_XLIFF_SCHEMAS", PLACE))
CODES = re.compile(r"\{\{service:\w+\}\}|\[name\]")
SLOT = "{{service:suicide_adult}}"
UNITS = [
    Unit("t0", (Segment("s0", f"Call {SLOT}, [name].", f"{SLOT}: [name]", "final"),
                Segment("s1", "a bell \x07 & <b>", None, "initial"),
                Segment("s2", "", "", "reviewed"),
                Segment("s3", " kept  blanks\n", "ولی\u200cها", "translated")),
         (Note("s0: length (review): 3 < 4", "mhx:reason"), Note("mine")),
         {"role": "seeker", "engine s0": 'hf:x/"y"'}, (Term("grief", "سوگ", "after a loss"),)),
    Unit("t1", (Segment("s0", "No code.", f"A new {SLOT}."),)),
]
HEAD = Head("f1", 'mhx:fa/run?dialogue=a%2F"b"&text=0', (Note("how", "mhx:how"),),
            {"risk": "none"})


class Local(etree.Resolver):
    """The schema's import of XML's own attributes, from the same folder."""

    def resolve(self, url: str, public: str, context: Any) -> Any:
        if url.endswith("xml.xsd"):
            return self.resolve_filename(str(SCHEMAS / "xml.xsd"), context)
        return None


@pytest.fixture(scope="module")
def schema() -> Any:
    if not (SCHEMAS / "xliff-core-2.0.xsd").is_file():
        pytest.skip("the XLIFF schema is not installed")
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Local())
    return etree.XMLSchema(etree.parse(SCHEMAS / "xliff-core-2.0.xsd", parser))


@pytest.fixture
def written(tmp_path: Path) -> str:
    path = tmp_path / "a.xlf"
    write_xliff(path, [File(HEAD, UNITS), File(Head("f2", "x"), UNITS[1:])], source="en",
                target="fa", codes=CODES, right_to_left=True)
    return path.read_text(encoding="utf-8")


def test_what_is_written_is_valid(schema: Any, written: str) -> None:
    schema.assertValid(etree.fromstring(written.encode()))


@pytest.mark.parametrize(
    "fault",
    [lambda text: text.replace('state="final"', 'state="done"'),
     lambda text: text.replace(' canResegment="no"', ' canResegment="never"'),
     lambda text: text.replace('<segment id="s1"', '<segment name="s1"', 1),
     lambda text: text.replace("<source>", "<original>", 1).replace("</source>", "</original>", 1),
     lambda text: re.sub(r"(  <originalData>.*?</originalData>\n)(.*?)(</unit>)", r"\2\1\3", text,
                         count=1, flags=re.DOTALL)],
    ids=["state", "flag", "attribute", "element", "order"],
)
def test_a_planted_fault_is_invalid(
    schema: Any, written: str, fault: Callable[[str], str]
) -> None:
    wrong = fault(written)
    assert wrong != written
    assert not schema.validate(etree.fromstring(wrong.encode()))
