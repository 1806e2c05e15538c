"""Datasheets (Gebru et al. 2021): of the adapted corpus of a run, or of a table of scores."""

from __future__ import annotations

from collections.abc import Sequence

from mhx.reporting.checklists import facts
from mhx.reporting.checklists.people import SHIPPED, raters
from mhx.reporting.checklists.records import Checklist, Item
from mhx.reporting.checklists.render import to_markdown
from mhx.reporting.evaluation import Evaluation
from mhx.reporting.wording import origin, plain

SOURCE = "Gebru et al. 2021, Datasheets for Datasets, doi:10.1145/3458723"
NOTE = f"Sections after {SOURCE}; the questions are shortened."
SLOTS = ("Crisis services are slots ({{service:...}}) and hold no telephone number; serving a "
         "model trained on it without the resolver is unsupported.")
Asked = tuple[str, str, str]  # question, what the record says, what the authors must say


def datasheets(evaluation: Evaluation) -> dict[str, str]:
    """File name and text of the datasheet of each result."""
    return {f"datasheet{f'-{number}' if number > 1 else ''}.md": datasheet(one)
            for number, one in enumerate(facts.results(evaluation), start=1)}


def datasheet(evaluation: Evaluation) -> str:
    """The datasheet of a single result as Markdown."""
    meta = evaluation.meta
    if evaluation.from_table:
        title, sections = f"Datasheet of {meta.get('table')}", _table(evaluation)
    else:
        title = (f"Datasheet of the {meta.get('language')} dialogues of run {meta.get('run')}")
        sections = _corpus(evaluation)
    return to_markdown([Checklist(name=name, items=_items(asked), note=NOTE if not at else "")
                        for at, (name, asked) in enumerate(sections)], title)


def _items(asked: Sequence[Asked]) -> tuple[Item, ...]:
    return tuple(Item(id="", question=question, answer=answer, open=lacking)
                 for question, answer, lacking in asked)


def _corpus(one: Evaluation) -> list[tuple[str, list[Asked]]]:
    meta = one.meta
    shipped = meta.get("source") == SHIPPED
    people = "" if shipped else f"for the dialogues of {meta.get('source') or 'the source'}, "
    return [
        ("Motivation", [
            ("For what purpose?", "To train and test a model that answers in this language and "
             "culture, and to measure whether it answers groups alike.", ""),
            ("Who made it, and who paid?", "Made by a run of mhx.",
             "the people or institution behind the run, and the funding"),
        ]),
        ("Composition", [
            ("What do the instances represent?", facts.domain(one), ""),
            ("How many are there?", _counts(one), ""),
            ("Is it a sample of a larger set?",
             f"All dialogues of {meta.get('source')} that the settings of the run admit."
             if meta.get("source") else "", "" if shipped else
             f"{people}how they were chosen from a larger set"),
            ("What does each instance hold?", "A dialogue as chat messages, with its topic, risk "
             "level, split, origin, translator, licence and the plan of genders and forms of "
             "address.", ""),
            ("Is anything missing?", _left(one), ""),
            ("Are there errors or noise?", f"Text: {origin(one)}. Translated by the engine "
             f"{meta.get('translator')}; edits follow the culture card.",
             "errors found since, if any"),
            ("Splits", "Train, validation and test; near-duplicates stay on one side."
             + (" The test split of the shipped dialogues is in no tokenizer, base or memory of "
                "mhx." if shipped else ""), ""),
            ("Is it confidential, offensive or distressing?", _risk(one),
             "" if shipped else f"{people}whether they are confidential"),
            ("Does it tell people or groups apart?", _genders(one), "" if shipped else
             f"{people}whether a person could be identified"),
        ]),
        ("Collection process", [
            ("How was it collected, by whom, when?", f"Source: {meta.get('source')}; "
             f"{origin(one)}. Run of {meta.get('today')}."
             if meta.get("source") else f"Text: {origin(one)}. Run of {meta.get('today')}.",
             "" if shipped else f"{people}who collected them, when and how"),
            ("Ethical review and consent", "The shipped dialogues were written for mhx and are no "
             "record of a person." if shipped else "",
             "" if shipped else f"{people}ethical review, notice and consent"),
        ]),
        ("Preprocessing, cleaning, labelling", [
            ("Was it processed?", facts.said(one, "Data and adaptation"), ""),
            ("Is the raw text kept?", "Source, faithful and adapted text stand side by side in the "
             "stage tables of the run, with every edit.", ""),
            ("Is the software available?", f"mhx (Apache-2.0). "
             f"{facts.said(one, 'Reproducibility')}", ""),
        ]),
        ("Uses", [
            ("What was it used for?", f"The adapter and the report of run {meta.get('run')}.",
             "other uses"),
            ("What should it not be used for?", f"A model in front of people in distress, "
             f"diagnosis or crisis care. {SLOTS}", ""),
            ("Who reviewed it?", f"Text: {origin(one)}. {raters(one)}",
             "review by native speakers and clinicians since, if any"),
        ]),
        ("Distribution", [
            ("How, to whom, under which licence?", "Shipped dialogues and cards: CC BY 4.0."
             if shipped else "", "where it is distributed" if shipped else
             f"{people}their licence, and where the corpus is distributed"),
        ]),
        ("Maintenance", [
            ("Who maintains it, and how are errors reported and corrected?", "",
             "contact, place for errors, plan of updates"),
        ]),
    ]


