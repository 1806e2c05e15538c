"""Answers of endpoints on disk, each as it comes: what a killed run was told is not asked again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from mhx.endpoint.chat import Completion
from mhx.errors import MhxError, Problem, os_problem

NAME = "completions.sqlite"


class Store:
    """`completions.sqlite` of a folder, by key. Failures are kept out. Used by one thread."""

    def __init__(self, folder: Path) -> None:
        """Open it, making it. Raises MhxError when it cannot be used."""
        self._path = folder / NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self._path, timeout=60)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("CREATE TABLE IF NOT EXISTS answer (key TEXT PRIMARY KEY, value TEXT)")
        except OSError as error:
            raise os_problem(error, folder) from error
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _unusable(self, error: sqlite3.Error) -> MhxError:
        fix = "free disk space, or mhx purge --cache"
        return MhxError(Problem(f"the cache cannot be used: {error}", fix, path=self._path))

    def get(self, key: str) -> Completion | None:
        """The stored answer, marked as cached, or None."""
        try:
            row = self._db.execute("SELECT value FROM answer WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        if row is None:
            return None
        value = json.loads(row[0])
        unsent = tuple(value.pop("unsent", ()))
        return Completion(**value | {"cached": True, "unsent": unsent})

    def put(self, key: str, answer: Completion) -> None:
        """Store an answer that has text, at once."""
        if answer.text is None:
            return
        value = json.dumps(asdict(replace(answer, seconds=0.0)), ensure_ascii=False)
        try:
            with self._db:
                self._db.execute("INSERT OR REPLACE INTO answer VALUES (?, ?)", (key, value))
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def drop(self, keys: Iterable[str]) -> None:
        """Forget answers."""
        try:
            with self._db:
                self._db.executemany("DELETE FROM answer WHERE key = ?", [(key,) for key in keys])
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()
