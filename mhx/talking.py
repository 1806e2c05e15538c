"""Answers shown to a person: base or adapter, services resolved, risk handed over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from mhx.adaptation.conservation import risk_level
from mhx.adaptation.hotlines import service_numbers, service_spans
from mhx.adaptation.requests import refused
from mhx.adaptation.resolver import resolve
from mhx.cards import load_territory
from mhx.corpus.privacy import phones
from mhx.errors import MhxError, Problem, unknown
from mhx.evaluation.side_by_side import SYSTEMS, Asked, Sampling, answer_side_by_side
from mhx.language import Language, load_language
from mhx.run import Reporter
from mhx.schema import Territory
from mhx.shelves import Shelves
from mhx.training.generate import generate
from mhx.training.masks import Message

LEFTOVER = re.compile(r"\{\{?[^{}]*\}?\}|\{\{[^{}]*")  # a slot no territory knows


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
    group: str | None = None
    base: str = ""
    adapter: Path | None = None

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
        group: str | None = None,
        load: bool = True,
    ) -> Talker:
        """Load base and adapter (not without `load`: then only what is shown can be asked).

        Raises MhxError when there is no adapter for the base.
        """
        from mhx.training.base import load_model, load_tokenizer

        language = load_language(lang, shelves=shelves)
        place = load_territory(territory or language.territory, shelves=shelves)
        if group is not None and group not in place.not_routed:
            raise unknown("group", group, place.not_routed)
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
            territory=place,
            model=load_model(base, device=device, adapter=folder) if load else None,
            tokenizer=load_tokenizer(base) if load else None,
            today=today,
            age=age,
            group=group,
            base=base,
            adapter=folder,
        )

    def compare(
        self,
        asked: Sequence[str],
        systems: Sequence[str],
        out: Path,
        *,
        sampling: Sampling,
        device: str,
        reporter: Reporter | None = None,
    ) -> list[dict[str, Any]]:
        """Answers of systems (base, adapter) side by side: a row a prompt, as a person sees them.

        `out` keeps the models' own texts with their slots (`evaluation.side_by_side`). Raises
        MhxError for a system of another name, or the adapter where none was opened.
        """
        for name in systems:
            if name not in SYSTEMS:
                raise unknown("system", name, SYSTEMS)
        if "adapter" in systems and self.adapter is None:
            raise MhxError(Problem("--adapter none has no adapter to ask", "--system base"))
        rows = answer_side_by_side(
            [
                Asked(str(number), text, tuple(self.messages([text])))
                for number, text in enumerate(asked, start=1)
            ],
            {name: self.adapter if name == "adapter" else None for name in systems},
            out,
            base=self.base,
            sampling=sampling,
            device=device,
            reporter=reporter,
        )
        shown: dict[str, dict[str, Any]] = {}
        for row in rows:
            said = self.said([row["prompt"]], row["response"])
            shown.setdefault(row["unit"], {"prompt": row["prompt"]})[row["system"]] = said
        return list(shown.values())

    def answer(
        self,
        conversations: Sequence[Sequence[str]],
        *,
        max_new_tokens: int,
        temperature: float,
        seed: int,
    ) -> Iterator[str]:
        """Answers to conversations given as alternating texts, the seeker first and last.

        Where the last text asks for what the software must not do, no model is asked: the answer
        is the refusal, or the hand-over with its service where any of the seeker's texts is at
        risk.
        """
        refusals = [self.refused(item[-1]) for item in conversations]
        pairs = zip(conversations, refusals, strict=True)
        asked = [self.messages(item) for item, kind in pairs if kind is None]
        made = (
            generate(
                self.model,
                self.tokenizer,
                asked,
                max_new_tokens=max_new_tokens,
                temperature=temperature,
                seed=seed,
            )
            if asked
            else iter(())
        )
        for item, kind in zip(conversations, refusals, strict=True):
            yield self.said(item, next(made) if kind is None else "")

    def said(self, texts: Sequence[str], made: str) -> str:
        """What a person is shown for a model's text `made`, or the refusal in its place."""
        if self.refused(texts[-1]) is None:
            return self.shown(made)
        # an overdose is asked for like a dose: nobody at risk gets a bare refusal
        at_risk = any(self.is_risk(text) for text in texts[::2])
        return self.handover() if at_risk else self.refusal()

    @cached_property
    def service_numbers(self) -> re.Pattern[str]:
        """What matches the number of any territory's service."""
        return service_numbers(self.language.shelves)

    def messages(self, texts: Sequence[str]) -> list[Message]:
        """The system prompt and the conversation."""
        return conversation(self.language, texts)

    def shown(self, text: str) -> str:
        """A model's text as a person may see it.

        Digits that read as a phone number, and the number of any territory's service, are the
        model's invention and go; slots are resolved for place, age, day and group; what is left
        in braces becomes the words without digits.
        """
        prompts = self.language.prompts
        for start, end in _joined(
            [*phones(text, countdowns=True), *service_spans(self.service_numbers, text)]
        ):
            text = text[:start] + prompts.no_number + text[end:]
        resolved = resolve(
            text,
            self.territory,
            age=self.age,
            today=self.today,
            prompts=prompts,
            group=self.group,
            reader=self.language.tag,
        )
        return LEFTOVER.sub(prompts.no_number, resolved)

    def is_risk(self, text: str) -> bool:
        """Whether the risk cues see the speaker's or another's risk (a screen; no cues: never)."""
        return risk_level(self.language.risk_cues, text) != "none"

    def refused(self, text: str) -> str | None:
        """What the person asks for that the software must not do (diagnosis, dose, therapist)."""
        return refused(self.language.prompts, text)

    def refusal(self) -> str:
        """The refusal in its four steps."""
        return self.shown(self.language.prompts.refusal.text)

    def handover(self) -> str:
        """The hand-over phrase with the service of this territory."""
        return self.shown(self.language.prompts.handover.text)


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans from the last to the first, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined[::-1]


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
