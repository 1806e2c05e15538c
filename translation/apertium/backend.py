"""Apertium, one long-lived process or an APy service; slots kept out of its hands."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import Protocol

from mhx.contracts import BackendSettings, Reply, Request
from mhx.engines.apy import Answer, Apy
from mhx.engines.null_flush import NullFlush, Stopped
from mhx.errors import MhxError, Problem

INSTALL = "apt install apertium apertium-{pair}"
KEPT = re.compile(r"(\{\{service:[a-z_]+\}\}|\[[a-z_]+\])")
RESERVED = re.compile(r"[\[\]{}\\^$@<>*/~]")
UNKNOWN_SHARE = 0.34  # of the words: above it the segment counts as not translated
MARKS = "*@#"  # of a word it does not know, translate or inflect


def open(settings: BackendSettings) -> Apertium:
    """Find the pair, here or at a service (`PAIR@URL`). Raises MhxError with what to install."""
    codes = [table.get("apertium") for table in (settings.source_codes, settings.target_codes)]
    model, _, url = (settings.model or "").partition("@")
    pair = model or "-".join(str(code) for code in codes)
    if None in codes and not model:
        raise MhxError(
            Problem(
                f"Apertium has no pair for {settings.source} to {settings.target}",
                "codes.apertium is missing in language.yaml; try --translator hf:MODEL",
            )
        )
    if url:
        service = Service(Apy(url, pair, screened=settings.screened))
        return Apertium(pair, f"APy at {service.apy.url}", service)
    if shutil.which("apertium") is None:
        raise MhxError(Problem("the program apertium is not installed", INSTALL.format(pair=pair)))
    listing = subprocess.run(["apertium", "-l"], capture_output=True, text=True, check=False)
    if pair not in listing.stdout.split():
        known = ", ".join(listing.stdout.split()) or "none"
        what = f"Apertium has no pair {pair} (installed: {known})"
        raise MhxError(Problem(what, INSTALL.format(pair=pair)))
    version = subprocess.run(["apertium", "-V"], capture_output=True, text=True, check=False)
    return Apertium(pair, version.stdout.strip() or "unknown", Program(pair))


class Engine(Protocol):
    """What turns pieces of text into Apertium's answers."""

    def ask(self, pieces: list[str]) -> list[Answer]:
        """An answer or a failure code a piece, in order."""

    def plain(self, piece: str, answer: str) -> tuple[str, int]:
        """An answer without Apertium's marks, and how many words were marked."""

    def close(self) -> None:
        """Release what is held open."""


class Program:
    """Apertium's pipeline in a process that stays; a text that stops it costs itself alone."""

    def __init__(self, pair: str) -> None:
        self.pair = pair
        self.pipe = NullFlush(["apertium", "-z", "-f", "none", pair], "[]")

    def ask(self, pieces: list[str]) -> list[Answer]:
        """Pieces through the pipeline; `[]` ends each, as Apertium's own deformatter does."""
        records = [_escaped(piece) for piece in pieces]
        try:
            return [(record, "") for record in self.pipe.ask(records)]
        except Stopped as stopped:
            answers = [self._alone(record) for record in records]
            if all(text is None for text, _ in answers) and self._alone("hello[]")[0] is None:
                what = f"apertium {self.pair} gives no answer: {stopped}"
                fix = f"check that it works: echo hello | apertium {self.pair}"
                raise MhxError(Problem(what, fix)) from stopped
            return answers

    def _alone(self, record: str) -> Answer:
        try:
            return self.pipe.ask([record])[0], ""
        except Stopped:
            return None, "stopped"

    def plain(self, piece: str, answer: str) -> tuple[str, int]:
        """Escapes and marks taken out; where the text has its own #, one is no mark."""
        marks = MARKS.replace("#", "") if "#" in piece else MARKS
        marked = re.compile(rf"\\(.)|[{marks}](?=\w)", re.DOTALL)
        text = answer.replace("[]", "")
        count = sum(match[1] is None for match in marked.finditer(text))
        return marked.sub(lambda match: match[1] or "", text), count

    def close(self) -> None:
        """End the process."""
        self.pipe.close()


@dataclass(frozen=True)
class Service:
    """APy, which escapes and frames by itself."""

    apy: Apy

    def ask(self, pieces: list[str]) -> list[Answer]:
        """One request a piece."""
        return self.apy.ask([piece.strip() for piece in pieces])

    def plain(self, piece: str, answer: str) -> tuple[str, int]:
        """Marks taken out, those aside that the text has itself."""
        marks = "".join(mark for mark in MARKS if mark not in piece)
        if not marks:
            return answer, 0
        return re.subn(rf"[{marks}](?=\w)", "", answer)

    def close(self) -> None:
        """Nothing is held open."""


class Apertium:
    """Each text in pieces between slots and placeholders; the pieces joined again."""

    def __init__(self, pair: str, version: str, engine: Engine) -> None:
        self.pair, self.revision, self.engine = pair, version, engine
        self.signature = f"apertium|pair:{pair}|version:{version}|unknown:{UNKNOWN_SHARE:g}"

    def translate(self, batch: list[Request]) -> list[Reply]:
        """One reply a request, in order."""
        pieces: list[str] = []
        plans: list[list[str | int]] = []
        for request in batch:
            plan: list[str | int] = []
            # a NUL ends a record: one inside a text would shift every answer after it
            for part in KEPT.split(request.text.replace("\0", " ")):
                if KEPT.fullmatch(part) or not re.search(r"\w", part):
                    plan.append(part)
                else:
                    plan.append(len(pieces))
                    pieces.append(part)
            plans.append(plan)
        done = self.engine.ask(pieces) if pieces else []
        return [
            self._reply(request, plan, pieces, done)
            for request, plan in zip(batch, plans, strict=True)
        ]

    def _reply(
        self, request: Request, plan: list[str | int], pieces: list[str], done: list[Answer]
    ) -> Reply:
        out: list[str] = []
        unknown = 0
        for part in plan:
            if isinstance(part, str):
                out.append(part)
                continue
            answer, failure = done[part]
            if answer is None:
                return self._failed(failure, f"at {pieces[part].strip()[:40]!r}")
            plain, marked = self.engine.plain(pieces[part], answer)
            unknown += marked
            out.append(_like(pieces[part], re.sub(r"\s+", " ", plain).strip()))
        text = "".join(out).strip()
        words = len(re.findall(r"\w+", request.text))
        if not text or (words > 2 and unknown > UNKNOWN_SHARE * words):
            failure = "empty" if not text else "unknown_words"
            return self._failed(failure, f"{unknown} of {words} words unknown")
        detail = f"{unknown} unknown words" if unknown else ""
        return Reply(text, f"apertium:{self.pair}", self.revision, detail=detail)

    def _failed(self, failure: str, detail: str) -> Reply:
        return Reply(None, "apertium", self.revision, failure=failure, detail=detail)

    def close(self) -> None:
        """End the process, where there is one."""
        self.engine.close()


def _escaped(piece: str) -> str:
    """A piece as the pipeline reads it."""
    return RESERVED.sub(lambda match: "\\" + match.group(), piece).strip() + "[]"


def _like(source: str, target: str) -> str:
    """The target with the source's outer blanks and first capital."""
    if source.strip()[:1].isupper():
        target = target[:1].upper() + target[1:]
    before = " " if source[:1].isspace() else ""
    after = " " if source[-1:].isspace() else ""
    return before + target + after
