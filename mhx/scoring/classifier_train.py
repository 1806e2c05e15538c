"""A sequence classifier of the EPITOME mechanisms trained from labelled answers.

One encoder with three outputs (levels) a mechanism, labelled ``mechanism:level``: what `classifier`
reads. The messages of the held-out part are in no other part; the agreement measured
on it is stored beside the weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.errors import MhxError, Problem, UsageError
from mhx.files import sha256, write_json
from mhx.scoring.agreed import macro_f1
from mhx.scoring.classifier import AGREEMENT, LEVELS, Classifier, encode, longest_input
from mhx.scoring.measures import MECHANISMS
from mhx.training.base import pick_device, quiet, require

if TYPE_CHECKING:
    import polars as pl

IGNORED = -100  # what cross-entropy leaves out: an answer without a label of the mechanism
HELD_OUT = 0.2


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained; the rate falls linearly to nothing."""

    epochs: int = 4
    batch_size: int = 16
    learning_rate: float = 5e-5
    longest: int = 256
    seed: int = 0


@dataclass(frozen=True)
class Labelled:
    """Answers with people's levels: `levels[i][k]` of mechanism k, None for no label."""

    prompts: tuple[str, ...]
    responses: tuple[str, ...]
    levels: tuple[tuple[int | None, ...], ...]

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """Those that any answer has a level of: a classifier gets no outputs for others."""
        return tuple(
            name for place, name in enumerate(MECHANISMS)
            if any(row[place] is not None for row in self.levels)
        )

    def part(self, rows: Sequence[int]) -> Labelled:
        """These rows alone."""
        return Labelled(
            tuple(self.prompts[i] for i in rows), tuple(self.responses[i] for i in rows),
            tuple(self.levels[i] for i in rows),
        )

    def halves(self, share: float = HELD_OUT, seed: int = 0) -> tuple[Labelled, Labelled]:
        """(training part, held-out part); a message and all its answers are in one part."""
        drawn = [int(sha256(f"{seed}|{text}")[:8], 16) / 16**8 < share for text in self.prompts]
        return (
            self.part([i for i, held in enumerate(drawn) if not held]),
            self.part([i for i, held in enumerate(drawn) if held]),
        )


def labelled(
    frame: pl.DataFrame, *, prompt: str, response: str, columns: Mapping[str, str], path: Path
) -> Labelled:
    """A table's answers with levels; `columns` are by mechanism. Empty labels are no label.

    Raises MhxError for columns that are not there and labels other than 0, 1 and 2, by line.
    """
    wanted = [prompt, response, *columns.values()]
    problems = [
        Problem(f"no column {name!r}", f"columns: {', '.join(frame.columns)}", path=path)
        for name in dict.fromkeys(wanted)
        if name not in frame.columns
    ]
    if not columns:
        problems.append(Problem("no column of levels", f"--label {MECHANISMS[0]}=COL", path=path))
    if problems:
        raise MhxError(problems)
    levels = []
    for line, row in enumerate(frame.iter_rows(named=True), start=2):
        found: list[int | None] = []
        for name in MECHANISMS:
            value = row.get(columns[name]) if name in columns else None
            text = "" if value is None else str(value).strip()
            if text not in ("", "0", "1", "2", "0.0", "1.0", "2.0"):
                problems.append(Problem(f"{name}: {text!r} is no level", "0, 1, 2 or nothing",
                                        path=path, line=line, field=columns[name]))
            found.append(int(float(text)) if text and not problems else None)
        levels.append(tuple(found))
    if problems:
        raise MhxError(problems)
    asked, said = (tuple(str(value or "") for value in frame[name]) for name in (prompt, response))
    return Labelled(asked, said, tuple(levels))


def table_of(labels: Sequence[str], frame: pl.DataFrame) -> dict[str, str]:
    """Columns of levels by mechanism: MECHANISM=COL given, else the columns named so.

    Raises UsageError for what is no MECHANISM=COL.
    """
    if not labels:
        return {name: name for name in MECHANISMS if name in frame.columns}
    found = {}
    for text in labels:
        name, mark, column = text.partition("=")
        if not mark or name not in MECHANISMS:
            raise UsageError(f"--label {text!r}", f"MECHANISM=COL of {', '.join(MECHANISMS)}")
        found[name] = column
    return found


