"""A table of anchors with what must stay hidden, and files as the form saves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from mhx.anchoring import Exported, export_form, read_rubric
from mhx.schema.anchors_form import AnchorKey

RUBRIC = Path(__file__).resolve().parents[2] / "docs" / "examples" / "rubric.yaml"
REPLIES = {
    "en": ("Week {} has been loud.", "That sounds tiring. What would help on day {}?"),
    "pl": ("Tydzień {} był głośny.", "To brzmi męcząco. Co pomogłoby w dniu {}?"),
    "fa": ("هفتهٔ {} پرسروصدا بود.", "iPhone را کنار بگذارید؛ روز {} چه چیزی کمک می‌کند؟"),
    "es": ("La semana {} fue ruidosa.", "Suena agotador. ¿Qué ayudaría el día {}?"),
}
HIDDEN = {"model": "Zephyrine", "cohort": "quartz", "empathy": 1.87654, "judge": "Basalt"}


def table(items: int, languages: tuple[str, ...] = ("en", "fa")) -> pl.DataFrame:
    """Each item in each language, with columns that a rater must not see."""
    return pl.DataFrame([
        {"anchor": f"scenario/{number:03}", "lang": tag, "post": REPLIES[tag][0].format(number),
         "reply": REPLIES[tag][1].format(number), **HIDDEN}
        for number in range(items) for tag in languages
    ])


def export(out: Path, frame: pl.DataFrame, raters: dict[str, list[str]],
           **options: Any) -> Exported:
    return export_form(frame, item="anchor", text="reply", context="post", language="lang",
                       raters=raters, rubric=read_rubric(RUBRIC), out=out, **options)


def saved(key: AnchorKey, rater: str = "r1", *, take: int | None = None, **changes: Any
          ) -> dict[str, Any]:
    """What the form saves when every text of a rater (or the first few) is given a 1."""
    one = next(one for one in key.raters if one.id == rater)
    ratings = [{"code": code, "value": 1, "seconds": 4.5, "skipped": False, "note": ""}
               for code in one.order[:take]]
    return {"format": 1, "form": key.sha256, "rater": rater, "languages": one.languages,
            "started": "2026-11-20T09:00:00.000Z", "saved": "2026-11-21T09:00:00.000Z",
            "ratings": ratings, **changes}


def put(path: Path, value: dict[str, Any]) -> Path:
    """One rating a line, as the form writes them."""
    head = json.dumps({name: one for name, one in value.items() if name != "ratings"}, indent=1)
    rows = ",\n  ".join(json.dumps(one, ensure_ascii=False) for one in value["ratings"])
    path.write_text(f'{head[:-2]},\n "ratings": [\n  {rows}\n ]\n}}\n', encoding="utf-8")
    return path
