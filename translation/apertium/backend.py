"""Apertium in a local process: text framed by NUL, never by line; slots kept out of its hands."""

from __future__ import annotations

import re
import shutil
import subprocess

from mhx.contracts import BackendSettings, Reply, Request
from mhx.errors import MhxError, Problem

INSTALL = "apt install apertium apertium-{pair}"
KEPT = re.compile(r"(\{\{service:[a-z_]+\}\}|\[[a-z_]+\])")
RESERVED = re.compile(r"[\[\]{}\\^$@<>*/~]")
# an escaped character, or the mark of a word it does not know (*), translate (@) or inflect (#)
MARKED = re.compile(r"\\(.)|[*#@](?=\w)", re.DOTALL)
MARKED_BUT_HASH = re.compile(r"\\(.)|[*@](?=\w)", re.DOTALL)  # where the text has its own #
UNKNOWN_SHARE = 0.34  # of the words: above it the segment counts as not translated


def open(settings: BackendSettings) -> Apertium:
    """Find the program and the language pair. Raises MhxError with the command to install."""
    codes = [table.get("apertium") for table in (settings.source_codes, settings.target_codes)]
    pair = settings.model or "-".join(str(code) for code in codes)
    if None in codes and settings.model is None:
        raise MhxError(
            Problem(
                f"Apertium has no pair for {settings.source} to {settings.target}",
                "codes.apertium is missing in language.yaml; try --translator hf:MODEL",
            )
        )
    if shutil.which("apertium") is None:
        raise MhxError(Problem("the program apertium is not installed", INSTALL.format(pair=pair)))
    listing = subprocess.run(["apertium", "-l"], capture_output=True, text=True, check=False)
    if pair not in listing.stdout.split():
        known = ", ".join(listing.stdout.split()) or "none"
        what = f"Apertium has no pair {pair} (installed: {known})"
        raise MhxError(Problem(what, INSTALL.format(pair=pair)))
    version = subprocess.run(["apertium", "-V"], capture_output=True, text=True, check=False)
    return Apertium(pair, version.stdout.strip() or "unknown")


class Apertium:
    """One pipeline of Apertium programs a batch; it starts in a quarter of a second."""

    def __init__(self, pair: str, version: str) -> None:
        self.pair = pair
        self.revision = version
        self.signature = f"apertium|pair:{pair}|version:{version}|unknown:{UNKNOWN_SHARE:g}"

    def translate(self, batch: list[Request]) -> list[Reply]:
        """Each text in pieces between slots and placeholders; the pieces joined again."""
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
        done = self._run(pieces)
        return [
            self._reply(request, plan, pieces, done)
            for request, plan in zip(batch, plans, strict=True)
        ]

    def _run(self, pieces: list[str]) -> list[str]:
        """The pieces through the pipeline. `.[]` ends each, as Apertium's own deformatter does."""
        if not pieces:
            return []
        escaped = [RESERVED.sub(lambda match: "\\" + match.group(), piece) for piece in pieces]
        payload = "".join(f"{text.strip()}[]\0" for text in escaped)
        process = subprocess.run(
            ["apertium", "-z", "-f", "none", self.pair],
            input=payload.encode(),
            capture_output=True,
            check=False,
        )
        records = process.stdout.decode("utf-8", "replace").split("\0")[: len(pieces)]
        if process.returncode != 0 or len(records) != len(pieces):
            detail = process.stderr.decode("utf-8", "replace").strip()[:200]
            raise MhxError(
                Problem(
                    f"apertium {self.pair} gave {len(records)} answers for {len(pieces)}: {detail}",
                    f"check that it works: echo hello | apertium {self.pair}",
                )
            )
        return [record.replace("[]", "") for record in records]

    def _reply(
        self, request: Request, plan: list[str | int], pieces: list[str], done: list[str]
    ) -> Reply:
        out: list[str] = []
        unknown = 0
        for part in plan:
            if isinstance(part, str):
                out.append(part)
                continue
            text = done[part]
            marked = MARKED_BUT_HASH if "#" in pieces[part] else MARKED
            unknown += sum(match[1] is None for match in marked.finditer(text))
            plain = marked.sub(lambda match: match[1] or "", text)
            out.append(_like(pieces[part], re.sub(r"\s+", " ", plain).strip()))
        text = "".join(out).strip()
        words = len(re.findall(r"\w+", request.text))
        if not text or (words > 2 and unknown > UNKNOWN_SHARE * words):
            failure = "empty" if not text else "unknown_words"
            detail = f"{unknown} of {words} words unknown"
            return Reply(None, "apertium", self.revision, failure=failure, detail=detail)
        detail = f"{unknown} unknown words" if unknown else ""
        return Reply(text, f"apertium:{self.pair}", self.revision, detail=detail)

    def close(self) -> None:
        """Nothing is held open."""


def _like(source: str, target: str) -> str:
    """The target with the source's outer blanks and first capital."""
    if source.strip()[:1].isupper():
        target = target[:1].upper() + target[1:]
    before = " " if source[:1].isspace() else ""
    after = " " if source[-1:].isspace() else ""
    return before + target + after