def train_classifier(
    data: Labelled, base: str, into: Path, *, lang: str, recipe: Recipe | None = None,
    device: str = "auto", held_out: Labelled | None = None, held_out_name: str = "",
) -> dict[str, Any]:
    """Train `base` on `data`, write the classifier to `into`, measure and store its agreement.

    Without `held_out` a fifth of the messages is held out. Returns the record stored beside the
    weights: `rows` as those of the cues, mechanisms that the held-out part has labels of.
    Raises MhxError for a base that is no encoder of sequence classification, or no label.
    """
    recipe = recipe or Recipe()
    if held_out is None:
        data, held_out = data.halves(seed=recipe.seed)
        held_out_name = f"held-out messages ({HELD_OUT:.0%})"
    if not data.mechanisms:
        raise MhxError(Problem("no labelled answer to train on", "fill in the levels 0-2"))
    model, tokenizer = _opened(base, data.mechanisms, recipe.seed)
    _fit(model.to(pick_device(device)), tokenizer, data, recipe)
    model.to("cpu").save_pretrained(into)
    tokenizer.save_pretrained(into)
    made = Classifier(str(into), None, device)
    record = {
        "lang": lang, "model_sha256": made.digest, "base": Path(base).name, "data": held_out_name,
        "trained_on": len(data.responses), "recipe": asdict(recipe),
        "rows": agreement_rows(held_out, made.levels(held_out.prompts, held_out.responses)),
    }
    write_json(into / AGREEMENT, record)
    return record


def _opened(base: str, mechanisms: Sequence[str], seed: int) -> tuple[Any, Any]:
    require("torch", "transformers")
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    quiet()
    torch.manual_seed(seed)  # the new head is drawn
    names = [f"{of}:{level}" for of in mechanisms for level in range(LEVELS)]
    try:
        model = AutoModelForSequenceClassification.from_pretrained(
            base, num_labels=len(names), id2label=dict(enumerate(names)),
            label2id={name: place for place, name in enumerate(names)},
            ignore_mismatched_sizes=True,
        )
        return model, AutoTokenizer.from_pretrained(base)
    except (OSError, ValueError) as error:
        fix = "an encoder with its tokenizer, by folder or name of the hub"
        raise MhxError(Problem(f"cannot load base {base}: {error}", fix)) from error


def _fit(model: Any, tokenizer: Any, data: Labelled, recipe: Recipe) -> None:
    import torch

    order = torch.Generator().manual_seed(recipe.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=0.01)
    steps = recipe.epochs * -(-len(data.responses) // recipe.batch_size)
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    longest = min(recipe.longest, longest_input(model, tokenizer))
    places = [MECHANISMS.index(name) for name in data.mechanisms]
    model.train()
    for _ in range(recipe.epochs):
        rows = torch.randperm(len(data.responses), generator=order).tolist()
        for start in range(0, len(rows), recipe.batch_size):
            part = data.part(rows[start : start + recipe.batch_size])
            inputs = encode(tokenizer, part.prompts, part.responses, longest=longest)
            wanted = torch.tensor(
                [[IGNORED if row[k] is None else row[k] for k in places] for row in part.levels],
                device=model.device,
            )
            if bool((wanted == IGNORED).all()):
                continue
            logits = model(**inputs.to(model.device)).logits
            loss = torch.nn.functional.cross_entropy(
                logits.view(-1, LEVELS), wanted.view(-1), ignore_index=IGNORED
            )
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            falling.step()
            optimizer.zero_grad()
    model.eval()


def agreement_rows(
    people: Labelled, made: Mapping[str, Sequence[int]]
) -> list[dict[str, Any]]:
    """A row a mechanism: quadratic κ with its bootstrap interval, F1 binary and of three levels."""
    import polars as pl

    from mhx.stats.agreement import agree

    rows = []
    for place, name in enumerate(MECHANISMS):
        human = [row[place] for row in people.levels]
        kept = [i for i, level in enumerate(human) if level is not None and name in made]
        if not kept:
            continue
        pairs = pl.DataFrame({
            "unit": kept, "human": [human[i] for i in kept], "made": [made[name][i] for i in kept],
        })
        table = pairs.unpivot(["human", "made"], index="unit", variable_name="rater")
        kappa = agree(
            table, item="unit", rater="rater", rating="value", level="interval", range_=(0, 2)
        ).pairs[0].statistics["kappa_quadratic"]
        one, two = pairs["human"].to_list(), pairs["made"].to_list()
        rows.append({
            "mechanism": name, "n": len(kept), "kappa_quadratic": kappa.value,
            "kappa_low": kappa.low, "kappa_high": kappa.high,
            "f1_binary": macro_f1([min(x, 1) for x in one], [min(x, 1) for x in two], (0, 1)),
            "f1_macro": macro_f1(one, two, (0, 1, 2)),
        })
    return rows
