"""The segment cache: what an engine answered, by engine signature and what it saw, in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mhx.contracts import Reply
from mhx.errors import MhxError, Problem, os_problem
from mhx.files import hash_json

NAME = "segments.sqlite"
AT_ONCE = 500  # keys a query: SQLite takes at least 999 parameters


class ReplyCache:
    """Replies of one engine signature. Failures are kept out: the next run tries again."""

    def __init__(self, folder: Path, signature: str) -> None:
        """Open `folder`/segments.sqlite, making it. Raises MhxError when it cannot be used."""
        self._path = folder / NAME
        self._signature = signature
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # several runs share the file: wait for another's transaction
            self._db = sqlite3.connect(self._path, timeout=60)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS reply (key TEXT PRIMARY KEY, text TEXT, meta TEXT)"
            )
        except OSError as error:
            raise os_problem(error, folder) from error
        except sqlite3.Error as error:
            raise self._unusable(error, "mhx purge --cache") from error

    def _unusable(self, error: sqlite3.Error, fix: str) -> MhxError:
        return MhxError(Problem(f"the cache cannot be used: {error}", fix, path=self._path))

    def _key(self, key: Any) -> str:
        return hash_json([self._signature, key])

    def known(self, keys: Sequence[Any]) -> dict[Any, Reply]:
        """The stored replies among these keys."""
        digests = {self._key(key): key for key in keys}
        names = list(digests)
        found: dict[Any, Reply] = {}
        try:
            for start in range(0, len(names), AT_ONCE):
                part = names[start : start + AT_ONCE]
                marks = ",".join("?" * len(part))
                rows = self._db.execute(
                    f"SELECT key, text, meta FROM reply WHERE key IN ({marks})", part
                )
                for digest, text, meta in rows:
                    found[digests[digest]] = Reply(text=text, **json.loads(meta))
        except sqlite3.Error as error:
            raise self._unusable(error, "mhx purge --cache") from error
        return found

    def put(self, replies: Mapping[Any, Reply]) -> None:
        """Store replies that have text, in one transaction."""
        rows = [
            (
                self._key(key),
                reply.text,
                json.dumps(
                    {"engine": reply.engine, "revision": reply.revision, "detail": reply.detail}
                ),
            )
            for key, reply in replies.items()
            if reply.text is not None
        ]
        try:
            with self._db:
                self._db.executemany("INSERT OR REPLACE INTO reply VALUES (?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise self._unusable(error, "free disk space") from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()
