"""What a person asks of the software that it must not do, by the language's own cues."""

from __future__ import annotations

from mhx.adaptation.rules import finds
from mhx.schema import Prompts


def refused(prompts: Prompts, text: str) -> str | None:
    """The kind of request (diagnosis, dose, therapist) that the refusal answers, or None.

    Raises MhxError for a bad pattern or one that ran too long.
    """
    return next((kind for kind, cues in prompts.refuse.items() if finds(cues, text)), None)
