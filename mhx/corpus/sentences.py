"""Sentence splitting of user text: the language's own hook, else spaCy's rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.language import Language

Splitter = Callable[[str], list[str]]


def splitter(language: Language) -> Splitter:
    """A function from text to sentences, for one language.

    A plugin's own `split_sentences` comes first, then spaCy's blank pipeline of the manifest's
    code. Raises MhxError naming the install command where spaCy is needed and missing.
    """
    hooks: Any = language.hooks
    code = language.manifest.codes.get("spacy")
    if "split_sentences" in hooks.own or code is None:
        split: Splitter = hooks.split_sentences
        return split
    pipeline = _spacy(code)

    def with_spacy(text: str) -> list[str]:
        return [str(sent).strip() for sent in pipeline(text).sents if str(sent).strip()]

    return with_spacy


@cache
def _spacy(code: str) -> Any:
    try:
        import spacy
    except ImportError as error:
        raise MhxError(
            Problem(
                "spaCy is needed to split this text into sentences", "pip install 'mhx[models]'"
            )
        ) from error
    pipeline = spacy.blank(code)
    pipeline.add_pipe("sentencizer")
    pipeline.max_length = 10_000_000
    return pipeline
