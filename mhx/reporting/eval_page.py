"""`docs/eval.md`: every measure of the shelf with scale, source, languages and agreement.

``python -m mhx.reporting.eval_page docs`` writes it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mhx.files import write_text
from mhx.language import load_language
from mhx.reporting.markdown import to_markdown
from mhx.reporting.skills import SEEN
from mhx.reporting.table import Column, Row, Table
from mhx.schema import MeasureManifest
from mhx.scoring.measures import measure_manifest
from mhx.scoring.skill_job import measured
from mhx.scoring.skills import coder_of
from mhx.shelves import Shelves, default_shelves

NAME = "eval.md"
STORED = {"epitome": ("empathy_cues.yaml", "empathy_agreement.json")}
CUES = {"epitome": "empathy_cues.yaml", "safety_floor": "safety_floor.yaml"}
WITH = {"expert": "another expert", "epitome_label": "EPITOME's own label", "cues": "cues",
        "classifier": "classifier", "length": "length", "majority": "majority"}
BY_JUDGE = "unknown until measured: mhx judge --human FILE"


def measure_rows(shelves: Shelves) -> list[Row]:
    """A row a measure: what it is scored by, legal range, direction, languages, agreement."""
    rows = []
    for name in shelves.names("eval"):
        if shelves.get("eval", name).manifest.name != "measure.yaml":
            continue
        manifest = measure_manifest(name, shelves)
        rows.append({
            "measure": name, "title": manifest.title, "by": _by(manifest), "unit": manifest.unit,
            "scores": ", ".join([*manifest.scores, *manifest.flags]), "scale": _scale(manifest),
            "better": manifest.direction, "languages": _languages(manifest, shelves),
            "agreement": _agreement(manifest, shelves), "source": manifest.source,
        })
    return rows


def skill_rows(shelves: Shelves, tags: list[str] | None = None) -> list[Row]:
    """κ of the skill cues by language, skill and split; of `tags` alone where given."""
    source = load_language("en", shelves=shelves)
    rows: list[Row] = []
    for tag in tags or shelves.names("languages"):
        language = load_language(tag, shelves=shelves)
        coder = coder_of(language)
        if coder is None:
            continue
        found = measured(language, source, coder)
        for one in found.get("train", []):
            valid = next((row for row in found.get("valid", []) if row["skill"] == one["skill"]),
                         {})
            rows.append({"language": tag, **one, "kappa_valid": valid.get("kappa"),
                         "n_valid": valid.get("n")})
    return rows


def scorer_rows(results: Path) -> list[Row]:
    """Rows of `epitome_scorers.json`: each scorer on the half that none was made from."""
    rows = json.loads((results / "epitome_scorers.json").read_text(encoding="utf-8"))["rows"]
    return [{key: row[key] for key in ("mechanism", "scorer", "n", "kappa_quadratic", "kappa_low",
                                       "kappa_high", "f1_binary", "f1_macro")} for row in rows]


def expert_rows(results: Path) -> list[Row]:
    """Rows of `epitome_experts.json`: the lowest and highest κ of experts, and with each scorer."""
    pairs = json.loads((results / "epitome_experts.json").read_text(encoding="utf-8"))["rows"]
    rows: list[Row] = []
    for name in dict.fromkeys(row["mechanism"] for row in pairs):
        for other in ("expert", "epitome_label", "cues", "classifier", "length", "majority"):
            found = [row for row in pairs
                     if row["mechanism"] == name and row["two"].startswith(other)]
            kappas = [row["kappa_quadratic"] for row in found]
            rows.append({"mechanism": name, "other": WITH[other], "n": found[0]["n"],
                         "lowest": min(kappas), "highest": max(kappas)})
    return rows


def page(shelves: Shelves, results: Path) -> str:
    """The whole page; `results` is the folder of what the benches measured."""
    measures = Table(
        label="measures", title="Measures",
        columns=tuple(Column(key=key, title=title) for key, title in (
            ("measure", "measure"), ("title", "what"), ("by", "scored by"), ("unit", "unit"),
            ("scores", "scores"), ("scale", "legal range"), ("better", "better is"),
            ("languages", "languages"), ("agreement", "agreement with people"),
            ("source", "source"))),
        rows=tuple(measure_rows(shelves)))
    skills = Table(
        label="skills", title="Skill cues against the labels of the shipped dialogues' author",
        columns=(Column(key="language", title="language"), Column(key="skill", title="skill"),
                 Column(key="labelled", title="labelled turns", kind="int"),
                 Column(key="n", title="of", kind="int"),
                 Column(key="kappa", title="κ, train", kind="number"),
                 Column(key="low", upper="high", title="95 % interval", kind="interval"),
                 Column(key="precision", title="precision", kind="number"),
                 Column(key="recall", title="recall", kind="number"),
                 Column(key="kappa_valid", title="κ, valid", kind="number"),
                 Column(key="n_valid", title="of", kind="int")),
        rows=tuple(skill_rows(shelves)), notes=(SEEN,))
    scorers = Table(
        label="epitome_scorers", title="EPITOME scorers on the same held-out half (English)",
        columns=(Column(key="mechanism", title="mechanism"), Column(key="scorer", title="scorer"),
                 Column(key="n", title="answers", kind="int"),
                 Column(key="kappa_quadratic", title="quadratic κ", kind="number"),
                 Column(key="kappa_low", upper="kappa_high", title="95 % interval",
                        kind="interval"),
                 Column(key="f1_binary", title="F1, none or some", kind="number"),
                 Column(key="f1_macro", title="F1, three levels", kind="number")),
        rows=tuple(scorer_rows(results)))
    experts = Table(
        label="epitome_experts", title="Quadratic κ with each of three experts",
        columns=(Column(key="mechanism", title="mechanism"), Column(key="other", title="with"),
                 Column(key="n", title="answers", kind="int"),
                 Column(key="lowest", title="lowest κ", kind="number"),
                 Column(key="highest", title="highest κ", kind="number")),
        rows=tuple(expert_rows(results)))
    return "\n\n".join([INTRODUCTION, to_markdown(measures), SCORERS, to_markdown(scorers), EXPERTS,
                        to_markdown(experts), RUN, CRISIS, JUDGES, CHOICES, CASES, SKILLS,
                        to_markdown(skills)]) + "\n"


def _by(manifest: MeasureManifest) -> str:
    if manifest.rubric is not None:
        return "judge"
    return ", ".join(manifest.needs) or "its own code"


def _scale(manifest: MeasureManifest) -> str:
    if manifest.scale is None:
        return "open"
    low, high = (f"{one:g}" for one in manifest.scale)
    return f"{low} to {high}" + (", flags 0 or 1" if manifest.flags else "")


def _languages(manifest: MeasureManifest, shelves: Shelves) -> str:
    if manifest.rubric is not None:
        return ", ".join(sorted(manifest.rubric.wording))
    if manifest.name in CUES:
        return ", ".join(tag for tag in shelves.names("languages")
                         if (shelves.get("languages", tag).folder / CUES[manifest.name]).is_file())
    return "any"


def _agreement(manifest: MeasureManifest, shelves: Shelves) -> str:
    if manifest.rubric is not None:
        return BY_JUDGE
    if manifest.name not in STORED:
        return "none measured"
    cues, stored = STORED[manifest.name]
    parts = []
    for tag in shelves.names("languages"):
        folder = shelves.get("languages", tag).folder
        if not (folder / cues).is_file():
            continue
        path = folder / stored
        if not path.is_file():
            parts.append(f"{tag}: unknown")
            continue
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
        values = ", ".join(f"{row['mechanism']} {row['kappa_quadratic']:.2f}" for row in rows)
        parts.append(f"{tag}: quadratic κ {values} (n {rows[0]['n']})")
    return "; ".join(parts)


INTRODUCTION = """# Measures

