"""The language codes of a translation model's tokenizer, asserted: none becomes "unknown"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mhx.contracts import BackendSettings
from mhx.errors import MhxError, Problem


@dataclass(frozen=True)
class Codes:
    """How a model is told the pair.

    NLLB and M2M100 take codes: `pair`, and `forced`, the id of the answer's first token. MADLAD
    and OPUS models of several targets read a tag before the text: `prefix`. A model of one pair
    takes neither.
    """

    pair: tuple[str, str] | None = None
    forced: int | None = None
    prefix: str = ""

    @property
    def label(self) -> str:
        """The pair in a signature."""
        return "-".join(self.pair) if self.pair else self.prefix.strip() or "pair"


def find_codes(tokenizer: Any, settings: BackendSettings) -> Codes:
    """The tokenizer's own codes for the settings' pair; its source language is set.

    A code the tokenizer does not know would become its unknown token in silence and the model
    answer in any language, so it raises MhxError.
    """
    if hasattr(tokenizer, "src_lang"):
        source = _known(tokenizer, settings, settings.source, settings.source_codes)
        target = _known(tokenizer, settings, settings.target, settings.target_codes)
        tokenizer.src_lang = source
        return Codes((source, target), token_id(tokenizer, target))
    tags = list(getattr(tokenizer, "supported_language_codes", []) or [])
    if tags:
        return Codes(prefix=f"{_marian_tag(tags, settings)} ")
    tag = f"<2{settings.target}>"
    return Codes(prefix=f"{tag} ") if token_id(tokenizer, tag) is not None else Codes()


def token_id(tokenizer: Any, code: str) -> int | None:
    """The id of a language code, or None where the tokenizer does not know it."""
    lookup = getattr(tokenizer, "lang_code_to_id", None)
    if lookup and code in lookup:
        return int(lookup[code])
    number = tokenizer.convert_tokens_to_ids(code)
    return None if number is None or number == tokenizer.unk_token_id else int(number)


def _known(tokenizer: Any, settings: BackendSettings, tag: str, table: Mapping[str, str]) -> str:
    # a code is a special token: "pl" is an everyday piece of many vocabularies
    listed = getattr(tokenizer, "lang_code_to_id", None) or tokenizer.all_special_tokens
    candidates = [code for code in (table.get("flores"), tag) if code]
    for code in candidates:
        if code in listed:
            return code
    raise _unknown(settings, tag, candidates)


def _marian_tag(tags: list[str], settings: BackendSettings) -> str:
    flores = settings.target_codes.get("flores", "")
    candidates = [f">>{code}<<" for code in (flores, flores.split("_")[0], settings.target) if code]
    for candidate in candidates:
        if candidate in tags:
            return candidate
    raise _unknown(settings, settings.target, candidates)


def _unknown(settings: BackendSettings, tag: str, tried: list[str]) -> MhxError:
    return MhxError(
        Problem(
            f"the tokenizer of {settings.model!r} knows no language code for {tag!r} "
            f"(tried {', '.join(tried)})",
            "add codes.flores to language.yaml, or choose a model that covers it",
        )
    )
