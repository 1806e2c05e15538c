"""train: a LoRA adapter on the run's corpus, resumed from its checkpoint after a kill."""

from __future__ import annotations

from mhx.errors import MhxError, Problem
from mhx.files import hash_file
from mhx.run import Counts, Run
from mhx.training.adapter import FILES, fit, records_of
from mhx.training.lora import CURVES

SETTINGS = (
    "lang", "base_model", "base_sha256", "device", "plugin_sha256.language"
)
OUTPUTS = tuple(f"adapter/{name}" for name in (*FILES, CURVES))


def run(run: Run) -> None:
    """Write `adapter/` in PEFT's layout, with a model card and a manifest."""
    corpus = run.path("corpus/train.jsonl")
    train = records_of(corpus)
    valid = records_of(run.path("corpus/valid.jsonl"))
    if not train:
        raise MhxError(
            Problem(
                "no dialogue passed the gate into the training split",
                f"see why in {run.path('review.jsonl')}; another --translator may help, and "
                "--until gate stops before training",
                path=corpus,
            )
        )
    result = fit(
        run.language,
        train,
        valid,
        base=run.settings.base_model,
        out=run.path("adapter"),
        device=run.settings.device,
        reporter=run.reporter,
        corpus_sha256=hash_file(corpus),
    )
    risky = sum(str(item.get("risk", "none")) != "none" for item in train)
    short = (
        [f"stopped at {result.steps} of {result.planned_steps} steps (max_steps in train.yaml)"]
        if result.steps < result.planned_steps and not result.stopped_at
        else []
    )
    cut = [f"dialogues cut to max_length: {result.cut}"] if result.cut else []
    early = (
        [f"stopped early at step {result.stopped_at}; the weights of step {result.best_step} kept"]
        if result.stopped_at
        else []
    )
    words = [f"tokenizer: {result.fertility}"] if result.fertility else []
    resumed = [f"resumed at step {result.resumed_at}"] if result.resumed_at else []
    run.log(
        "trained",
        steps=result.steps,
        tokens=result.tokens,
        labelled=result.labelled,
        resumed_at=result.resumed_at,
    )
    run.account(
        "train",
        Counts(
            rows_in=len(train),
            accepted=len(train) - len(result.left_out),
            rejected=len(result.left_out),
            reasons={"too_long": len(result.left_out)} if result.left_out else {},
            notes=[
                f"risk dialogues in training: {risky} of {len(train)}",
                f"{result.steps} steps, loss {result.first_loss:.2f} to {result.last_loss:.2f}",
                *short,
                *early,
                *cut,
                *words,
                *result.notes,
                *resumed,
            ],
        ),
    )
