"""A worker process that answers JSON lines: one request at a time, each with its own limit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Timer
from typing import IO, Any

TAIL = 300  # characters of the worker's last words
MANY = 8192  # bytes of standard error that are read for them


class Lost(Exception):
    """The worker died, hung or spoke out of turn; the text says which. It is gone."""


class Process:
    """A running worker. It ends with its input: when this process does, or at `stop`."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        """Start it. Raises Lost where the program cannot be started."""
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - _end closes it
        try:
            self._process = subprocess.Popen(
                list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
                env={**os.environ, **environ}, start_new_session=True,
            )
        except OSError as error:
            self._errors.close()
            raise Lost(f"it does not start: {error}") from error
        self._number = 0
        self._end = weakref.finalize(self, _end, self._process, self._errors)

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    def ask(self, request: Mapping[str, Any], *, seconds: float) -> dict[str, Any]:
        """The answer to a request. Raises Lost after `seconds`, at its end, or for garbage."""
        self._number += 1
        late: list[bool] = []

        def give_up() -> None:
            late.append(True)
            _kill(self._process)

        timer = Timer(seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            line = self._exchange({"id": self._number, **request})
        finally:
            timer.cancel()
        if late:
            raise self._lost(f"no answer within {seconds:g} s")
        if not line.endswith(b"\n"):
            raise self._lost("it ended")
        try:
            answer = json.loads(line)
            right = answer["id"] == self._number and ("done" in answer) != ("failed" in answer)
        except (ValueError, TypeError, KeyError):
            right = False
        if not right:
            raise self._lost(f"not an answer: {line[:60].decode('utf-8', 'replace').strip()!r}")
        found: dict[str, Any] = answer
        return found

    def stop(self) -> None:
        """End it at once."""
        self._end()

    def _exchange(self, request: Mapping[str, Any]) -> bytes:
        if self._process.stdin is None or self._process.stdout is None:  # pragma: no cover
            raise AssertionError("started without pipes")
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            return b""  # it died before it read all of it
        return self._process.stdout.readline()

    def _lost(self, what: str) -> Lost:
        _kill(self._process)
        code = self._process.wait()
        ended = f" by signal {-code}" if code < 0 else f" with exit code {code}"
        words = self._last_words()
        self.stop()
        what += ended if what == "it ended" else ""
        return Lost(f"{what}: {words}" if words else what)

    def _last_words(self) -> str:
        end = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, end - MANY))
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:TAIL] if lines else ""


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):  # it may be gone
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    _kill(process)
    process.wait()
    for pipe in (process.stdin, process.stdout, errors):
        with suppress(OSError):
            if pipe is not None:
                pipe.close()
