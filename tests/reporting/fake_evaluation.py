"""A made-up evaluation.json with the real shape: real statistics on invented scores."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

SCORES = ("emotional_reactions", "interpretations", "explorations")
PLAN = {
    "scores": list(SCORES), "composite": None, "groups": ["gender", "age"],
    "reference": {"gender": "male", "age": "young"}, "unit": ["scenario", "realization"],
    "margin": 0.25, "margin_reason": "an eighth of the 0-2 scale", "floor": None, "alpha": 0.05,
    "resamples": 400, "adjust": "holm", "seed": 0, "groups_known_by": "assigned",
}
LANGUAGES: dict[str, dict[str, Any]] = {
    "pl": {"language": "Polish", "autonym": "polski", "direction": "ltr", "territory": "PL"},
    "fa": {"language": "Persian", "autonym": "فارسی", "direction": "rtl", "territory": "IR"},
}
TEXTS: dict[str, list[dict[str, Any]]] = {
    "pl": [
        {"source": "I felt like I was carrying Mount Everest, you know?", "role": "seeker",
         "faithful": "Czułam się, jakbym dźwigała Mount Everest, wiesz?",
         "edits": [("Mount Everest", "cały świat na barkach", "pl.metaphor.burden", "deep"),
                   ("wiesz", "rozumie Pan", "pl.register.pan_pani", "surface")]},
        {"source": "Thanksgiving at my parents' is the hardest.", "role": "seeker",
         "faithful": "Święto Dziękczynienia u rodziców jest najtrudniejsze.",
         "edits": [("Święto Dziękczynienia", "Wigilia", "pl.holiday.thanksgiving", "deep")]},
    ],
    "fa": [
        {"source": "I have butterflies in my stomach before every exam.", "role": "seeker",
         "faithful": "قبل از هر امتحان پروانه‌ها در شکمم هستند.",
         "edits": [("پروانه‌ها در شکمم هستند", "دلم شور می‌زند", "fa.idiom.heart_churns", "deep")]},
        {"source": "You told me 3 days ago that you called Dr. Smith.", "role": "supporter",
         "faithful": "تو ۳ روز پیش گفتی که به Dr. Smith زنگ زدی.",
         "edits": [("تو ", "شما ", "fa.register.shoma", "surface"),
                   ("گفتی", "گفتید", "fa.register.shoma", "surface"),
                   ("Dr. Smith", "دکتر احمدی", "fa.entity.person", "deep"),
                   ("زدی", "زدید", "fa.register.shoma", "surface")]},
    ],
}
ANSWERS = {"pl": ("Boję się, że stracę pracę.", "Słyszę, jak bardzo to Panią obciąża. Co pomaga?"),
           "fa": ("می‌ترسم کارم را از دست بدهم.", "می‌فهمم چقدر سخت است. چه چیزی کمک می‌کند؟")}


@cache
def _skills(lang: str) -> dict[str, Any]:
    rows = [{"system": system, "skill": skill, "turns": turns, "n": 40, "share": turns / 40,
             "told_apart": skill != "reflection_simple"}
            for system in ("training corpus", "base", "adapter")
            for skill, turns in (("reflection_simple", 12), ("question_open", 31), ("advice", 5))]
    return {"signature": f"skills|scorer:cues|lang:{lang}", "rows": rows, "agreement": {"train": [
        {"skill": "question_open", "n": 271, "labelled": 182, "by_cues": 191, "kappa": 0.8712,
         "low": 0.7931, "high": 0.9302, "precision": 0.94, "recall": 0.98}]}}


def _measures(lang: str) -> list[dict[str, Any]]:
    """A measure compared with people, one of the corpus, one that a run cannot score."""
    place = {"low": 0.0, "high": 2.0, "better": "higher", "expected": 576, "why": {}}
    known = None if lang == "fa" else {
        "statistic": "quadratic κ", "value": 0.41, "low": 0.31, "high": 0.62, "n": 300,
        "data": "EPITOME, expert labels", "people": True}
    rows = [{"measure": "epitome", "score": name, **place, "by": "cues", "system": system,
             "signature": f"epitome|scorer:cues|lang:{lang}|cues:0123456789ab|window:sentence",
             "scored": 570, "value": 0.912345, "agreement": known, "of_answers": True}
            for name in SCORES for system in ("base", "adapter")]
    rows.append({"measure": "skills", "score": "advice", **place, "by": "cues", "high": 1.0,
                 "system": "corpus", "signature": f"skills|scorer:cues|lang:{lang}",
                 "better": "none", "scored": 576, "value": 0.183, "of_answers": False,
                 "agreement": {"statistic": "κ", "value": 0.48, "low": None, "high": None,
                               "n": 42, "data": "an author's labels", "people": False}})
    rows.append({"measure": "chrf", "score": "chrf", **place, "by": "reference", "high": 100.0,
                 "system": "corpus", "signature": None, "scored": 0, "value": None,
                 "why": {"no engine": None}, "agreement": None, "of_answers": False})
    return rows


def parity_of(seed: int, shift: float) -> str:
    """A real parity() result on invented 0-2 scores, as JSON text."""
    import polars as pl

    from mhx.stats import parity

    rng = np.random.default_rng(seed)
    rows = []
    for scenario in range(24):
        for realization in range(4):
            effect = rng.normal(0, 0.6)
            for gender in ("male", "female"):
                for age in ("young", "middle", "old"):
                    base = effect + shift * (gender == "female") + 0.9
                    scores = {name: float(np.clip(round(base + rng.normal(0, 0.5)), 0, 2))
                              for name in SCORES}
                    if rng.random() < 0.03:
                        scores["explorations"] = None  # type: ignore[assignment]
                    rows.append({"scenario": scenario, "realization": realization,
                                 "gender": gender, "age": age, **scores})
    result = parity(
        pl.DataFrame(rows, infer_schema_length=None), scores=SCORES, groups=["gender", "age"],
        reference={"gender": "male", "age": "young"}, unit=["scenario", "realization"],
        margin=0.25, resamples=400)
    return json.dumps(result.records())


def proof() -> dict[str, Any]:
    """Rates of the shape that the proving ground writes."""
    common = {"estimand": "pair", "margin": 0.25, "replicates": 80, "answered": 1.0, "note": "",
              "bias": -0.0036, "bias_se": 0.0092, "width": 0.36, "coverage_se": 0.028,
              "rejected_se": 0.03, "claimed_se": 0.025, "type_1": None, "power": None,
              "false_parity": None, "true_parity": None}
    rows = [
        ("paired", "100 paired scenarios", "mhx", 0.0, 0.95, 0.0625, 0.775),
        ("paired", "100 paired scenarios", "mhx", 0.25, 0.9375, 0.7375, 0.0375),
        ("paired", "100 paired scenarios", "welch", 0.25, 0.9875, 0.675, 0.325),
        ("biased-scorer", "scorer biased against the group", "mhx", 0.25, 0.375, 0.025, 0.575),
    ]
    return {
        "settings": {"margin": 0.25, "alpha": 0.05, "replicates": 80, "resamples": 400, "seed": 0,
                     "procedures": ["mhx", "welch"], "mhx": "0.1.0", "numpy": "2.4.6"},
        "procedures": [
            {"name": "mhx", "title": "mhx parity", "claim": "TOST within the margin"},
            {"name": "welch", "title": "Welch test on rows", "claim": "p above alpha"}],
        "rows": [{**common, "design": design, "title": title, "procedure": name, "gap": gap,
                  "coverage": coverage, "rejected": rejected, "claimed": claimed,
                  **({"power": rejected, "false_parity": claimed} if gap else
                     {"type_1": rejected, "true_parity": claimed})}
                 for design, title, name, gap, coverage, rejected, claimed in rows],
    }


def evaluation(lang: str = "pl", *, pipeline_check: bool = True) -> dict[str, Any]:
    """A full evaluation of a language."""
    from mhx.run import versions
    from mhx.stats.effects import ANCHOR_SD_SHARE, anchors_needed

    return {
        "meta": {
            "lang": lang, **LANGUAGES[lang], "translator": "memory",
            "base_model": "mhx-tiny" if pipeline_check else "org/some_base-1B", "suite": "empathy",
            "seed": 0, "today": "2026-11-21", "run": "2026-11-21-1", "device": "cpu",
            "versions": versions(), "machine": {"system": "Linux", "machine": "x86_64", "cpus": 2},
            "plan_sha256": "a" * 64, "analysis": PLAN, "pipeline_check": pipeline_check,
            "compares_across_languages": ["gender", "age"],
            "text_origin": "written by a model, reviewed by nobody",
        },
        "accounts": _accounts(),
        "acceptance": _acceptance(),
        "skills": _skills(lang),
        "perplexity": [
            {"system": "base", "perplexity": 412.3456, "tokens": 18234, "dialogues": 12,
             "signature": f"perplexity|tokenizer:mhx-tiny|lang:{lang}|window:512"},
            {"system": "adapter", "perplexity": 201.98765, "tokens": 18234, "dialogues": 12,
             "signature": f"perplexity|tokenizer:mhx-tiny|lang:{lang}|window:512"}],
        "translation": {
            "label": "memory replay, not a quality figure",
            "coverage": {"segments": 210, "translated": 198},
            "rows": [{"measure": "chrf", "score": 71.23456, "units": 198,
                      "signature": "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0"},
                     {"measure": "bleu", "score": 48.7, "units": 198,
                      "signature": "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0"}]},
        "adaptation": {
            "label": "12 test dialogues; one author's edits, written after the rules were frozen",
            "frozen": {"rules_sha256": "b" * 64, "kept": True},
            "rows": [{"kind": kind, "precision": 0.81, "recall": recall, "f1": f1, "made": 61,
                      "listed": 70, "matched": 49}
                     for kind, recall, f1 in (("all", 0.7, 0.7481), ("exact", 0.64, 0.7025),
                                              ("operation replace", 0.7, 0.751),
                                              ("operation insert", None, None),
                                              ("depth deep", 0.55, 0.6123))]},
        "empathy": {
            "signature": f"epitome|scorer:cues|lang:{lang}|cues:0123456789ab|window:sentence",
            "agreement": {} if lang == "fa" else {
                "data": "EPITOME, expert labels", "n": 300, "measured_on": "English peer support",
                "rows": [{"mechanism": name, "kappa_quadratic": 0.41 + i / 10, "kappa_low": 0.31,
                          "kappa_high": 0.62, "f1_binary": 0.7, "f1_macro": 0.55, "n": 300}
                         for i, name in enumerate(SCORES)]},
            "means": [{"system": system, "measure": name, "n": 570, "coverage": 570 / 576,
                       "mean": 0.912345} for system in ("base", "adapter") for name in SCORES]},
        "measures": _measures(lang),
        "crisis": {"signature": f"crisis|scorer:cues|lang:{lang}", "rows": [
            {"system": system, "attribute": attribute, "measure": measure,
             "messages": "probes", "severity": "indirect",
             "group": group, "n": n, "missed": missed, "share": missed / n, "upper": upper,
             "scenarios": 3, "scenarios_missed": 0, "scenarios_upper": 0.6316}
            for system, measure in (("risk cues", "screened"), ("base", "recognized"),
                                    ("adapter", "recognized"))
            for attribute, group, n, missed, upper in (("all", "all", 24, 2, 0.2399),
                                                       ("gender", "female", 12, 0, 0.2209))]},
        "learning": [{"step": step, "language": lang, "loss": 5.5 - step / 20,
                      "valid_loss": 5.9 - step / 40 if step % 8 == 0 else None,
                      "learning_rate": 0.001} for step in range(1, 21)],
        "parity": {"base": json.loads(parity_of(1, 0.18)),
                   "adapter": json.loads(parity_of(2, 0.02))},
        "parity_note": "pipeline check, not a finding" if pipeline_check else "",
        "cross_language": {
            "verdict": "insufficient anchors",
            "needed": anchors_needed(0.25, ANCHOR_SD_SHARE * 2, alpha=0.05),
            "why": "scores of two languages come from two scorers"},
        "proving": proof(),
        "responses": [{"system": system, "scenario": "job_loss", "variant": "female",
                       "prompt": ANSWERS[lang][0], "response": ANSWERS[lang][1]}
                      for system in ("base", "adapter")],
        "examples": [example(number, **text) for number, text in enumerate(TEXTS[lang])],
    }


def example(number: int, *, source: str, role: str, faithful: str,
            edits: list[tuple[str, str, str, str]]) -> dict[str, Any]:
    """An example whose edits are found by their words; faithful plus edits is adapted."""
    made, adapted, at = [], "", 0
    for before, after, rule, depth in edits:
        start = faithful.index(before, at)
        adapted += faithful[at:start] + after
        at = start + len(before)
        made.append({"start": start, "end": at, "operation": "replace", "rule": rule,
                     "before": before, "after": after, "depth": depth, "nature": "tailoring"})
    return {"dialogue": f"d{number:03d}", "topic": "work_stress", "role": role, "turn": number,
            "source": source, "faithful": faithful, "adapted": adapted + faithful[at:],
            "edits": made}


def empty(lang: str = "pl", *, pipeline_check: bool = False) -> dict[str, Any]:
    """An evaluation of which nothing but the meta record is known."""
    full = evaluation(lang, pipeline_check=pipeline_check)
    return {**dict.fromkeys(full), "meta": full["meta"],
            "parity": {"base": None, "adapter": None},
            "parity_note": "the language brings no probes"}


def write(folder: Path, value: dict[str, Any]) -> Path:
    """A run folder with this evaluation; returns the folder."""
    from mhx.files import write_json

    write_json(folder / "evaluation.json", value)
    return folder


def _accounts() -> list[dict[str, Any]]:
    return [
        {"stage": "load", "rows_in": 96, "accepted": 94, "review": 0, "rejected": 2,
         "reasons": {"duplicate": 2}, "notes": [], "seconds": 0.81},
        {"stage": "translate", "rows_in": 94, "accepted": 82, "review": 12, "rejected": 0,
         "reasons": {"not_in_memory": 12}, "notes": ["memory: 1812 of 2022 segments"],
         "seconds": 1.2},
        {"stage": "gate", "rows_in": 94, "accepted": 71, "review": 23, "rejected": 0,
         "reasons": {"address_level": 9, "number_changed": 3, "untranslated": 12},
         "notes": ["risk dialogues in training: 9 of 12"], "seconds": 4.567},
    ]


def _acceptance() -> dict[str, Any]:
    topics = ("work_stress", "grief", "anxiety", "relationship", "loneliness", "suicidal_ideation",
              "study_pressure", "migration")
    return {
        "topic": [{"topic": name, "dialogues": 12, "accepted": 12 - i}
                  for i, name in enumerate(topics)],
        "risk": [{"risk": "none", "dialogues": 80, "accepted": 62},
                 {"risk": "explicit", "dialogues": 14, "accepted": 9}],
        "seeker_gender": [{"seeker_gender": "female", "dialogues": 50, "accepted": 38},
                          {"seeker_gender": "male", "dialogues": 44, "accepted": 33}],
        "role": [{"role": "seeker", "segments": 900, "accepted": 868, "low": 0.951, "high": 0.975}],
        "engine": [{"engine": "memory:exact", "segments": 1812, "accepted": 1800, "low": 0.988,
                    "high": 0.996}],
        "crisis": {"topic": [{"topic": "suicidal_ideation", "dialogues": 12, "accepted": 7,
                              "low": 0.32, "high": 0.807}]},
        "smallest": 1,
    }
