"""The check command's detail: printed as tables, and the same in JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_the_detail_is_printed_and_given_as_json(mhx: Callable[..., Any]) -> None:
    asked = ("check", "es", "--verbose", "--today", "2026-12-01")
    done = mhx(*asked)
    assert done.code == 0
    for title in ("entries by certainty", "tests passed", "never fire", "the card by dimension"):
        assert title in done.out + done.err
    (report,) = mhx(*asked, "--json").json
    assert report["tests"]["rules"]["passed"] == report["tests"]["rules"]["total"] > 0
    assert {"rule", "kind"} == set(report["idle_rules"][0])
    assert report["certainty"]["sourced"] > 0


def test_what_is_near_its_recheck_is_listed(mhx: Callable[..., Any]) -> None:
    (near,) = mhx("check", "PL", "--json", "--today", "2027-02-01").json
    assert "pl.crisis.112" in {row["entry"] for row in near["expiring"]}
    assert near["next_recheck"] == "2027-02-20"
    (early,) = mhx("check", "PL", "--json", "--today", "2026-12-01").json
    assert early["expiring"] == []
