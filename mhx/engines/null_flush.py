"""A pipeline of programs that stays open: records framed by NUL go in, as many come out."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import IO

START_AGAIN = 1  # times a batch is sent to a new process when the old one died over it
CLOSING = 0.5  # seconds a process has to end by itself


class Stopped(Exception):
    """The pipeline ended or fell silent; the text is what it said on standard error."""


class NullFlush:
    """One long-lived process; started when first needed, and again when it has died.

    `filler` is an empty record. Programs in the pipeline may hold a record back until the next
    one comes, so `push` of them follow every batch; their answers are dropped. `patience` is how
    long it may be silent, in seconds.
    """

    def __init__(
        self, command: Sequence[str], filler: str, *, push: int = 2, patience: float = 120.0
    ) -> None:
        self._command = list(command)
        self._filler, self._push, self._patience = filler, push, patience
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._left = b""  # what came after the last batch's answers
        self._owed = 0  # fillers whose answers have not come yet

    def ask(self, records: Sequence[str]) -> list[str]:
        """One answer a record, in order. A record holds no NUL. Raises Stopped."""
        if any("\0" in record for record in records):
            raise ValueError("a record with a NUL would shift every answer after it")
        for attempt in range(START_AGAIN + 1):
            try:
                return self._batch(records) if records else []
            except Stopped:
                self.close()
                if attempt == START_AGAIN:
                    raise
        return []

    def _batch(self, records: Sequence[str]) -> list[str]:
        process = self._running()
        fillers = [self._filler] * self._push
        payload = b"".join(record.encode() + b"\0" for record in (*records, *fillers))
        # a thread: both pipes have an end, and the answers to a long batch come before its last
        writer = threading.Thread(target=_write, args=(process, payload), daemon=True)
        writer.start()
        wanted = self._owed + len(records)
        found = self._left
        while found.count(b"\0") < wanted:
            found += self._more(process)
        writer.join(self._patience)  # its last bytes must not come after the next batch's first
        answers = found.split(b"\0")
        self._left = answers.pop()
        given = answers[self._owed : wanted]
        self._owed = wanted + self._push - len(answers)
        return [answer.decode("utf-8", "replace") for answer in given]

    def _more(self, process: subprocess.Popen[bytes]) -> bytes:
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(self._patience):
                raise Stopped(f"no answer in {self._patience:g} s")
        part = os.read(process.stdout.fileno(), 65536)
        if not part:
            raise Stopped(self._said() or "it ended")
        return part

    def _said(self) -> str:
        if self._errors is None:
            return ""
        self._errors.seek(0)
        return " ".join(self._errors.read().decode("utf-8", "replace").split())[:200]

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - close() does
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
                start_new_session=True,  # the pipeline ends as a whole
            )
        return self._process

    def close(self) -> None:
        """End the process and what it started; the next batch starts a new one."""
        process, self._process = self._process, None
        self._left, self._owed = b"", 0
        if process is not None:
            _end(process)
        if self._errors is not None:
            self._errors.close()
            self._errors = None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close its input, wait a moment, then kill it with all that it started."""
    with contextlib.suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
    end = time.monotonic() + CLOSING
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _write(process: subprocess.Popen[bytes], payload: bytes) -> None:
    """All of it; a process that has died is noticed where it is read from."""
    with contextlib.suppress(OSError, ValueError):
        assert process.stdin is not None
        left = memoryview(payload)
        while left:
            left = left[process.stdin.write(left) or 0 :]
