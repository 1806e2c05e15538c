"""Gaps between languages: only of scores and pairs of languages that the licence allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mhx.stats.analysis import Options, analyze
from mhx.stats.collect import Records, collect, corrections
from mhx.stats.design import Attribute, Design, Slice
from mhx.stats.results import CorrectedGap, CrossLanguage

NOT_LICENSED = ("not comparable", "insufficient anchors")


def compare_languages(design: Design, found: Sequence[CrossLanguage], options: Options,
                      records: Records) -> None:
    """Add what the licences allow: means and gaps of languages (``comparable``), or only the gap
    corrected by ratings of a probability sample (``correctable``), with kind ``language``.

    The system of a baseline is compared like the others: languages are compared inside a system.
    """
    for (score, reference) in dict.fromkeys((one.score, one.reference) for one in found
                                            if one.verdict not in NOT_LICENSED):
        verdicts = {one.language: one.verdict for one in found
                    if (one.score, one.reference) == (score, reference)}
        for verdict in ("comparable", "correctable"):
            languages = [name for name, one in verdicts.items() if one == verdict]
            if languages:
                _compare(design, score, (reference, *languages), verdict == "comparable",
                         options, records)


def _compare(design: Design, score: str, languages: tuple[str, ...], comparable: bool,
             options: Options, records: Records) -> None:
    factor = design.language
    assert factor is not None
    place = np.full(len(factor.labels) + 1, -1)
    place[[factor.labels.index(name) for name in languages]] = np.arange(len(languages))
    attribute = Attribute(factor.name, "language", languages, place[factor.codes], 0)
    systems: dict[str | None, Slice] = {}
    for part in design.slices:
        rows = part.rows if part.system not in systems else part.rows | systems[part.system].rows
        systems[part.system] = Slice(None, part.system, rows)
    together = replace(design, slices=tuple(systems.values()))
    if comparable:
        known = len(records.largest)
        collect(together, attribute, score, options, records)
        if len(languages) > 2:  # the other languages are not licensed against each other
            del records.largest[known:]
        return
    for part in together.slices:
        own = analyze(together, attribute, score, part, options)
        records.corrected += [_without_raw(one) for one in corrections(together, own, options)]


def _without_raw(one: CorrectedGap) -> CorrectedGap:
    """The uncorrected gap is not licensed, so it is not shown beside the corrected one."""
    return replace(one, raw=None)
