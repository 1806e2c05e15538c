"""Gives every text back as it is: what is left to measure is the work around an engine."""

from __future__ import annotations

from mhx.contracts import BackendSettings, Reply, Request


def open(settings: BackendSettings) -> Echo:
    """Nothing to prepare."""
    return Echo()


class Echo:
    """The engine."""

    signature = "echo"

    def translate(self, batch: list[Request]) -> list[Reply]:
        """The requests' own texts."""
        return [Reply(request.text, "echo", "1") for request in batch]

    def close(self) -> None:
        """Nothing is held open."""
