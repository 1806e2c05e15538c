"""One judging job on a user's table: judged, compared with people, checked for drift, written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from mhx.contracts import MeasureSettings
from mhx.endpoint import Limits
from mhx.errors import UsageError
from mhx.files import hash_file, read_table, write_json, write_jsonl
from mhx.judging.agreement import against, human_ratings, store, stored
from mhx.judging.drift import Drift, drift, fixed_items
from mhx.judging.engine import JudgeSettings, Say, calls
from mhx.judging.judges import open_judge
from mhx.judging.measure import JudgedMeasure, folders
from mhx.judging.rubrics import rubric_of, worded
from mhx.judging.table import Scored, items_of, score_items
from mhx.language import load_language
from mhx.shelves import Shelves


@dataclass(frozen=True)
class Job:
    """What to judge, by whom and how; `columns` maps unit, response, prompt, context.

    `families` maps a judge's spec to its family; `by` is the model that wrote the responses.
    """

    table: Path
    rubric: str
    lang: str
    judges: tuple[str, ...]
    columns: Mapping[str, str | None]
    families: Mapping[str, str] = field(default_factory=dict)
    settings: JudgeSettings = field(default_factory=JudgeSettings)
    limits: Limits = field(default_factory=Limits)
    present: tuple[str, ...] = ()
    by: str = ""
    human: Path | None = None
    cache: Path | None = None
    device: str = "auto"


def family_options(texts: list[str], judges: tuple[str, ...]) -> dict[str, str]:
    """``SPEC=FAMILY`` options as a mapping. Raises UsageError for a judge that is not named."""
    found: dict[str, str] = {}
    for text in texts:
        spec, equals, family = text.rpartition("=")
        if not equals or spec not in judges or not family:
            raise UsageError(f"--judge-family {text!r}", "write SPEC=FAMILY, SPEC as in --judge")
        found[spec] = family.lower()
    return found


def planned(job: Job, shelves: Shelves) -> dict[str, Any]:
    """What the job would cost at most: nobody is asked. Raises as `run_job` for a wrong job."""
    items = items_of(read_table(job.table), job.columns, path=job.table, by=job.by)
    manifest, _ = rubric_of(job.rubric, shelves)
    for tag in job.present or (job.lang,):
        worded(manifest, tag, shelves)
    full = [item for item in items if item.response.strip()]
    return {
        "measure": job.rubric, "texts": len(full), "judges": len(job.judges),
        "repeats": job.settings.repeats, "mode": job.settings.mode,
        "calls_a_text": job.settings.way.calls, "rounds": job.settings.way.rounds,
        "calls": calls(len(full), len(job.judges), job.settings),
    }


def run_job(job: Job, shelves: Shelves, say: Say | None = None) -> Scored:
    """Judge the table; with `human`, measure the judges' agreement and store it for this scorer.

    Raises MhxError for columns, wording, endpoints and human ratings that cannot be used.
    """
    manifest, _ = rubric_of(job.rubric, shelves)
    human = None
    if job.human is not None:  # read first: a wrong file is seen before anything is spent
        unit = job.columns.get("unit") or "unit"
        human = human_ratings(read_table(job.human), manifest, unit=unit, path=job.human)
    options = {"judges": job.judges, "families": job.families, "mode": job.settings.mode,
               "repeats": job.settings.repeats, "seed": job.settings.seed, "present": job.present,
               "temperature": job.settings.temperature, "limits": job.limits,
               "skip_family": job.settings.skip_family}
    folder = shelves.get("languages", job.lang).folder
    opened = JudgedMeasure(manifest, MeasureSettings(job.lang, folder, cache=job.cache,
                                                     device=job.device, options=options), shelves)
    try:
        items = items_of(read_table(job.table), job.columns, path=job.table, by=job.by)
        done = score_items(items, manifest, job.lang, opened.presentations, opened.judges,
                           opened.settings, say, opened.finder)
        kept = folders(job.cache)[1]
        if job.human is None or human is None:  # of the judges that answered, not of all named
            return replace(done, agreement=stored(kept, done.signature))
        measured = {"language": job.lang, "human_sha256": hash_file(job.human),
                    "rows": against(done.scores, human, manifest, seed=job.settings.seed)}
        if kept is not None:
            store(kept, done.signature, measured)
        return replace(done, agreement=measured)
    finally:
        opened.close()


def check_drift(job: Job, shelves: Shelves, source: str, *, today: date) -> list[Drift]:
    """Each judge's answers to the fixed texts beside those stored before; the cache is not used.

    `source`: tag of the language that owns the dialogues. Raises UsageError where the job's
    language has no dialogues, MhxError where a judge cannot be used.
    """
    manifest, _ = rubric_of(job.rubric, shelves)
    own, owner = (load_language(tag, shelves=shelves) for tag in (job.lang, source))
    items = fixed_items(own, owner)
    if not items:
        raise UsageError(f"{job.lang} has no dialogues, so no fixed texts", "leave --drift out")
    shown = worded(manifest, (job.present or (job.lang,))[0], shelves)
    base, _ = folders(job.cache)
    found = []
    for spec in job.judges:
        one = open_judge(spec, family=job.families.get(spec, ""), limits=job.limits,
                         device=job.device)
        try:
            found.append(drift(one, items, shown, (base or Path()) / "drift", today=today))
        finally:
            one.close()
    return found


def write(done: Scored, drifts: list[Drift], folder: Path) -> list[Path]:
    """`scores.jsonl`, `ratings.jsonl` (every single answer) and `judging.json` (the rest)."""
    paths = [folder / name for name in ("scores.jsonl", "ratings.jsonl", "judging.json")]
    write_jsonl(paths[0], [{**row, **{"n": one.n, "asked": one.asked, "spread": one.spread,
                                      "detail": one.detail}}
                           for row, one in zip(done.frame().to_dicts(), done.scores, strict=True)])
    write_jsonl(paths[1], [asdict(one) for one in done.judged.ratings])
    write_json(paths[2], {**done.record(), "drift": [asdict(one) for one in drifts]})
    return paths
