"""`translation/<name>/backend.yaml`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mhx.schema.base import Strict


class BackendManifest(Strict):
    """`backend.yaml`."""

    name: str = Field(description="the folder's name, the value of --translator")
    title: str
    kind: Literal["memory", "rules", "neural", "llm"]
    location: Literal["local", "remote"]
    needs: dict[Literal["python", "programs", "extra"], list[str]] = {}
    install: str = Field("", description="the command that installs what is missing")
    takes_model: bool = Field(False, description="--translator NAME:MODEL")
    default_model: str | None = None
    context_turns: int = Field(0, ge=0, description="previous turns the engine can use")
    sentence_level: bool = True
    languages: list[str] = Field([], description="target tags; empty: any with the code it needs")
