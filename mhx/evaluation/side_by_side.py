"""Answers of base and adapter to the same prompts, side by side: batched, seeded, resumable.

Finished batches lie in a journal beside the file, a line a batch, each synced; the same command
goes on after the last whole batch, and ends with the same bytes as one that was not
interrupted (on a CPU, with the same number of threads).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mhx.atomic import alone
from mhx.errors import UsageError
from mhx.files import hash_folder, hash_json, read_table, sha256, write_jsonl, write_parquet
from mhx.run import Reporter
from mhx.training.base import base_hash
from mhx.training.masks import Message

SYSTEMS = ("base", "adapter")
FORMATS = (".jsonl", ".parquet")
BATCH = 16


@dataclass(frozen=True)
class Asked:
    """One prompt: its name in the file, the seeker's words, the conversation a model gets."""

    unit: str
    prompt: str
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Sampling:
    """How answers are drawn; a batch has a seed of its own, so it is drawn alike alone."""

    max_new_tokens: int = 64
    temperature: float = 0.0
    seed: int = 0
    batch_size: int = BATCH


def answer_side_by_side(
    asked: Sequence[Asked], systems: Mapping[str, Path | None], out: Path, *, base: str,
    sampling: Sampling | None = None, device: str = "auto", reporter: Reporter | None = None,
) -> list[dict[str, Any]]:
    """Write `out` (JSONL or Parquet), a row a prompt and system; services stay slots.

    `systems` are names with the adapter's folder, None for the base alone. Rows are ``unit,
    system, prompt, response, signature``; `signature` hashes the base, the adapter, the prompts
    and the sampling. A file that is there with the same rows asked is read, not made again; one
    with others raises UsageError, as another ending than .jsonl or .parquet does.
    """
    if out.suffix not in FORMATS:
        raise UsageError(f"--out {out}", f"a file that ends in {' or '.join(FORMATS)}")
    sampling = sampling or Sampling()
    keys = {name: _signature(asked, base, folder, sampling) for name, folder in systems.items()}
    journal = out.with_name(f"{out.name}.part")
    out.parent.mkdir(parents=True, exist_ok=True)
    with alone(journal):
        if out.is_file():
            return _read(out, keys, len(asked))
        done = _resumed(journal, set(keys.values()))
        rows: list[dict[str, Any]] = []
        for name, folder in systems.items():
            made = done.get(keys[name], [])
            if made and reporter is not None:
                reporter.say(f"  {name}: {len(made)} of {len(asked)} answers are there already")
            left = asked[len(made) :]
            answers = _made(
                asked, len(made), folder, journal, base=base, sampling=sampling, device=device,
                key=keys[name],
            )
            shown = left if reporter is None else reporter.track(left, f"answers of the {name}")
            made += [answer for _, answer in zip(shown, answers, strict=True)]
            rows += [
                {"unit": item.unit, "system": name, "prompt": item.prompt, "response": answer,
                 "signature": keys[name]}
                for item, answer in zip(asked, made, strict=True)
            ]
        _write(out, rows)
        journal.unlink(missing_ok=True)
    return rows


def _made(
    asked: Sequence[Asked], begin: int, folder: Path | None, journal: Path, *, base: str,
    sampling: Sampling, device: str, key: str,
) -> Iterator[str]:
    """Answers from the batch that begins at `begin` on, each batch in the journal once whole."""
    from mhx.training.base import load_model, load_tokenizer
    from mhx.training.generate import generate

    if begin >= len(asked):
        return
    model = load_model(base, device=device, adapter=folder)
    tokenizer = load_tokenizer(base)
    size = sampling.batch_size
    for start in range(begin, len(asked), size):
        answers = list(
            generate(
                model, tokenizer, [item.messages for item in asked[start : start + size]],
                max_new_tokens=sampling.max_new_tokens, temperature=sampling.temperature,
                seed=int(sha256(f"{sampling.seed}|{start}")[:8], 16), batch_size=size,
            )
        )
        with journal.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps([key, start, answers]) + "\n")
            file.flush()
            os.fsync(file.fileno())
        yield from answers


def _resumed(journal: Path, keys: set[str]) -> dict[str, list[str]]:
    """Answers of the journal's whole lines by signature; what a kill tore off is cut away."""
    if not journal.is_file():
        return {}
    text = journal.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    if whole != text:
        journal.write_bytes(whole)
    found: dict[str, list[str]] = {}
    for line in whole.splitlines():
        with suppress(ValueError):
            key, start, answers = json.loads(line)
            if key in keys and start == len(found.get(key, [])):
                found.setdefault(key, []).extend(answers)
    return found


def _signature(
    asked: Sequence[Asked], base: str, folder: Path | None, sampling: Sampling
) -> str:
    return hash_json({
        "base": base_hash(base) or base, "adapter": hash_folder(folder) if folder else None,
        "asked": [asdict(item) for item in asked], "sampling": asdict(sampling),
    })[:16]


def _read(out: Path, keys: Mapping[str, str], count: int) -> list[dict[str, Any]]:
    rows = read_table(out).to_dicts()
    wanted = [(name, key) for name, key in keys.items() for _ in range(count)]
    if [(row.get("system"), row.get("signature")) for row in rows] != wanted:
        raise UsageError(f"{out} holds answers of other settings", "another --out, or remove it")
    return [{**row, "response": row["response"] or ""} for row in rows]


def _write(out: Path, rows: list[dict[str, Any]]) -> None:
    import polars as pl

    if out.suffix == ".jsonl":
        write_jsonl(out, rows)
    else:
        write_parquet(out, pl.DataFrame(rows))
