"""Evaluations made of single parity records, and figures kept before they become files."""

from __future__ import annotations

from typing import Any

from mhx.reporting.evaluation import Evaluation, evaluation_of

WHERE = {"score": "warm_tone", "attribute": "gender", "kind": "main", "language": None,
         "system": None}
PAD = 0.06  # inches that `picture` leaves around a figure
SETTINGS = {"alpha": 0.05, "margin": 0.25, "resamples": 200, "adjust": "holm", "seed": 0}


def group(name: str, n: int = 40, expected: int = 40, **more: Any) -> dict[str, Any]:
    return {**WHERE, "group": name, "n": n, "expected": expected,
            "coverage": n / expected if expected else None, "units": n, "mean": 1.0, "sd": 0.6,
            "low": 0.8, "high": 1.2, "shrunk": None, "mde": None, **more}


def contrast(name: str, reference: str = "male", gap: float | None = 0.1,
             **more: Any) -> dict[str, Any]:
    return {**WHERE, "group": name, "reference": reference, "test": "sign-flip", "n_group": 38,
            "n_reference": 38, "pairs": 38, "clusters": 38, "gap": gap, "se": 0.08, "dz": 0.2,
            "low": -0.06, "high": 0.26, "tost_low": -0.03, "tost_high": 0.23, "p": 0.2,
            "p_adjusted": 0.2, "margin": 0.25, "tost_p": 0.03, "tost_p_adjusted": 0.03,
            "verdict": "equivalent", "mde": 0.23, "smallest_margin": 0.24, "note": "", **more}


def against(name: str, reference: str = "male", **more: Any) -> dict[str, Any]:
    return {**WHERE, "group": name, "reference": reference, "n": 38, "note": "", **more}


def shape(name: str, reference: str = "male", **more: Any) -> dict[str, Any]:
    return {**WHERE, "group": name, "reference": reference, "n": 38, "mean": 0.1, "median": 0.0,
            "sd": 0.5, "low": -1.0, "high": 1.0, "below": 0.2, "zero": 0.5, "above": 0.3,
            "width": 0.0, "values": [-1.0, 0.0, 1.0], "counts": [8, 19, 11], **more}


def certificate() -> dict[str, Any]:
    panel = {"items": 120, "ratings": 240, "mean": 1.0, "sd": 0.6, "rating_sd": 0.3,
             "reliability": 0.82, "agreement": {"alpha_ordinal": 0.71}}
    pair = {"score": "warm_tone", "language": "pl", "reference": "en"}
    return {
        "sha256": "c" * 64, "ratings_sha256": "d" * 64, "scores_sha256": "e" * 64, "made": "today",
        "mhx": "1", "bound": 0.125, "alpha": 0.05, "scale": [0, 2], "raters": ["r1", "r2", "r3"],
        "linking": ["r1", "r2"],
        "licences": [{**pair, "residual_sd": 0.55, "correlation": 0.4,
                      "scorers": {"pl": "cues pl", "en": "cues en"},
                      "panels": {"pl": panel, "en": {**panel, "mean": 0.9}}}],
        "calibration": [{"score": "warm_tone", "language": language, "human": human,
                         "mean": 0.3 + 0.6 * human, "low": None if human == 2 else 0.5 * human,
                         "high": 0.6 + 0.7 * human, "n": 30}
                        for language in ("pl", "en") for human in (0, 1, 2)],
        "dif": [{**pair, "n": 120, "categories": [0.0, 1.0, 2.0], "uniform": 0.012,
                 "uniform_p": 0.2, "nonuniform": 0.004, "nonuniform_p": 0.4, "effect": 0.016,
                 "size": "negligible", "difference": 0.1, "note": "",
                 "curves": [{"language": language, "human": human / 4,
                             "expected": human / 4 + 0.1 * (language == "pl")}
                            for language in ("pl", "en") for human in range(8)]}],
    }


def evaluation(parts: dict[str, dict[str, Any]] | None = None, *, certificates: Any = (),
               **records: Any) -> Evaluation:
    """Of systems and their records; without `parts` the records are those of one, `adapter`."""
    parity = parts or {"adapter": records}
    value = {
        "meta": {"lang": "pl", "language": "Polish", "base_model": "org/base",
                 "text_origin": "written by people", "plan_sha256": "a" * 64,
                 "analysis": {"alpha": 0.05, "margin": 0.25}},
        "empathy": {"signature": "epitome|scorer:x"},
        "parity": {name: {"settings": SETTINGS, **one} for name, one in parity.items()},
        "certificates": list(certificates),
    }
    return evaluation_of(value, "f" * 64)


class Kept(list[Any]):
    """Stands for `picture`, which takes most of the time: keeps figures instead of files.

    With each: the sizes and boxes of its texts, and its `inches` as the file would have them.
    """

    def __call__(self, figure: Any, name: str, *, caption: str, alt: str) -> Any:
        from matplotlib.text import Text

        from mhx.reporting.figures import Picture

        figure.canvas.draw()
        axes = [one for each in figure.axes for one in (each.xaxis, each.yaxis)]
        unseen = {id(text) for axis in axes for tick in axis.get_major_ticks()
                  for text in (tick.label1, tick.label2)
                  if not min(axis.get_view_interval()) <= tick.get_loc()
                  <= max(axis.get_view_interval())}
        texts = [{"text": one.get_text(), "size": one.get_fontsize(),
                  "box": one.get_window_extent()} for one in figure.findobj(Text)
                 if one.get_visible() and one.get_text() and id(one) not in unseen]
        box, drawn = figure.get_tightbbox(), Picture(name, caption, alt, {})
        self.append({"figure": figure, "picture": drawn, "texts": texts,
                     "inches": (box.width + 2 * PAD, box.height + 2 * PAD)})
        return drawn


def crossings(texts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Pairs of texts that lie on each other by more than two dots."""
    return [
        (one["text"], two["text"]) for k, one in enumerate(texts) for two in texts[:k]
        if min(one["box"].x1, two["box"].x1) - max(one["box"].x0, two["box"].x0) > 2
        and min(one["box"].y1, two["box"].y1) - max(one["box"].y0, two["box"].y0) > 2
    ]
