"""Whether an answer breaks the local forms: address, gender, register, letters, terms, card."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mhx.adaptation.conservation import risk_level
from mhx.adaptation.gates.concepts import ConceptTerms
from mhx.adaptation.resolver import ADULT_AGE
from mhx.adaptation.rules import find_faults
from mhx.contracts import Finding, Measure, MeasureSettings
from mhx.errors import MhxError, Problem
from mhx.evaluation.crisis import ages
from mhx.files import hash_file, read_text
from mhx.language import Language, load_language
from mhx.schema import Participant, Plan
from mhx.scoring import long_frame
from mhx.shelves import default_shelves

if TYPE_CHECKING:
    import polars as pl

FAMILIES = ("address", "gender", "register", "orthography")
CHECKING = ("forbid", "prefer", "require")  # kinds of rules that find and do not change
GENDERS = ("female", "male")
COLUMNS = ("prompt", "response", "gender", "age")


def open(settings: MeasureSettings) -> Measure:
    """The language's hooks, term base and card. Option: `shelves`."""
    shelves = settings.options.get("shelves") or default_shelves()
    return LocalForms(load_language(settings.lang, shelves=shelves))


class LocalForms:
    """1 where an answer breaks a form, 0 where it does not, less better.

    Columns beside `unit` and `response`, all optional: `gender` of the person (female, male),
    `age` (years, adult, minor: who is owed which address), `prompt` (rules for risk turns).

    gender needs a known gender; gender_assumed says that the answer shows a gender that nobody
    stated, the speaker's or the person's. A score is missing where the language's hooks name no
    code of its family, or it has no term base or no rule that checks: nothing was judged. Findings
    that the gates only warn of do not count, but for gender_assumed and orthography.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        digest = hash_file(language.card_path)[:12]
        self.signature = (
            f"local_forms|scorer:hooks|lang:{language.tag}|card:{digest}"
            f"|families:{'+'.join(sorted(self.families)) or 'none'}|agreement:not measured"
        )

    @cached_property
    def families(self) -> frozenset[str]:
        """Families of findings that the language's hooks name."""
        path = self.language.folder / "hooks.py"
        source = read_text(path) if path.is_file() else ""
        return frozenset(name for name in FAMILIES if re.search(rf"[\"']{name}\.", source))

    @cached_property
    def _terms(self) -> ConceptTerms | None:
        return ConceptTerms(self.language, self.language) if self.language.terms else None

    @cached_property
    def _checks(self) -> bool:
        rules = self.language.card.rules
        return any(rule.kind in CHECKING and rule.action.replace is None for rule in rules)

    def score(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A row an answer and score. Raises MhxError for a gender or age it cannot read."""
        rows: list[tuple[str, str, float | None, str]] = []
        problems: list[Problem] = []
        for row in frame.iter_rows(named=True):
            text = {name: str(row.get(name) or "").strip() for name in COLUMNS}
            try:
                plan = self._plan(text)
            except ValueError as error:
                problems.append(Problem(f"unit {row['unit']}: {error}", "female, male or nothing; "
                                        "years, adult, minor or nothing"))
                continue
            for name, broken in self._scores(text, plan):
                value = None if broken is None or not text["response"] else float(broken)
                rows.append((str(row["unit"]), name, value,
                             "missing" if value is None else "scored"))
        if problems:
            raise MhxError(problems)
        return long_frame(rows, self.signature)

    def _plan(self, text: Mapping[str, str]) -> Plan:
        gender = text["gender"].lower() or "unknown"
        if gender not in (*GENDERS, "unknown"):
            raise ValueError(f"gender {gender!r}")
        grammar = self.language.manifest.grammar
        age = ages(text["age"])
        minor = age == "minor" or (isinstance(age, int) and age < ADULT_AGE)
        owed = {**grammar.default_address, **(grammar.minor_address if minor else {})}
        return Plan(
            dialogue="answer",
            seeker=Participant.model_validate({"gender": gender}),
            supporter=Participant(),
            seeker_to_supporter=owed["seeker_to_supporter"],
            supporter_to_seeker=owed["supporter_to_seeker"],
        )

    def _scores(self, text: Mapping[str, str], plan: Plan) -> Iterator[tuple[str, bool | None]]:
        answer = text["response"]
        found = self.findings(answer, text["prompt"], plan)
        for name in FAMILIES:
            judged = name in self.families and (name != "gender" or text["gender"] != "")
            warned = name == "orthography"  # a corpus is normalized, an answer is shown as it is
            yield name, _breaks(found, f"{name}.", warned=warned) if judged else None
            if name == "gender":
                assumed = any(item.code == "gender.unknown" for item in found)
                yield "gender_assumed", assumed if name in self.families else None
        yield "terms", self._forbidden(answer)
        others = [item for item in found if item.code.split(".")[0] not in FAMILIES]
        yield "rules", _breaks(others, "") if self._checks else None

    def findings(self, answer: str, prompt: str, plan: Plan) -> list[Finding]:
        """What hooks and card find in an answer, sentence by sentence, as in a corpus."""
        hooks = self.language.hooks
        risk = risk_level(self.language.risk_cues, prompt) != "none"
        return [
            item
            for part in hooks.split_sentences(answer)
            for item in find_faults(
                part, role="supporter", risk=risk, plan=plan,
                rules=self.language.card.rules, hooks=hooks,
            )
        ]

    def _forbidden(self, answer: str) -> bool | None:
        """A forbidden term; false friends are left out, their sense a text does not tell."""
        if self._terms is None:
            return None
        return any(match.why != "false_friend" for match in self._terms.forbidden(answer))

    def agreement(self) -> dict[str, Any]:
        """Not measured against people."""
        return {}

    def summary(self, frame: pl.DataFrame) -> dict[str, Any]:
        """No corpus-level score beyond the rows."""
        return {}


def _breaks(found: list[Finding], prefix: str, *, warned: bool = False) -> bool:
    return any(
        item.code.startswith(prefix) and (warned or item.severity != "warn") for item in found
    )
