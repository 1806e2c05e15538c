"""What is wrong with a language's term base against the concepts that one language owns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from mhx.errors import Problem
from mhx.files import Lines, read_yaml
from mhx.language import Language
from mhx.schema.terms import Term, TermBase


def term_problems(language: Language, owner: Language) -> list[Problem]:
    """What is wrong with a language's `terms.yaml` against the owner's concepts; none without one.

    Concepts a language has no term for are no problem.
    """
    base, concepts = language.terms, owner.terms
    if base is None:
        return []
    path = language.folder / "terms.yaml"
    lines = read_yaml(path)[1]
    known = [concept.id for concept in concepts.concepts] if concepts is not None else []
    found = [
        Problem(f"no concept {name!r}", f"define it in {owner.tag}/terms.yaml", path=path,
                line=lines.get(("terms", name)), field=f"terms.{name}")
        for name in base.terms
        if name not in known
    ]
    if language.tag == owner.tag:
        found += [
            Problem(f"concept {name!r} twice", "keep one", path=path, field="concepts")
            for name, after in pairwise(sorted(known)) if name == after
        ]
        found += [
            Problem(f"concept {name!r} has no term", "write one", path=path, field=f"terms.{name}")
            for name in known if name not in base.terms
        ]
    elif base.concepts:
        found.append(Problem("concepts of its own", f"they stand in {owner.tag}/terms.yaml",
                             path=path, field="concepts"))
    for name, terms in base.terms.items():
        found += _concept_problems(language, name, terms, lines)
    return found + _clashes(language, base, lines)


def _concept_problems(
    language: Language, name: str, terms: list[Term], lines: Lines
) -> Iterator[Problem]:
    path = language.folder / "terms.yaml"
    place = (path, lines.get(("terms", name)), f"terms.{name}")
    if [term.status for term in terms].count("preferred") != 1 or terms[0].status != "preferred":
        yield Problem("not one preferred term, in the first place", "order them", *place)
    texts = [term.text for term in terms]
    if len(set(texts)) < len(texts):
        yield Problem("a term twice", "keep one", *place)
    gendered = language.manifest.grammar.gender == "agreement"
    card = language.card
    evidence = {*(fact.id for fact in card.facts), *(source.id for source in card.sources)}
    for number, term in enumerate(terms):
        at = (path, lines.get(("terms", name, number)), f"terms.{name}[{number}]")
        if term.pos == "noun" and gendered != (term.gender is not None):
            fix = "add one" if gendered else "remove it"
            yield Problem(f"{term.text!r}: gender {term.gender or 'missing'}", fix, *at)
        for text in (term.text, *term.forms):
            if (clean := language.hooks.normalize(text)) != text:
                yield Problem(f"{text!r} is not in normal form", f"write {clean!r}", *at)
        for entry in term.evidence:
            if entry not in evidence:
                yield Problem(f"{entry!r} is no fact or source of the card", "name one", *at)


def _clashes(language: Language, base: TermBase, lines: Lines) -> list[Problem]:
    """Terms that are forbidden under one concept and wanted under another: text cannot tell."""
    wanted = {
        term.text.lower(): name
        for name, terms in base.terms.items()
        for term in terms
        if term.status == "preferred"
    }
    return [
        Problem(
            f"{term.text!r} is forbidden here and preferred under {wanted[term.text.lower()]!r}",
            "say why: false_friend, or choose",
            path=language.folder / "terms.yaml",
            line=lines.get(("terms", name, number)),
            field=f"terms.{name}[{number}]",
        )
        for name, terms in base.terms.items()
        for number, term in enumerate(terms)
        if term.status == "forbidden"
        and term.why != "false_friend"
        and term.text.lower() in wanted
    ]
