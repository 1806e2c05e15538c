"""Ceilings and floors against a corpus written from templates.

A model that writes many dialogues repeats itself: the same opening, the same five words, turns of
one length. Each check here is a number with a limit; `profile` gives the numbers for the docs.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mhx.adaptation.resolver import SLOT

SMALLEST = 20  # dialogues; fewer are too few to speak of templates
LEAST = 4  # times that anything may be said twice over, however small the corpus
OPENING = 3  # words that make an opening
PHRASE = 5  # words that make a phrase
WINDOW = 1000  # words: distinct-n falls with length, so it is taken over windows of one size
Turn = tuple[str, str]  # role, text


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a corpus must keep to; shares are of the supporter's turns or of the dialogues."""

    first_openings: float = 0.02  # dialogues that open with the same three words
    turn_openings: float = 0.02  # supporter's turns that open with the same three words
    phrases: float = 0.08  # dialogues that hold the same five words; all ask about suicide plainly
    distinct_1: float = 0.30  # different words among the words of a window (Li et al. 2016)
    distinct_2: float = 0.80  # the same of pairs of words
    turn_spread: float = 0.20  # median over dialogues: sd of words a turn over their mean
    questions: float = 0.95  # supporter's turns that end in a question


LIMITS = Limits()


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How varied a corpus is; `common_*` give the most frequent opening or phrase and its count."""

    dialogues: int
    words: int
    seeker_words: float  # median words a turn
    supporter_words: float
    common_first: tuple[str, int]
    common_turn: tuple[str, int]
    common_phrase: tuple[str, int]
    supporter_turns: int
    distinct_1: float
    distinct_2: float
    turn_spread: float
    questions: float


def profile(dialogues: Sequence[Sequence[Turn]]) -> Profile:
    """The numbers of dialogues given as (role, text) turns. Raises ValueError for none."""
    if not dialogues:
        raise ValueError("no dialogue")
    spoken = [[(role, words_of(text), text) for role, text in item] for item in dialogues]
    supporter = [words for item in spoken for role, words, _ in item if role == "supporter"]
    asked = [text for item in spoken for role, _, text in item if role == "supporter"]
    lengths = {
        role: [len(words) for item in spoken for who, words, _ in item if who == role]
        for role in ("seeker", "supporter")
    }
    spreads = []
    for item in spoken:
        sizes = [len(words) for _, words, _ in item]
        spreads.append(statistics.pstdev(sizes) / max(statistics.fmean(sizes), 1))
    every = [word for item in spoken for _, words, _ in item for word in words]
    return Profile(
        dialogues=len(dialogues),
        words=len(every),
        seeker_words=statistics.median(lengths["seeker"] or [0]),
        supporter_words=statistics.median(lengths["supporter"] or [0]),
        common_first=_commonest(_opening(item[0][1]) for item in spoken),
        common_turn=_commonest(_opening(words) for words in supporter),
        common_phrase=_common_phrase(
            [[words for role, words, _ in item if role == "supporter"] for item in spoken]
        ),
        supporter_turns=len(supporter),
        distinct_1=_distinct(every, 1),
        distinct_2=_distinct(every, 2),
        turn_spread=statistics.median(spreads),
        questions=sum(text.rstrip("»”\"' ").endswith(("?", "؟")) for text in asked)
        / max(len(asked), 1),
    )


def repetitions(found: Profile, limits: Limits = LIMITS) -> list[tuple[str, str]]:
    """(what is wrong, what to do) for each limit that is broken; none for a small corpus."""
    if found.dialogues < SMALLEST:
        return []
    out = []
    for what, (words, count), total, share in (
        ("dialogues open", found.common_first, found.dialogues, limits.first_openings),
        ("supporter's turns open", found.common_turn, found.supporter_turns, limits.turn_openings),
        ("dialogues say", found.common_phrase, found.dialogues, limits.phrases),
    ):
        most = max(LEAST, round(share * total))
        if count > most:
            said = f"{count} {what} {words!r} (at most {most})"
            out.append((said, "word them differently"))
    for name in ("distinct_1", "distinct_2", "turn_spread"):
        value, least = getattr(found, name), getattr(limits, name)
        if value < least:
            out.append((f"{name} is {value:.2f} (at least {least})", "vary words and turn lengths"))
    if found.questions > limits.questions:
        said = f"{found.questions:.0%} of the supporter's turns end in a question"
        out.append((said, f"at most {limits.questions:.0%}: let some turns only answer"))
    return out


def words_of(text: str) -> list[str]:
    """Lower-case words of a text, without service slots; a zero-width joiner keeps a word one."""
    return re.findall(r"[\w'\u2019\u200c]+", SLOT.sub(" ", text).lower())


def _opening(words: Sequence[str]) -> str:
    return " ".join(words[:OPENING]) if len(words) >= OPENING else ""


def _commonest(openings: Iterable[str]) -> tuple[str, int]:
    counts = Counter(item for item in openings if item)
    return counts.most_common(1)[0] if counts else ("", 0)


def _common_phrase(dialogues: Sequence[Sequence[Sequence[str]]]) -> tuple[str, int]:
    """The phrase that most dialogues hold, each counted once."""
    holders: defaultdict[str, set[int]] = defaultdict(set)
    for number, turns in enumerate(dialogues):
        for words in turns:
            for at in range(len(words) - PHRASE + 1):
                holders[" ".join(words[at : at + PHRASE])].add(number)
    phrase = max(holders, key=lambda item: len(holders[item]), default="")
    return phrase, len(holders[phrase]) if phrase else 0


def _distinct(words: Sequence[str], n: int) -> float:
    """Mean over whole windows (one window for a shorter text)."""
    windows = [words[at : at + WINDOW] for at in range(0, len(words) - WINDOW + 1, WINDOW)]
    shares = []
    for window in windows or [words]:
        grams = [tuple(window[at : at + n]) for at in range(len(window) - n + 1)]
        shares.append(len(set(grams)) / max(len(grams), 1))
    return statistics.fmean(shares)
