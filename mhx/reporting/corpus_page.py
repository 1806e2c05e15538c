"""The page of the shipped corpus and its figure: ``python -m mhx.reporting.corpus_page docs``.

Everything in it is counted from the corpus, so that no sentence says what it no longer holds.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from mhx.corpus.describe import BANDS, GENDERS, balances, band, by_topic, size, techniques, texts_of
from mhx.corpus.variety import profile
from mhx.files import write_bytes, write_text
from mhx.language import Language, load_language
from mhx.reporting.figures import GRAY, INK, Picture, drawing, picture
from mhx.reporting.markdown import to_markdown
from mhx.reporting.table import Column, Row, Table
from mhx.reporting.tint import light, tint
from mhx.schema import Dialogue
from mhx.shelves import Shelves, default_shelves

NAME = "corpus"
ORIGIN = "written by a model, reviewed by nobody"
AGES = tuple(band(low) for low, _ in BANDS)
HEADS = (*GENDERS, *AGES, "risk", "test")
CELL, LEFT, TOP = 0.44, 1.5, 0.9  # inches


def tables(languages: Sequence[Language], source: Language) -> list[Table]:
    """Size by language, balances, topic by gender, age and risk, techniques, variety of wording."""
    corpus = source.source_corpus
    sizes = tuple(size(one, source) for one in languages)
    varied = tuple(_varied(one, source) for one in languages)
    return [
        _table("size", "The corpus by language", sizes, (
            ("language", "language"), ("dialogues", "dialogues"), ("turns", "turns"),
            ("segments", "segments"), ("words", "words"), ("edits", "edits"),
            ("edited", "segments edited"), ("deep", "deep edits"))),
        _table("topics", "Dialogues by topic, seeker's gender and age, risk and split",
               tuple(by_topic(corpus)), (("topic", "topic"), ("dialogues", "dialogues"),
                                         *((name, name) for name in HEADS))),
        _table("balance", "Balance", tuple(balances(corpus)),
               (("what", "by"), ("value", "value"), ("dialogues", "dialogues"))),
        _table("techniques", "What supporters' turns do", tuple(techniques(corpus)),
               (("technique", "technique"), ("turns", "turns"), ("share", "of turns"))),
        _table("variety", "Variety of the wording", varied, (
            ("language", "language"), ("seeker_words", "words a seeker's turn"),
            ("supporter_words", "words a supporter's turn"), ("distinct_1", "distinct-1"),
            ("distinct_2", "distinct-2"), ("opening", "commonest opening of a turn"),
            ("phrase", "commonest phrase"), ("questions", "turns that end in a question"))),
    ]


def _table(label: str, title: str, rows: tuple[Row, ...],
           columns: tuple[tuple[str, str], ...]) -> Table:
    shares, numbers = {"edited", "share", "questions"}, {"distinct_1", "distinct_2"}
    texts = {"language", "topic", "what", "value", "technique", "opening", "phrase"}
    return Table(label=f"{NAME}-{label}", title=title, origin=ORIGIN, rows=rows, columns=tuple(
        Column(key=key, title=head, kind="text" if key in texts else "share" if key in shares
               else "number" if key in numbers else "int") for key, head in columns))


def _varied(language: Language, source: Language) -> Row:
    found = profile(texts_of(language, source))
    opening, phrase = found.common_turn, found.common_phrase
    return {"language": language.manifest.name, **asdict(found),
            "opening": f"{opening[0]} ({opening[1]} of {found.supporter_turns} turns)",
            "phrase": f"{phrase[0]} ({phrase[1]} of {found.dialogues} dialogues)"}


def figure(corpus: Sequence[Dialogue]) -> Picture:
    """Dialogues by topic (rows) and by gender, age band, risk and split (columns)."""
    from matplotlib.patches import Rectangle

    rows = by_topic(corpus)
    most = max(int(row[name]) for row in rows for name in HEADS)
    width, height = LEFT + CELL * (len(HEADS) + 1), TOP + 0.27 * len(rows)
    with drawing(width, height) as drawn:
        axes = drawn.add_axes((LEFT / width, 0.02, 1 - LEFT / width - 0.01, 1 - TOP / height))
        for down, row in enumerate(rows):
            for across, name in enumerate(HEADS):
                count = int(row[name])
                shade = tint(count / most) if count else "white"
                axes.add_patch(Rectangle((across, down), 1, 1, fc=shade, ec="#DDDDDD", lw=0.6))
                if count:
                    axes.text(across + 0.5, down + 0.5, str(count), ha="center", va="center",
                              size=8, color=INK if light(shade) else "white")
        axes.set_xlim(0, len(HEADS))
        axes.set_ylim(len(rows), 0)
        axes.set_yticks([n + 0.5 for n in range(len(rows))], [str(row["topic"]) for row in rows])
        axes.set_xticks([n + 0.5 for n in range(len(HEADS))], HEADS, rotation=45, ha="left")
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        for side in axes.spines.values():
            side.set_visible(False)
        for edge in (len(GENDERS), len(GENDERS) + len(AGES)):
            axes.axvline(edge, color=GRAY, lw=1)
        title = "Dialogues by topic and seeker's gender, age, risk and held-out split"
        return picture(drawn, NAME, caption=title, alt=f"{title}: {len(corpus)} dialogues.")


def page(shelves: Shelves) -> str:
    """`docs/corpus.md` of the shipped languages that have dialogues."""
    source = load_language("en", shelves=shelves)
    languages = [source, *(
        one for tag in shelves.names("languages")
        if tag != source.tag and (one := load_language(tag, shelves=shelves)).corpus)]
    parts = [INTRODUCTION, f"![Dialogues by topic, gender, age, risk and split]({NAME}.png)"]
    parts += [to_markdown(table) for table in tables(languages, source)]
    return "\n\n".join([*parts, CHECKS]) + "\n"


INTRODUCTION = """# The corpus

<!-- Written by `python -m mhx.reporting.corpus_page docs`; a test says when it is out of date. -->

Dialogues between a seeker and a supporter, in parallel in every language. **A model wrote all of
them and nobody has reviewed one**: they are for building and testing the tool. Each record says
its origin. English owns the ids; some dialogues were written in Polish or in Persian first and
then translated into English. Every other language has a *faithful* version and an *adapted*
one, which is the faithful text plus listed edits, exactly. No telephone number stands in any of
them: services are slots that are resolved when text is shown."""

CHECKS = """## What is checked

`mhx check` reads every dialogue: turns and roles, a technique for each supporter's turn, risk
turns and a service in every dialogue with risk, slots that fit the seeker's age, no digits like
a telephone number in any script, no near-duplicates, no eight words in a row of a test dialogue
in another split, ceilings for repeated openings and phrases, floors for distinct-n and for the
spread of turn lengths. Each authored version passes the same gates as a machine's translation:
numbers, clinical invariants, sentences, address, gender, orthography, language. What a gate says
and the author lets stand is listed in `languages/<tag>/corpus/decided.yaml` with the reason, bound
to the text's hash; words that the dictionary lacks stand in `corpus/words.txt`."""


def write(folder: Path, shelves: Shelves) -> None:
    """Write `corpus.md` and `corpus.png` into a folder."""
    write_text(folder / f"{NAME}.md", page(shelves))
    drawn = figure(load_language("en", shelves=shelves).source_corpus)
    write_bytes(folder / f"{NAME}.png", drawn.files["png"])


if __name__ == "__main__":
    write(Path(sys.argv[1]), default_shelves())
