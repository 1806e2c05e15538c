"""chrF, BLEU and TER from sufficient statistics: a corpus score is a function of summed counts.

A segment adds a row of counts; the corpus score reads their sums, and so does every resample of
it (`mhx.stats.resample`). The counts are sacrebleu's own, so its signature stays valid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mhx.errors import MhxError, Problem
from mhx.stats.ngrams import chrf_counts
from mhx.stats.resample import Floats

SCALE = 100.0  # a perfect score


@dataclass(frozen=True)
class Tally:
    """The counts of one system: `rows` (segments, K), the sacrebleu `metric`, its `signature`."""

    metric: Any
    rows: Floats
    signature: str

    @property
    def score(self) -> float:
        """The corpus score, to the last bit that of sacrebleu."""
        return float(own_scores(self.metric, self.rows.sum(0)[None])[0])

    def sentences(self, metric: Any) -> Floats:
        """Sentence scores (segments,) by `metric`, which may smooth another way."""
        return own_scores(metric, self.rows)


def tally(metric: Any, hypotheses: Sequence[str],
          references: Sequence[Sequence[str | None]]) -> Tally:
    """The counts of `hypotheses` against one or more reference streams, None where there is none.

    `metric` is sacrebleu's CHRF, BLEU or TER. Raises MhxError for no segments, streams of unequal
    length and segments without any reference.
    """
    problems = _problems(hypotheses, references)
    if problems:
        raise MhxError(problems)
    given = {sum(one is not None for one in refs) for refs in zip(*references, strict=True)}
    metric.num_refs = given.pop() if len(given) == 1 else -1
    if type(metric).__name__ == "CHRF":
        rows = _best(metric, hypotheses, references)
    else:
        rows = np.array(metric._extract_corpus_statistics(hypotheses, references), dtype=float)
    return Tally(metric, rows, str(metric.get_signature()))


def _problems(hypotheses: Sequence[str],
              references: Sequence[Sequence[str | None]]) -> list[Problem]:
    if not hypotheses or not references:
        return [Problem("no segments to score", "give texts and at least one reference each")]
    sizes = {len(stream) for stream in references} | {len(hypotheses)}
    if len(sizes) > 1:
        counts = ", ".join(str(size) for size in sorted(sizes))
        return [Problem(f"texts and references differ in number: {counts}", "pair them by row")]
    return [
        Problem(f"segment {row} has no reference", "leave it out or give one")
        for row, refs in enumerate(zip(*references, strict=True), start=1)
        if all(one is None for one in refs)
    ]


def _best(metric: Any, hypotheses: Sequence[str],
          references: Sequence[Sequence[str | None]]) -> Floats:
    """chrF counts (segments, K) against each segment's best reference, the first of equals."""
    counted = [chrf_counts(metric, hypotheses, [one or "" for one in stream]).astype(float)
               for stream in references]
    if len(counted) == 1:
        return counted[0]
    found = [np.where([one is not None for one in stream], own_scores(metric, rows), -1.0)
             for stream, rows in zip(references, counted, strict=True)]
    best: Floats = np.stack(counted)[np.argmax(found, axis=0), np.arange(len(hypotheses))]
    return best


def legal(metric: Any) -> tuple[float, float]:
    """The lowest and the highest score there can be."""
    name = type(metric).__name__
    if name == "Mean":
        return -np.inf, np.inf
    return 0.0, np.inf if name == "TER" else SCALE


def scores(metric: Any, sums: Floats) -> Floats:
    """Corpus scores (...,) of summed counts (..., K), all at once; one by one in rare settings."""
    name = type(metric).__name__
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        if name == "CHRF" and not metric.eps_smoothing:
            return _chrf(metric, sums)
        if name == "BLEU" and metric.smooth_method == "exp":
            return _bleu(metric, sums)
        if name == "TER":
            return _ter(sums)
        if name == "Mean":
            out: Floats = sums[..., 0] / sums[..., 1]
            return out
    return own_scores(metric, sums.reshape(-1, sums.shape[-1])).reshape(sums.shape[:-1])


def own_scores(metric: Any, rows: Floats) -> Floats:
    """Scores (n,) of counts (n, K) by sacrebleu's code."""
    return np.array([metric._compute_score_from_stats(row.tolist()).score for row in rows],
                    dtype=float)


def _chrf(metric: Any, sums: Floats) -> Floats:
    """F-beta of precision and recall averaged over the orders both sides have (Popović 2015)."""
    made, wanted, matched = np.moveaxis(sums.reshape(*sums.shape[:-1], -1, 3), -1, 0)
    used = (made > 0) & (wanted > 0)
    orders = np.maximum(used.sum(-1), 1)
    precision = np.where(used, matched / made, 0.0).sum(-1) / orders
    recall = np.where(used, matched / wanted, 0.0).sum(-1) / orders
    factor = metric.beta**2
    f = (1 + factor) * precision * recall / (factor * precision + recall)
    return np.where(precision + recall > 0, SCALE * f, 0.0)


def _bleu(metric: Any, sums: Floats) -> Floats:
    """Brevity penalty times the geometric mean of precisions (Papineni et al. 2002).

    An order without a match counts as half a match, the next one as a quarter, and so on (NIST).
    """
    orders = metric.max_ngram_order
    made, wanted = sums[..., 0], sums[..., 1]
    correct, total = sums[..., 2 : 2 + orders], sums[..., 2 + orders :]
    used = total > 0
    halved = 2.0 ** (used & (correct == 0)).cumsum(-1)
    precision = np.where(correct > 0, correct / total, 1 / (halved * total))
    logs = np.where(used, np.log(precision), 0.0).sum(-1)
    mean = logs / np.maximum(used.sum(-1), 1)
    if not metric.effective_order:
        mean = np.where(used.all(-1), mean, -np.inf)
    penalty = np.where(made < wanted, np.exp(1 - wanted / made), 1.0)
    return np.where((correct > 0).any(-1), SCALE * penalty * np.exp(mean), 0.0)


def _ter(sums: Floats) -> Floats:
    """Edits a reference word (Snover et al. 2006), in percent; an empty reference counts as one."""
    edits, length = sums[..., 0], sums[..., 1]
    return SCALE * np.where(length > 0, edits / length, (edits > 0).astype(float))
