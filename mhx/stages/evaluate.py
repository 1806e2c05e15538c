"""evaluate: perplexity, translation, adaptation, empathy, parity, and a proof of the statistics."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mhx.corpus.export import split_counts
from mhx.corpus.probe_text import agreement_of
from mhx.corpus.probes import NEUTRAL, choose, compose
from mhx.evaluation.acceptance import acceptance
from mhx.evaluation.answers import score_answers
from mhx.evaluation.corpus import adaptation, examples, translation
from mhx.evaluation.groups import controls, parity_of
from mhx.evaluation.measured import measure_rows
from mhx.evaluation.opened import open_in_run
from mhx.evaluation.side_by_side import SYSTEMS
from mhx.evaluation.skills import skill_profiles
from mhx.files import hash_file, load_model, read_text, read_yaml, write_json, write_parquet
from mhx.run import Counts, Run, machine, versions
from mhx.schema import AnalysisPlan, MeasureManifest, SuiteManifest
from mhx.training.adapter import recipe_for, records_of
from mhx.training.base import TINY, pick_device
from mhx.training.lora import CURVES

if TYPE_CHECKING:
    import polars as pl

SETTINGS = (
    "lang", "territory", "suite", "all_probes", "seed", "base_model", "base_sha256", "device",
    "source", "translator", "limit", "plugin_sha256.source", "plugin_sha256.language",
    "plugin_sha256.card", "plugin_sha256.suite", "plugin_sha256.territory",
    "judges", "rubrics", "classifier", "cases", "plugin_sha256.judging",
    "plugin_sha256.classifier", "request_budget", "token_budget",
)
OUTPUTS = ("scores.parquet", "responses.parquet", "evaluation.json")
SPLITS = ("train", "valid", "test")
PERPLEXITY_DIALOGUES = 64  # of the test split; more would only tighten the interval
BABBLE = "pipeline check, not a finding: the base of a few million parameters answers with babble"


def run(run: Run) -> None:
    """Write `responses.parquet`, `scores.parquet` and `evaluation.json` (what the report shows)."""
    suite_folder = run.shelves.get("eval", run.settings.suite).folder
    suite = load_model(suite_folder / "suite.yaml", SuiteManifest)
    plan_path = suite_folder / suite.analysis
    plan = load_model(plan_path, AnalysisPlan)
    run.log("plan frozen", suite=suite.name, plan_sha256=hash_file(plan_path))
    responses = respond(run, suite, plan)
    found = score_answers(run, suite, responses)
    scores = found.empathy
    write_parquet(run.path("responses.parquet"), responses)
    write_parquet(run.path("scores.parquet"), found.table(run.language.tag))
    run.reporter.say("  parity and proof of the statistics")
    result: dict[str, Any] = {
        "meta": _meta(run, plan, hash_file(plan_path), responses),
        "accounts": _accounts(run),
        "acceptance": acceptance(run),
        "learning": _learning(run),
        "perplexity": _perplexity(run),
        "translation": translation(run),
        "adaptation": adaptation(run),
        **found.parts,
        "skills": skill_profiles(run, responses),
        **_parity(scores, plan, run),
        "cross_language": _cross_language(run, plan),
        "proving": _proof(run.settings.seed),
        "responses": _some(responses),
        "examples": examples(run),
    }
    result["measures"] = measure_rows(found.measured, result, run.shelves)
    write_json(run.path("evaluation.json"), result)
    scored = scores.filter(scores["status"] == "scored")["unit"].n_unique() if scores.height else 0
    probes = responses["unit"].n_unique() if responses.height else 0
    run.account(
        "evaluate",
        Counts(
            rows_in=probes,
            accepted=scored,
            review=0,
            rejected=probes - scored,
            reasons=_unscored(scores, probes - scored),
            notes=_notes(run, responses),
        ),
    )


def _unscored(scores: pl.DataFrame, count: int) -> dict[str, int]:
    """Why probes have no score: no scorer for the language, or an empty answer."""
    if not count:
        return {}
    return {"empty_answer" if scores.height else "no_scorer": count}


# ---------------------------------------------------------------- answers


def respond(run: Run, suite: SuiteManifest, plan: AnalysisPlan) -> pl.DataFrame:
    """Answers of base and adapter to the chosen probes, greedy: one row a probe and system."""
    import polars as pl

    from mhx.talking import conversation
    from mhx.training.base import load_model as load_base
    from mhx.training.base import load_tokenizer
    from mhx.training.generate import generate

    probes = run.language.probes
    if probes is None:
        return pl.DataFrame(schema={"unit": pl.String, "system": pl.String, "scenario": pl.String})
    count = None if run.settings.all_probes else suite.scenarios_default
    seed = run.settings.seed
    composed = compose(
        probes,
        choose(probes, count=count, seed=seed),
        seed=seed,
        attributes=plan.groups,
        forms=suite.forms,
        agreeing=agreement_of(run.language),
    )
    rows = [{**row, "spans": json.dumps(row["spans"], ensure_ascii=False)} for row in composed]
    asked = [conversation(run.language, [row["prompt"]]) for row in rows]
    tokenizer = load_tokenizer(run.settings.base_model)
    out: list[dict[str, Any]] = []
    for system in SYSTEMS:
        adapter = run.path("adapter") if system == "adapter" else None
        model = load_base(run.settings.base_model, device=run.settings.device, adapter=adapter)
        answers = generate(
            model, tokenizer, asked, max_new_tokens=suite.max_new_tokens, seed=seed
        )
        for row, answer in zip(
            run.reporter.track(rows, f"answers of the {system}"), answers, strict=True
        ):
            out.append({**row, "system": system, "response": answer,
                        "length": len(answer.split())})
    return pl.DataFrame(out, infer_schema_length=None)


# ---------------------------------------------------------------- parity


def _parity(scores: pl.DataFrame, plan: AnalysisPlan, run: Run) -> dict[str, Any]:
    """Gaps of each system, and the gaps between wordings that they are read beside."""
    results = {
        system: parity_of(
            scores, plan, system, run.language.tag,
            models=run.settings.base_model != TINY,  # as checks; babble needs none
        )
        for system in (SYSTEMS if scores.height else ())
    }
    if not any(results.values()):
        why = "the language brings no probes or no empathy cues, so there is nothing to compare"
        return {"parity": {"base": None, "adapter": None}, "parity_note": why}
    note = BABBLE if run.settings.base_model == TINY else ""
    return {
        "parity": {system: one.records() if one else None for system, one in results.items()},
        "parity_note": note,
        "controls": {system: controls(scores, plan, system) for system in SYSTEMS},
    }


def _cross_language(run: Run, plan: AnalysisPlan) -> dict[str, Any]:
    """No anchors ship, so no gap across languages is computed, let alone printed."""
    from mhx.stats.effects import ANCHOR_SD_SHARE, anchors_needed

    manifest = load_model(run.shelves.get("eval", "epitome").manifest, MeasureManifest)
    low, high = manifest.scale or [0.0, 1.0]
    return {
        "verdict": "insufficient anchors",
        "needed": anchors_needed(plan.margin, ANCHOR_SD_SHARE * (high - low), alpha=plan.alpha),
        "why": "scores of two languages come from two scorers: human-rated linking anchors must "
        "show that these agree before a gap means anything",
    }


def _proof(seed: int) -> dict[str, Any]:
    from mhx.stats.proving import quick_proof

    return quick_proof(seed)


# ---------------------------------------------------------------- training, perplexity


def _learning(run: Run) -> list[dict[str, Any]]:
    """The loss of every step, and of the held-out dialogues where it was measured."""
    path = run.path(f"adapter/{CURVES}")
    lines = read_text(path).splitlines() if path.is_file() else []  # an earlier run kept none
    return [json.loads(line) for line in lines if line]


def _perplexity(run: Run) -> list[dict[str, Any]]:
    """Held-out perplexity of base and adapter on the test split."""
    import polars as pl

    records = records_of(run.path("corpus/test.jsonl"))[:PERPLEXITY_DIALOGUES]
    if not records:
        return []
    frame = pl.DataFrame(
        {
            "unit": [str(record["id"]) for record in records],
            "response": [json.dumps(record["messages"], ensure_ascii=False) for record in records],
        }
    )
    out = []
    for system in SYSTEMS:
        adapter = str(run.path("adapter")) if system == "adapter" else None
        opened = open_in_run(
            run,
            "perplexity",
            base=run.settings.base_model,
            adapter=adapter,
            max_length=recipe_for(run.language, run.settings.base_model).max_length,
        )
        if opened is not None:
            scored = opened[1].score(frame)["score"].count()
            out.append({"system": system, "dialogues": len(records), "scored": scored,
                        **opened[1].summary(frame)})
    return out


# ---------------------------------------------------------------- the rest of the record


def _meta(run: Run, plan: AnalysisPlan, plan_sha: str, responses: pl.DataFrame) -> dict[str, Any]:
    manifest, settings = run.language.manifest, run.settings
    return {
        "lang": manifest.tag,
        "language": manifest.name,
        "autonym": manifest.autonym,
        "direction": manifest.direction,
        "territory": settings.territory,
        "translator": settings.translator,
        "quality": settings.quality,
        "base_model": settings.base_model,
        "suite": settings.suite,
        "seed": settings.seed,
        "today": settings.today.isoformat(),
        "run": run.folder.name,
        "device": pick_device(settings.device),
        "versions": versions(),
        "machine": machine(),
        "plan_sha256": plan_sha,
        "analysis": plan.model_dump(),
        "compares_across_languages": [
            item.name
            for item in (run.language.probes.attributes if run.language.probes else ())
            if item.compares_across_languages
        ],
        "pipeline_check": settings.base_model == TINY,
        "scenarios": responses["scenario"].n_unique() if responses.height else 0,
        "scenarios_in_all": len(run.language.probes.scenarios) if run.language.probes else 0,
        "source": settings.source or "the shipped English corpus",
        "text_origin": _origin(run),
        "corpus": {"splits": split_counts({
            name: records_of(run.path(f"corpus/{name}.jsonl")) for name in SPLITS})},
        "adapter": read_yaml(run.path("adapter/manifest.yaml"))[0],
    }


def _origin(run: Run) -> str:
    if run.settings.source is not None:
        return (
            f"the user's file {run.settings.source}; translated by {run.settings.translator}, "
            "reviewed by nobody"
        )
    return "written by a model, reviewed by nobody"


def _accounts(run: Run) -> list[dict[str, Any]]:
    return [
        {"stage": name, "seconds": record.seconds, **record.counts.model_dump()}
        for name, record in run.records().items()
        if record.counts is not None and name != "evaluate"
    ]


def _some(responses: pl.DataFrame) -> list[dict[str, Any]]:
    """A few answers of each system to the same probes."""
    if not responses.height:
        return []
    wanted = list(dict.fromkeys(responses["scenario"]))[:2]
    return [
        {
            "system": row["system"],
            "scenario": row["scenario"],
            "variant": _variant(row),
            "prompt": row["prompt"],
            "response": row["response"],
        }
        for row in responses.to_dicts()
        if row["scenario"] in wanted and row["form"] != "implicit" and row["control"] == "none"
        and _variant(row).startswith((NEUTRAL, "female"))
    ]


def _variant(row: dict[str, Any]) -> str:
    levels = [row[name] for name in row if name.startswith("group.") and row[name] != NEUTRAL]
    return "/".join(levels) or NEUTRAL


def _notes(run: Run, responses: pl.DataFrame) -> list[str]:
    probes = run.language.probes
    if probes is None or not responses.height:
        return ["no probes in this language: nothing to answer"]
    used = list(dict.fromkeys(responses["scenario"].to_list()))
    notes = [
        f"probes: {len(used)} of {len(probes.scenarios)} scenarios, seed {run.settings.seed} "
        f"({', '.join(used)}); --all-probes for the rest"
    ]
    return notes if len(used) < len(probes.scenarios) else notes[:0]
