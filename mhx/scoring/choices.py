"""Multiple-choice questions as a model is asked them: options shuffled, letters read back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from mhx.corpus.privacy import latin_digits
from mhx.schema import Choices

LETTERS = "ABCDEFGH"


@dataclass(frozen=True)
class Question:
    """A question of any test: `correct` holds places in `options`, from 0.

    `several`: what is said after a question with more than one correct option. `instruction`:
    how to answer, in the question's language.
    """

    id: str
    language: str
    topic: str
    text: str
    options: tuple[str, ...]
    correct: frozenset[int]
    several: str = ""
    instruction: str = ""

    @property
    def single(self) -> bool:
        """Whether one option is correct."""
        return len(self.correct) == 1


@dataclass(frozen=True)
class Shown:
    """A question in one drawn order: `order` are places of the options behind the letters."""

    question: Question
    number: int
    order: tuple[int, ...]

    @property
    def letters(self) -> str:
        """The letters of the options."""
        return LETTERS[: len(self.order)]

    @property
    def right(self) -> frozenset[str]:
        """The letters that are correct."""
        pairs = zip(self.letters, self.order, strict=True)
        return frozenset(letter for letter, place in pairs if place in self.question.correct)

    @property
    def text(self) -> str:
        """What is asked: question, lettered options, how to answer."""
        asked = self.question
        head = asked.text if asked.single or not asked.several else f"{asked.text} {asked.several}"
        lines = [f"{letter}. {asked.options[place]}"
                 for letter, place in zip(self.letters, self.order, strict=True)]
        tail = [asked.instruction] if asked.instruction and asked.single else []
        return "\n".join([head, *lines, *tail])


def shown(question: Question, *, seed: int, orders: int) -> list[Shown]:
    """The question in `orders` different orders, drawn by seed and id.

    The correct option of a single-answer question moves on by one letter from order to order, so
    that with as many orders as options each letter is correct once.
    """
    draw = Random(f"{seed}:{question.id}:{question.language}")
    order = list(range(len(question.options)))
    draw.shuffle(order)
    turned = (order[step:] + order[:step] for step in range(len(order)))
    return [Shown(question, number, tuple(one))
            for number, one in zip(range(1, orders + 1), turned, strict=False)]


def from_shipped(choices: Choices, language: str, instruction: str) -> list[Question]:
    """The questions of a language's `choices.yaml`."""
    return [
        Question(item.id, language, item.topic, item.question, tuple(item.options),
                 frozenset(LETTERS.index(letter) for letter in item.correct), choices.several,
                 instruction)
        for item in choices.items
    ]


def letters_of(text: str, letters: str) -> frozenset[str] | None:
    """The letters an answer gives, or None where it gives none or it is not clear which.

    Read are letters that the answer begins with ("B", "(B)", "B, C", "B. Because …"), else those
    that stand alone after a colon, in bold or in brackets. A letter that merely begins a word
    ("A good reply …") is none.
    """
    plain = latin_digits(text.strip()).strip("*_`\"' ")
    span = f"[{letters}]"
    joined = rf"{span}(?:\s*(?:[,;/+&]|\band\b|\bi\b|\by\b|و|،)\s*{span})*"
    first = re.match(rf"[(\[]?({joined})[)\]]?(?:[.:)\]*\n]|\s*$|\s*[-–—])", plain)
    # a short word, then a letter of its own: "A. PTSD" names one option
    another = rf"\W*\w{{1,4}}(?:\s+[(\[]?|[(\[]){span}(?!\w)"
    if first and re.match(another, plain[first.end() :]):
        return None  # "(A) or (B)", in whatever language
    if first:
        return frozenset(re.findall(rf"(?<!\w){span}(?!\w)", first.group(1)))
    marked = re.findall(
        rf"(?::\s*|\*\*|[(\[]){span}(?:[,;]\s*{span})*(?=\s*$|[.)\]*\n,])", plain)
    found = {frozenset(re.findall(span, one)) for one in marked}
    return found.pop() if len(found) == 1 else None