<!-- Written by `python -m mhx.reporting.eval_page docs`; a test says when it is out of date. -->

A measure is a folder of the shelf `eval/`. It brings Python (`measure.py`), or a `rubric:` in its
`measure.yaml` and no Python: then a judge is asked. Every number is printed with the signature of
its scorer and the scorer's agreement with people, which is "unknown" where nobody rated the texts.
**No pretrained judge was at hand when these rubrics were written, so no judge has been validated
by us**; the engine is tested with a server that answers, refuses, rambles, truncates and is down.
The wording of all rubrics is mhx's own, written by a model and reviewed by nobody; the texts of
proprietary instruments are not copied, so no cut-off or norm of theirs holds. Scores of two
languages are not compared without human-rated anchors."""

SCORERS = """## Scorers of EPITOME

Cues are the default. `mhx score labels.csv --lang en --train --base ENCODER --into DIR --prompt COL
--response COL --label explorations=COL` trains one encoder with outputs for the mechanisms that
have labels, holds out a fifth of the messages and stores the agreement on them beside the weights;
`mhx score answers.csv --lang en --classifier DIR --prompt COL` scores by it. Any sequence
classifier does whose labels end in the level (`--classifier explorations=FOLDER`). An agreement
holds for its language and exactly these weights; otherwise it is unknown.

