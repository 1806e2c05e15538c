"""Freeze a language's rules and hooks before the edits of a blind test are written.

``python -m mhx.evaluation.freeze pl --dialogues grief-13 panic-13 …`` writes
`languages/pl/corpus/frozen.json`: what each rule does and what the hooks' code is, by hash, and the
ids of the test dialogues whose edits are then written by somebody who has not read the rules.
"""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from mhx.files import hash_file, hash_json, write_json
from mhx.language import Language, load_language
from mhx.schema import Rule

MEANING = (
    "these rules and hooks stood, with these hashes, before the edits of the named dialogues were "
    "written by an author who had not read them; only unchanged rules are measured, on these "
    "dialogues alone"
)


def rule_hash(rule: Rule) -> str:
    """The hash of what a rule does; what explains or tests it may be improved."""
    explains = {"tests", "reason", "evidence", "gloss"}
    return hash_json(rule.model_dump(mode="json", exclude=explains))


def hooks_hash(language: Language) -> str:
    """The hash of the code and word lists of the language's hooks; empty without them."""
    files = [*sorted(language.folder.glob("hooks*.py")), language.folder / "forms.yaml"]
    return hash_json([hash_file(path) for path in files if path.is_file()])


def frozen(language: Language, dialogues: list[str], *, today: date, caveat: str) -> dict[str, Any]:
    """The record to store."""
    return {
        "frozen_on": today.isoformat(),
        "means": MEANING,
        "caveat": caveat,
        "dialogues": sorted(dialogues),
        "hooks_sha256": hooks_hash(language),
        "rules": {rule.id: rule_hash(rule) for rule in language.card.rules},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tag")
    parser.add_argument("--dialogues", nargs="+", required=True)
    parser.add_argument("--caveat", default="")
    given = parser.parse_args()
    chosen = load_language(given.tag)
    record = frozen(chosen, given.dialogues, today=date.today(), caveat=given.caveat)
    write_json(chosen.folder / "corpus" / "frozen.json", record)
