"""The segment cache: what an engine answered, by text and engine signature, in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mhx.contracts import Reply
from mhx.errors import MhxError, Problem, os_problem
from mhx.files import hash_json


class ReplyCache:
    """Replies of one engine signature. Failures are kept out: the next run tries again."""

    def __init__(self, folder: Path, signature: str) -> None:
        """Open `folder`/segments.sqlite, making it. Raises MhxError when it cannot be used."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(folder / "segments.sqlite")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS reply (key TEXT PRIMARY KEY, text TEXT, meta TEXT)"
            )
        except OSError as error:
            raise os_problem(error, folder) from error
        except sqlite3.Error as error:
            path = folder / "segments.sqlite"
            raise MhxError(
                Problem(f"the cache cannot be used: {error}", "mhx purge --cache", path=path)
            ) from error
        self._signature = signature

    def _key(self, key: Any) -> str:
        return hash_json([self._signature, key])

    def get(self, key: Any) -> Reply | None:
        """The stored reply, or None."""
        row = self._db.execute(
            "SELECT text, meta FROM reply WHERE key = ?", (self._key(key),)
        ).fetchone()
        return None if row is None else Reply(text=row[0], **json.loads(row[1]))

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
            raise MhxError(
                Problem(f"the segment cache cannot be written: {error}", "free disk space")
            ) from error