def _counts(one: Evaluation) -> str:
    splits = [f"{row.get('split')} {row.get('dialogues')} ({row.get('turns')} turns, "
              f"{row.get('risk')} with risk)" for row in one.rows("meta", "corpus", "splits")]
    if splits:
        return f"Dialogues: {'; '.join(splits)}."
    rows = [row for row in one.rows("accounts") if row.get("stage") == "gate"]
    text = [f"{row.get('rows_in')} dialogues at the gate: {row.get('accepted')} accepted, "
            f"{row.get('review')} for review, {row.get('rejected')} rejected." for row in rows]
    return f"{' '.join(text) or 'Not in the record.'} The card of the corpus counts each split."


def _left(one: Evaluation) -> str:
    found = [f"{row.get('stage')}: " + ", ".join(
        f"{plain(code)} {count}" for code, count in row["reasons"].items())
        for row in one.rows("accounts") if row.get("reasons")]
    return f"Left out or sent to review, by stage: {'; '.join(found)}." if found else (
        "No dialogue left the run on its way.")


def _risk(one: Evaluation) -> str:
    found = [f"{plain(row.get('risk'))} {row.get('dialogues')} ({row.get('accepted')} accepted)"
             for row in one.rows("acceptance", "risk")]
    return ("Dialogues about mental distress."
            + (f" By risk level: {', '.join(found)}." if found else ""))


def _genders(one: Evaluation) -> str:
    found = [f"{plain(row.get('seeker_gender'))} {row.get('dialogues')} ({row.get('accepted')} "
             "accepted)" for row in one.rows("acceptance", "seeker_gender")]
    return f"Gender of the seeker: {', '.join(found)}." if found else "Not in the record."


def _table(one: Evaluation) -> list[tuple[str, list[Asked]]]:
    meta = one.meta
    rows = one.parity_rows("groups", "main")
    counts = [f"{row.get('score')} by {row.get('attribute')}, {row.get('group')}: {row.get('n')} "
              f"of {row.get('expected')}" for row in rows]
    return [
        ("Motivation", [("For what purpose, by whom, paid by whom?", "",
                         "purpose, makers and funding of the table")]),
        ("Composition", [
            ("What do the instances represent?",
             f"Scores in {meta.get('table')} (SHA-256 {meta.get('table_sha256')}).",
             "what was scored, in which languages"),
            ("How many are there, and what is missing?",
             f"Scored of expected: {'; '.join(counts)}." if counts else "",
             "why scores are missing"),
            ("Does it tell people or groups apart?", facts.groups(one),
             "how the groups are known, and whether a person could be identified"),
            ("Is it confidential, offensive or distressing?", "", "what the scored text holds"),
        ]),
        ("Collection process", [
            ("How was it collected, by whom, when, with which review and consent?", raters(one),
             "models, raters, dates, ethical review and consent")]),
        ("Preprocessing, cleaning, labelling", [
            ("Was it processed?", "Read as it is: missing scores are counted and not imputed.",
             "what was done before the table was written")]),
        ("Uses", [("What was it used for, and what should it not be used for?",
                   "The comparison of groups in this report.", "other uses, and uses to avoid")]),
        ("Distribution", [("How, to whom, under which licence?", "", "place and licence")]),
        ("Maintenance", [("Who maintains it?", "", "contact and plan of updates")]),
    ]
