"""Multiple-choice items: options shuffled, answers scored, and what is wrong with a set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from random import Random

from mhx.corpus.vignette_wording import Wrong, spelling_problems
from mhx.errors import Problem
from mhx.language import Language
from mhx.schema import ChoiceItem, Choices, Territory
from mhx.schema.choices import LETTERS

# Single-answer items whose right option is the longest; a quarter is chance. Outside, a reader who
# knows nothing gains by taking the longest option, or by leaving it out.
LONGEST_SHARE = (0.1, 0.4)
UNEVEN = 2  # by how many the letters' counts of correct answers may differ from an even share
CARRIES = ("sourced", "verified")


@dataclass(frozen=True, slots=True)
class Presented:
    """An item as one reader sees it: options in a drawn order, the letters that are correct."""

    id: str
    topic: str
    question: str
    options: tuple[str, ...]
    correct: frozenset[str]

    @property
    def text(self) -> str:
        """Question and lettered options, a line each."""
        lines = zip(LETTERS, self.options, strict=True)
        return "\n".join([self.question, *(f"{letter}. {option}" for letter, option in lines)])


def presented(choices: Choices, item: ChoiceItem, *, seed: int | None = None) -> Presented:
    """The item with options shuffled by seed and id; in the file's order for None."""
    order = list(range(len(LETTERS)))
    if seed is not None:
        Random(f"{seed}:{item.id}").shuffle(order)
    right = {LETTERS.index(letter) for letter in item.correct}
    return Presented(
        id=item.id,
        topic=item.topic,
        question=item.question if len(right) == 1 else f"{item.question} {choices.several}",
        options=tuple(item.options[place] for place in order),
        correct=frozenset(LETTERS[new] for new, place in enumerate(order) if place in right),
    )


def is_correct(shown: Presented, given: Collection[str]) -> bool:
    """Whether exactly the correct letters were given. Raises ValueError for an unknown letter."""
    if bad := set(given) - set(LETTERS):
        raise ValueError(f"no option {', '.join(sorted(bad))}")
    return bool(given) and set(given) == shown.correct


def choice_problems(
    language: Language, owner: Choices | None, territory: Territory
) -> list[Problem]:
    """Check a language's items; `owner` has the shared concepts (en's), None for itself."""
    choices = language.choices
    if choices is None:
        return []
    path = language.folder / "choices.yaml"
    wrong = [*_items(language, choices, territory), *_giveaways(choices)]
    wrong += [*_unlike(choices, owner)] if owner is not None else []
    return [Problem(what, fix, path=path, field=at) for at, what, fix in wrong]


def longest_share(choices: Choices) -> float:
    """Share of single-answer items whose correct option is the one longest."""
    single = [item for item in choices.items if len(item.correct) == 1]
    found = 0
    for item in single:
        lengths = [len(option) for option in item.options]
        right = lengths[LETTERS.index(item.correct[0])]
        found += right == max(lengths) and lengths.count(right) == 1
    return found / len(single) if single else 0.0


def _items(language: Language, choices: Choices, territory: Territory) -> Iterator[Wrong]:
    for name, count in Counter(item.id for item in choices.items).items():
        if count > 1:
            yield name, f"there {count} times", "keep one"
    certainty = {fact.id: fact.certainty for fact in (*language.card.facts, *territory.facts)}
    for item in choices.items:
        for text in (item.question, *item.options, item.explanation):
            for what, fix in spelling_problems(language, text):
                yield item.id, what, fix
        for name in item.sources:
            if certainty.get(name) not in CARRIES:
                said = certainty.get(name, "unknown")
                yield item.id, f"the fact {name!r} is {said}", f"cite one that is {CARRIES[0]}"


def _giveaways(choices: Choices) -> Iterator[Wrong]:
    """What a reader who knows nothing could go by: the letter, the length."""
    counts = Counter[str](letter for item in choices.items for letter in item.correct)
    even = sum(counts.values()) / len(LETTERS)
    for letter in LETTERS:
        if abs(counts[letter] - even) > UNEVEN:
            yield "items", f"{letter} is correct {counts[letter]} times of {even:g}", "move answers"
    low, high = LONGEST_SHARE
    if not low <= (share := longest_share(choices)) < high:
        what = f"the correct option is the longest in {share:.0%}"
        yield "items", what, f"reword until it is at least {low:.0%} and under {high:.0%}"


def _unlike(choices: Choices, owner: Choices) -> Iterator[Wrong]:
    own, wanted = (
        {item.id: (item.difficulty, len(item.correct)) for item in one.items if not item.local}
        for one in (choices, owner)
    )
    for name in dict.fromkeys([*wanted, *own]):
        if own.get(name) != wanted.get(name):
            yield name, f"{own.get(name)}, in en {wanted.get(name)}", "same concepts as en"
