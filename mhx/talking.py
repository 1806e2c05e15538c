"""Answers shown to a person: base or adapter, services resolved, risk handed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from mhx.adaptation.resolver import resolve
from mhx.adaptation.rules import compiled
from mhx.cards import load_territory
from mhx.errors import MhxError, Problem
from mhx.language import Language, load_language
from mhx.schema import Territory
from mhx.shelves import Shelves
from mhx.training.generate import generate
from mhx.training.masks import Message


@dataclass
class Talker:
    """A loaded model in one language and territory."""

    name: str
    language: Language
    territory: Territory
    model: Any
    tokenizer: Any
    today: date
    age: int | None

    @classmethod
    def open(
        cls,
        lang: str,
        *,
        shelves: Shelves,
        base: str | None,
        adapter: str | None,
        territory: str | None,
        today: date,
        age: int | None,
        device: str,
    ) -> Talker:
        """Load base and adapter. Raises MhxError when there is no adapter for the base."""
        from mhx.training.base import load_model, load_tokenizer

        language = load_language(lang, shelves=shelves)
        base = base or language.recipe.base
        folder = None if adapter == "none" else Path(adapter) if adapter else language.adapter(base)
        if folder is None and adapter != "none":
            raise MhxError(
                Problem(
                    f"no adapter of {lang} for {base}",
                    f"mhx train --lang {lang} --base-model {base} --install, or --adapter none",
                )
            )
        return cls(
            name=f"{base} + {lang} adapter" if folder else f"{base}, base only",
            language=language,
            territory=load_territory(territory or language.manifest.territory, shelves=shelves),
            model=load_model(base, device=device, adapter=folder),
            tokenizer=load_tokenizer(base),
            today=today,
            age=age,
        )

    def answer(
        self,
        conversations: Sequence[Sequence[str]],
        *,
        max_new_tokens: int,
        temperature: float,
        seed: int,
    ) -> Iterator[str]:
        """Answers to conversations given as alternating texts, the seeker first and last."""
        asked = [self.messages(item) for item in conversations]
        for text in generate(
            self.model,
            self.tokenizer,
            asked,
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            seed=seed,
        ):
            yield self.shown(text)

    def messages(self, texts: Sequence[str]) -> list[Message]:
        """The system prompt and the conversation."""
        return conversation(self.language, texts)

    def shown(self, text: str) -> str:
        """A text with its service slots resolved for place, age and day."""
        return resolve(
            text, self.territory, age=self.age, today=self.today, prompts=self.language.prompts
        )

    def is_risk(self, text: str) -> bool:
        """Whether the language's risk cues match (a screen; no cues: never)."""
        cues = self.language.risk_cues
        patterns = [*cues.explicit, *cues.indirect] if cues else []
        return any(compiled(pattern, ignore_case=True).search(text) for pattern in patterns)

    def handover(self) -> str:
        """The hand-over phrase with the service of this territory."""
        return self.shown(self.language.prompts.handover.strip())


def conversation(language: Language, texts: Sequence[str]) -> list[Message]:
    """System prompt, then alternating user and assistant messages."""
    roles = ("user", "assistant")
    return [
        {"role": "system", "content": language.prompts.system.strip()},
        *({"role": roles[place % 2], "content": text} for place, text in enumerate(texts)),
    ]


def probe_prompts(language: Language) -> list[str]:
    """The neutral form of each probe. Raises MhxError for a language without probes."""
    if language.probes is None:
        raise MhxError(
            Problem("no probes", "write probes.yaml", path=language.folder / "probes.yaml")
        )
    return [scenario.neutral for scenario in language.probes.scenarios]
