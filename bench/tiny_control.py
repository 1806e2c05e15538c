"""Does an adapter on the tiny base learn the adapted text, or only train longer? With a control.

    python bench/tiny_control.py [--lang pl fa] [--seeds 10]

Three systems on the same held-out dialogues (the authored, adapted text of the test split, which
is in no tokenizer, base or memory): the base alone; the adapter, trained on the run's corpus; a
*control* of equal steps, rank, rate and seed that goes on with the base's own training text
(source and faithful versions of all languages). Measured is the loss in nats a token of the
supporter's turns. The interval of a difference is Student's t over the seeds, which are drawn
anew in training; the test dialogues are fixed. Seeds that are stored for the same base and texts
are not trained again.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import common

from mhx.corpus.export import CHAT_ROLES, adapted_turns
from mhx.files import hash_json
from mhx.language import Language, load_language
from mhx.shelves import Shelves, discover
from mhx.stats.distributions import t_quantile
from mhx.training.adapter import recipe_for, records_of
from mhx.training.base import base_hash, load_model
from mhx.training.lora import encode_records, mean_loss, train_lora
from mhx.training.tiny import train_texts

ROOT = Path(__file__).resolve().parents[1]
BASE = "mhx-tiny"
Record = dict[str, Any]


def held_out(language: Language, source: Language) -> list[Record]:
    """The authored, adapted text of the test split as chat records."""
    system = {"role": "system", "content": language.prompts.system.strip()}
    test = {item.id for item in source.source_corpus if item.split == "test"}
    return [
        {"id": item.id, "messages": [system, *(
            {"role": CHAT_ROLES[role], "content": text} for role, text in adapted_turns(item))]}
        for item in language.corpus if item.id in test
    ]


def corpus_of(tag: str, out: Path) -> list[Record]:
    """The training records of a run to the gate."""
    subprocess.run([sys.executable, "-m", "mhx", "adapt", "--lang", tag, "--until", "gate",
                    "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
    (path,) = out.glob(f"{tag}/*/corpus/train.jsonl")
    return records_of(path)


def loss(records: list[Record], adapter: Path | None, length: int) -> tuple[float, int]:
    """Nats a token over all records, and the tokens."""
    data = encode_records(records, BASE, max_length=length)
    model = load_model(BASE, device="cpu", adapter=adapter)
    return mean_loss(model, data.encoded, data.tokenizer.pad_token_id)


def trained(records: list[Record], test: list[Record], language: Language, seed: int) -> float:
    """The held-out loss of an adapter trained on `records` with the shipped recipe."""
    recipe = recipe_for(language, BASE).model_copy(update={"seed": seed})
    with tempfile.TemporaryDirectory() as folder:
        train_lora(records, [], base=BASE, recipe=recipe, out=Path(folder), device="cpu")
        return loss(test, Path(folder), recipe.max_length)[0]


def against(ours: list[float], theirs: list[float]) -> Record:
    """Mean difference (negative: ours is lower), its 95 % t interval, the ratio of perplexity."""
    gaps = [one - two for one, two in zip(ours, theirs, strict=True)]
    mean, count = statistics.fmean(gaps), len(gaps)
    half = (t_quantile(0.975, count - 1) * statistics.stdev(gaps) / math.sqrt(count)
            if count > 1 else math.nan)
    return {"difference": mean, "low": mean - half, "high": mean + half,
            "perplexity_ratio": math.exp(mean)}


def stored(tag: str, test: str, train: str) -> Record:
    """The row of an earlier run on the same base and texts, to go on from; {} without one."""
    path = common.RESULTS / "tiny_control.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if found.get("base_sha256") != base_hash(BASE):
        return {}
    return next((row for row in found["rows"] if (row["lang"], row["test_sha256"],
                row["train_sha256"]) == (tag, test, train)), {})


def measure(tag: str, seeds: int, shelves: Shelves) -> Record:
    """One language: base, adapter and control over the seeds."""
    language, source = (load_language(name, shelves=shelves) for name in (tag, "en"))
    test = held_out(language, source)
    base, tokens = loss(test, None, recipe_for(language, BASE).max_length)
    with tempfile.TemporaryDirectory() as folder:
        own = corpus_of(tag, Path(folder))
    mixture = [{"id": str(number), "messages": messages}
               for number, messages in enumerate(train_texts(shelves))]
    row = stored(tag, hash_json(test), hash_json(own))
    adapter, control = row.get("adapter_loss", [])[:seeds], row.get("control_loss", [])[:seeds]
    for seed in range(len(adapter), seeds):
        adapter.append(trained(own, test, language, seed))
        control.append(trained(mixture, test, language, seed))
        common.say(f"{tag} seed {seed}: base {base:.3f}, adapter {adapter[-1]:.3f}, "
                   f"control {control[-1]:.3f}")
    return {
        "lang": tag, "dialogues": len(test), "tokens": tokens, "base_loss": base,
        "base_perplexity": math.exp(base), "adapter_loss": adapter, "control_loss": control,
        "adapter_perplexity": math.exp(statistics.fmean(adapter)),
        "control_perplexity": math.exp(statistics.fmean(control)),
        "adapter_to_base": against(adapter, [base] * seeds),
        "adapter_to_control": against(adapter, control),
        "test_sha256": hash_json(test), "train_sha256": hash_json(own),
        "steps": recipe_for(language, BASE).max_steps,
    }


def main() -> None:
    """Measure and store `results/tiny_control.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lang", nargs="+", default=["pl", "fa"])
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args()
    shelves = discover(cwd=ROOT)
    rows = [measure(tag, given.seeds, shelves) for tag in given.lang]
    common.record("tiny_control", {"base_sha256": base_hash(BASE), "rows": json.loads(
        json.dumps(rows))})


if __name__ == "__main__":
    main()