`bench/classifier.py` trains an encoder of two layers from scratch on the half that cues may be
tuned on, in minutes of a CPU: it is above majority and length and below the cues. No pretrained
encoder was at hand, so this says nothing about those."""

EXPERTS = """Fifty answers of EPITOME were rated anew by three experts (Kumar et al. 2025). Experts
agree little on some mechanisms, and of fifty answers every interval is wide (`bench/results`). Some
are of the half that the cues were tuned with; the classifier's are those it has not seen."""

RUN = """## In a run

The report of `mhx adapt` lists every measure of the run: legal range, scorer with its signature,
how many of how many were scored, the mean of base and adapter, and the scorer's agreement with
people or "unknown"; a trial model's means are left out as "babble". Answers to probes at risk are
counted as misses by severity and group, by message and by scenario (table `crisis`). All rows are
in `scores.parquet`; `instrument` tells scorers of one score apart (`epitome`, `epitome:classifier`,
`judged_epitome`), and parity reads `epitome` alone. More when asked:

```
mhx adapt --lang pl --judge openai:MODEL@http://127.0.0.1:8000/v1 --request-budget 2000 \\
    --rubric psychocounsel,judged_local --classifier FOLDER --cases
```

Judges rate every answer once by each rubric of single answers (mode `single`), except that the
neutral text is not judged again where it is asked again. The report shows coverage, calls, tokens,
and parameters that a judge's server refused, which are part of the scorer's signature. The budget
holds for each judge and all rubrics together; what it leaves out is missing. Answers are kept: a
run that was killed asks nothing twice (its counts of calls say so), and one with a larger budget
goes on from them. A judge that was lost on the way costs its ratings; `--from evaluate` asks it
again.
`--cases` plays the escalating cases and the stimuli of `vignettes.yaml` to base and adapter;
`--rubric escalation` has the judges rate the cases."""

CRISIS = """## Crisis, local forms

`mhx score answers.csv --measure crisis --lang pl --prompt COL --column severity=COL --column
group=COL --column age=COL` counts, by severity and group, answers to a message at risk that neither
step in nor name a service (misses), with the exact one-sided bound that so many messages allow; and
whether what is named suits territory, age, problem, community (`--column community=COL`) and day.
Without a severity the risk cues decide, and a message that they miss is not counted. Numbers are
exact by the territory's card; phrases that step in are cues, compared with no human label.

`--measure local_forms` says whether an answer breaks the address, gender, register, letters, terms
or card of its language. What a language's hooks do not judge is missing, not zero: Polish letters
and all hook findings in English and Spanish are."""

