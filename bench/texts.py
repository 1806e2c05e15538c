"""Real sentences for the text benches, read from a folder beside the checkout and never stored.

100,000 distinct texts are more than the data holds, so halves of sentences are crossed by a seed:
the vocabulary, lengths and spelling are real, the statements are not.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
ABSENT = "no data beside the checkout: expected the folder shared/data (bench/texts.py)"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def aligned(data: Path = DATA) -> list[tuple[str, str]]:
    """Distinct English and Polish sentences: subtitles and FLORES."""
    if not data.is_dir():
        raise SystemExit(ABSENT)
    rows = (data / "xed_en_pl" / "pairs-pl.txt").read_text(encoding="utf-8").split("\n")
    pairs = [(row[4].strip(), row[5].strip()) for line in rows if len(row := line.split("\t")) == 6]
    for part in ("train", "dev", "test"):
        sides = [
            (data / "flores_sib200" / f"{tag}.{part}.tsv").read_text(encoding="utf-8").split("\n")
            for tag in ("eng_Latn", "pol_Latn")
        ]
        one, two = (
            {row[0]: row[2].strip() for line in side[1:] if len(row := line.split("\t")) == 3}
            for side in sides
        )
        pairs += [(one[key], two[key]) for key in one if key in two]
    return list(dict.fromkeys(pair for pair in pairs if all(pair)))


def many_pairs(count: int, *, seed: int = 0, faults: float = 0.0) -> list[tuple[str, str]]:
    """Distinct pairs of one to three aligned sentences; a share of them with a planted fault."""
    draw, known = random.Random(seed), aligned()
    out: dict[tuple[str, str], None] = {}
    while len(out) < count:
        chosen = draw.choices(known, k=draw.choice((1, 2, 2, 3)))
        one, two = (" ".join(pair[side] for pair in chosen) for side in (0, 1))
        out[_faulty(one, two, draw) if draw.random() < faults else (one, two)] = None
    return list(out)


def _faulty(one: str, two: str, draw: random.Random) -> tuple[str, str]:
    """A pair with a fault that one of the filters looks for."""
    kind = draw.randrange(7)
    word = draw.choice(two.split())
    return (
        (one, f"<b>{two}</b>"),
        (one, f"{two} {' '.join([word] * draw.randint(2, 6))}"),
        (f"{one} {draw.randint(11, 99)}", two),
        (one, word),
        (one, f"{two}{'!' * draw.randint(3, 9)}"),
        (one, one),
        (one, "".join(chr(ord("а") + ord(c) % 32) if c in LETTERS else c for c in two)),
    )[kind]


def sentences(count: int, *, seed: int = 0) -> list[str]:
    """Distinct English sentences: the first words of one, the last of another."""
    draw = random.Random(seed)
    known = [one.split() for one, _ in aligned()]
    out: dict[str, None] = {}
    while len(out) < count:
        one, two = draw.choices(known, k=2)
        cut = draw.randint(1, len(one)), draw.randint(0, len(two) - 1)
        out[" ".join([*one[: cut[0]], *two[cut[1] :]])] = None
    return list(out)


def altered(texts: list[str], count: int, *, seed: int = 0) -> list[str]:
    """Queries: texts with up to three words dropped, changed or added, and as many new ones."""
    draw = random.Random(seed)
    near = [_changed(draw.choice(texts).split(), draw) for _ in range(count - count // 2)]
    return near + sentences(count // 2, seed=seed + 1)


def _changed(words: list[str], draw: random.Random) -> str:
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(words))
        new = "".join(draw.choices(LETTERS, k=draw.randint(2, 8)))
        words[at : at + draw.randint(0, 1)] = draw.choice(([new], [], [words[at]]))
        words = words or [new]
    return " ".join(words)


def dialogues(count: int, *, seed: int = 0) -> Iterator[list[tuple[str, str]]]:
    """Dialogues of (role, text) turns: five to eleven turns of one to three sentences."""
    draw = random.Random(seed)
    known = [re.sub(r"\s+", " ", one) for one, _ in aligned()]
    for _ in range(count):
        turns = draw.randint(5, 11)
        yield [
            ("seeker" if turn % 2 == 0 else "supporter",
             " ".join(draw.choices(known, k=draw.randint(1, 3))))
            for turn in range(turns)
        ]
