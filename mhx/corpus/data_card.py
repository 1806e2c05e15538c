"""The Hugging Face data card of a language's shipped corpus: `corpus/README.md`."""

from __future__ import annotations

from mhx.corpus.describe import balances, size
from mhx.language import Language

FILE = "dialogues.jsonl"
SIZES = ((1000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))


def corpus_card(language: Language, source: Language) -> str:
    """The card as Markdown with its YAML head; ``datasets.load_dataset(folder)`` reads by it."""
    own = language.tag == source.tag
    corpus = source.source_corpus
    if not own:
        ids = {item.id for item in language.corpus}
        corpus = [item for item in corpus if item.id in ids]
    row = size(language, source)
    fits = next((name for most, name in SIZES if row["dialogues"] < most), "n>100K")
    base = language.tag.split("-")[0]
    head = [
        "---",
        f"pretty_name: mhx dialogues, {language.manifest.name}",
        f"language: [{base}]" if own else f"language: [{source.tag}, {base}]",
        "license: cc-by-4.0",
        "annotations_creators: [machine-generated]",
        "language_creators: [machine-generated]",
        "task_categories: [text-generation]" if own else
        "task_categories: [text-generation, translation]",
        "tags: [mental-health, counseling, synthetic]",
        f"size_categories: [{fits}]",
        "configs:",
        "- config_name: default",
        f"  data_files: [{{split: full, path: {FILE}}}]",
        "---",
    ]
    body = [
        f"# Dialogues in {language.manifest.name} ({language.tag})",
        "",
        "<!-- Written by `mhx build`; do not edit. -->",
        "",
        "**Written by a model, reviewed by nobody.** Research data for building and testing mhx;",
        "not clinical advice, and not evidence of how people in distress speak. Crisis services",
        "are slots (`{{service:...}}`), resolved when text is shown.",
        "",
        f"{row['dialogues']} dialogues, {row['turns']} turns, {row['segments']} segments, "
        f"{row['words']:,} words" + ("." if own else f", {row['edits']} edits."),
        "",
        "One record a dialogue: `turns` of `segments` (a sentence each) with the speaker's role"
        if own else
        "One record a dialogue: each segment has the `faithful` translation, the `adapted` text",
        "and what each supporter's turn does (`techniques`). `split` is train, valid or test: the"
        if own else
        "and the `edits` (offset, card entry, depth) that lead from one to the other, exactly.",
        "test split is in no memory, base or adapter that mhx ships."
        if own else
        f"`source_sha256` binds it to the dialogue of the same `id` in `{source.tag}`, which has",
    ]
    if not own:
        body.append("its topic, risk and split; the test split is in no memory, base or adapter.")
    body += ["", "| by | value | dialogues |", "|---|---|---:|"]
    body += [f"| {one['what']} | {one['value']} | {one['dialogues']} |" for one in balances(corpus)]
    return "\n".join([*head, "", *body]) + "\n"