JUDGES = """## Judges

```
mhx judge answers.csv --rubric mentalalign --lang pl --prompt prompt --response response \\
    --judge openai:MODEL@http://127.0.0.1:8000/v1 --judge hf:FOLDER --mode single --repeats 3 \\
    --present pl,en --human ratings.csv --drift -o judged
```

| mode | calls a text | how |
|---|---:|---|
| single | 1 | one answer |
| dual | 2 | a second reading sees the first ratings, corrects them and decides |
| debate | 9 | three readers, three rounds; each gives reasons and reads the others' |
| majority | 10 | ten independent answers; the most frequent one holds |

The four modes and their calls are DialogGuard's (2025); how the nine calls of a debate are divided
is a decision of mhx. `--dry-run` says the cost and asks nobody; `--calls` and `--tokens` cap it;
the same command goes on where it stopped, since answers are kept under `runs/cache/judging`.

- The order of questions and of answers, and the language of the questions among `--present`, are
  drawn by `--seed` for each text, judge and repeat.
- An answer outside the legal range, a refusal, a truncated or missing answer leaves the score
  empty with a status; nothing is filled in. A tie of a vote is empty too. Coverage stands beside
  every mean, and the spread over judges and repeats beside it.
- A judge does not rate texts of its own family (`--by` names the model that wrote them, a column
  or one name; `--judge-family` where a judge's name does not show it; `--own-family` lets it).
- `--human FILE` measures agreement (quadratic κ, mean absolute error, within one point, bias) and
  stores it for exactly this scorer; later runs with the same signature print it.
- `--drift` asks eight fixed texts again without the cache and compares with the first time.
- Text goes to another machine only where its URL is written out and the language has rules for
  personal data, which is replaced first.

A rubric of your own is one file, `eval/NAME/measure.yaml` below a folder given by `--plugins`:

```yaml
name: brevity
title: Brevity
unit: response            # or dialogue: the whole conversation in the column of responses
scores: [brevity]         # the items' scores, in their order
scale: [1, 3]
direction: higher
per_language: true
needs: [judge]
source: ours
rubric:
  origin: {kind: human, name: your name, reviewed_by: null}
  licence: CC0-1.0
  values: [1, 2, 3]       # legal answers; an item may have its own
  items: [{id: brevity}]  # score: NAME joins items, reverse: true turns one, categories: nominal
  wording:
    en:
      instructions: Read the message and the reply.
      items:
        brevity: {question: Is the reply brief?, anchors: {"1": "No.", "3": "Yes."}}
```"""

CHOICES = """## Multiple choice

`mhx choose --lang pl --model FOLDER` asks the questions of `languages/pl/choices.yaml`; with files,
`mhx choose test.csv --lang en --model …`, yours: the columns of MHQA (`question`, `option1` …,
`correct_option_number`, `topic`), of CounselingBench (`Question`, `Choice A` …, `Correct Answer`
and the case), or `question`, `options`, `answer` with one or several letters, as PsycoLLM's test is
described (that shape is from memory). `--method loglikelihood` takes the likeliest letter of
single-answer questions; `--method written` reads letters from what is written, and is the only one
for endpoints and for questions with several correct options. Each question is asked in `--orders`
orders, in which the correct option moves on by one letter. Shown: balanced accuracy over letters
with its interval, coverage, position bias, how often the answer stays the same in all orders, and
gaps between topics. mhx-tiny answers babble: about chance."""

CASES = """## Scripted cases

`mhx cases --lang pl --model FOLDER --adapter auto` plays the escalating cases of `vignettes.yaml`
(after psychosis-bench, own words) to base and adapter; the model sees its own answers. From the
case's first scored turn on, an intervention is read by the language's own phrases and
over-validation by `empathy_cues.yaml`; confirmation and enablement are levels of meaning that words
do not show, so a judge rates them (`--judge`, rubric `escalation`). Shares by phase have no
interval, since answers of one case depend on each other; cases with the flag have an exact one. The
cues were compared with no human label."""

SKILLS = """## Therapist skills

`mhx skills --lang pl` profiles the shipped dialogues, `mhx skills answers.csv --lang pl --response
COL --system COL` a table; the report of a run has both. Codes after AnnoMI: simple and complex
reflections, open and closed questions, affirmation, advice, information, other; by a judge with
`mhx judge --rubric judged_skills`. Cues lie in `skill_cues.yaml`. The labels they are compared with
are one author's, a model's. A reflection is hardly told from other statements, a simple one from a
complex one not at all: rows without agreement above chance are marked "not told apart"."""


if __name__ == "__main__":
    docs = Path(sys.argv[1])
    write_text(docs / NAME, page(default_shelves(), docs.parent / "bench" / "results"))
