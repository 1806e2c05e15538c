"""translate, score: one stage on the user's own files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mhx.cli import common

if TYPE_CHECKING:
    from mhx.stats.randomization import SystemContrast


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(translate)
    app.command()(score)


def translate(
    file: Annotated[Path, typer.Argument(help="A text file (one segment a line) or a table.")],
    lang: Annotated[str, typer.Option("--lang", help="Target language.")],
    text: Annotated[str, typer.Option(help="Column of the text, for a table.")] = "text",
    messages: Annotated[
        str | None,
        typer.Option(help="Column of dialogues in chat format, in place of --text."),
    ] = None,
    translator: Annotated[
        str | None,
        typer.Option(
            help="NAME[:MODEL]: memory, apertium, hf:MODEL, ct2:MODEL, openai:MODEL@URL; several, "
            "with commas, stand in for each other."
        ),
    ] = None,
    back_translator: Annotated[
        str | None,
        typer.Option(help="NAME[:MODEL] that translates back, as a screen; not the translator."),
    ] = None,
    request_budget: common.RequestBudget = None,
    token_budget: common.TokenBudget = None,
    memory: Annotated[list[Path] | None, typer.Option(help="A TMX memory to use as well.")] = None,
    memory_threshold: Annotated[
        int,
        typer.Option(
            help="Least score of a memory's fuzzy match, in percent; 100 for none.", min=1, max=100
        ),
    ] = 90,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write JSONL; default: standard output."),
    ] = None,
    out: common.Out = Path("runs"),
    device: common.Device = "auto",
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
) -> None:
    """Translate segments; each answer says its engine, each failure its code, nothing is invented.

    Example: mhx translate lines.txt --lang es --translator apertium
    """
    from mhx.api import open_run
    from mhx.files import read_table, write_jsonl
    from mhx.translating import translate_conversations, translate_texts

    texts = _texts(file, text) if messages is None else []
    run = open_run(
        lang,
        shelves=common.shelves_of(plugins, shadow, allow_code),
        translator=translator,
        back_translator=back_translator,
        request_budget=request_budget,
        token_budget=token_budget,
        memories=memory or [],
        fuzzy=memory_threshold,
        out=out,
        device=device,
        reporter=common.progress(),
    )
    if messages is None:
        rows = translate_texts(run, texts)
        failed = sum(row["target"] is None for row in rows)
        said = f"{len(rows) - failed} of {len(rows)} segments translated"
    else:
        rows = translate_conversations(run, read_table(file), messages).to_dicts()
        whole = sum(row["untranslated"] == 0 for row in rows)
        said = f"{whole} of {len(rows)} dialogues translated whole"
    if output is None:
        import json

        for row in rows:
            common.say(json.dumps(row, ensure_ascii=False))
    else:
        write_jsonl(output, rows)
    run.reporter.say(f"{said} by {run.settings.translator}")


def _texts(file: Path, column: str) -> list[str]:
    from mhx.errors import MhxError, Problem
    from mhx.files import read_table, read_text

    if file.suffix.lower() == ".txt":
        return [line for line in read_text(file).split("\n") if line.strip()]
    frame = read_table(file)
    if column not in frame.columns:
        fix = f"--text COL or --messages COL; columns: {', '.join(frame.columns)}"
        raise MhxError(Problem(f"no column {column!r}", fix, path=file))
    return ["" if value is None else str(value) for value in frame[column].to_list()]


def score(
    table: Annotated[
        Path, typer.Argument(help="CSV, TSV, Parquet, JSONL or XLSX with the responses.")
    ],
    lang: Annotated[str, typer.Option("--lang", help="Language of the responses.")],
    measure: Annotated[str, typer.Option(help="Measure, such as epitome or chrf.")] = "epitome",
    response: Annotated[str, typer.Option(help="Column of the response.")] = "response",
    prompt: Annotated[
        str | None, typer.Option(help="Column of what it answers or translates.")
    ] = None,
    reference: Annotated[str | None, typer.Option(help="Column of the reference.")] = None,
    unit: Annotated[
        str | None, typer.Option(help="Column that names the row; default: its number.")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(help="Column of the text a segment is from: texts are resampled whole."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            help="Another system to compare with: a column of its responses, or a table with the "
            "same --unit and --response columns."
        ),
    ] = None,
    margin: Annotated[
        float | None, typer.Option(help="With --baseline: points within which they are equivalent.")
    ] = None,
    comet_model: Annotated[
        str | None, typer.Option(help="Checkpoint of the measure comet: a path or a hub name.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=COL: a further column that the measure reads, such as severity, group, age "
            "and community of crisis; repeat for several."
        ),
    ] = None,
    territory: Annotated[
        str | None, typer.Option(help="Territory whose services the measure knows.")
    ] = None,
    today: common.Today = None,
    classifier: Annotated[
        str | None,
        typer.Option(
            help="Folder or name of a sequence classifier for epitome, in place of the cues; "
            "MECHANISM=FOLDER, with commas, for one a mechanism."
        ),
    ] = None,
    train: Annotated[
        bool,
        typer.Option(
            "--train", help="Train a classifier for epitome from the table's levels (0-2) instead."
        ),
    ] = False,
    base: Annotated[
        str | None, typer.Option(help="With --train: an encoder, by folder or name.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="With --train: folder of the classifier.")
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            help="With --train: MECHANISM=COL of the levels; default: columns named like the "
            "mechanisms."
        ),
    ] = None,
    epochs: Annotated[int, typer.Option(help="With --train: passes over the table.", min=1)] = 4,
    device: common.Device = "auto",
    seed: common.Seed = 0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write JSONL.")
    ] = None,
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Score responses of a table by a measure; prints the scorer's own agreement with people.

    chrF, BLEU, TER and COMET also give the corpus score with its interval and, with --baseline,
    the paired test of two systems.

    Example: mhx score answers.csv --measure chrf --lang pl --reference human --baseline old
    """
    from mhx.cards import load_territory
    from mhx.errors import UsageError
    from mhx.files import read_table, write_jsonl
    from mhx.scoring import compare_table, join_baseline, open_table
    from mhx.scoring.agreed import agreement_lines

    if train:
        _train(table, lang, prompt or "prompt", response, base=base, into=into, labels=label or [],
               epochs=epochs, seed=seed, device=device, json_=json_)
        return
    if classifier and measure != "epitome":
        raise UsageError(f"--classifier scores epitome, not {measure}", "--measure epitome")
    shelves = common.shelves_of(plugins, shadow, allow_code)
    options: dict[str, Any] = {"today": common.day(today)}
    if comet_model:
        options["model"] = comet_model
    if territory:
        options["territory"] = load_territory(territory, shelves=shelves)
    if classifier:
        options["classifier"] = classifier
    frame, other = read_table(table), None
    if baseline is not None:
        frame, other = join_baseline(frame, baseline, path=table, response=response, unit=unit)
    opened, given = open_table(
        frame,
        path=table,
        measure=measure,
        lang=lang,
        columns={
            "response": response, "prompt": prompt, "reference": reference, "unit": unit,
            "cluster": cluster, "baseline": other, **_named(column or []),
        },
        shelves=shelves,
        seed=seed,
        device=device,
        options=options,
    )
    contrast = compare_table(opened, given, margin=margin) if other else None
    rows: list[dict[str, Any]] = opened.score(given).to_dicts()
    corpus, agreement = opened.summary(given), opened.agreement()
    if output is not None:
        write_jsonl(output, rows)
    if json_:
        common.emit({
            "signature": opened.signature, "agreement": agreement, "corpus": corpus or None,
            "contrast": contrast and asdict(contrast), "scores": rows,
        })
        return
    _show(measure, rows, corpus, contrast, stored=output is not None)
    for line in (opened.signature, *agreement_lines(agreement)):
        common.progress().say(line)


def _show(
    measure: str, rows: list[dict[str, Any]], corpus: dict[str, Any],
    contrast: SystemContrast | None, *, stored: bool,
) -> None:
    """The rows, where they are not stored; then what holds of all of them together."""
    import json

    err = common.progress()
    for row in () if stored else rows:
        common.say(json.dumps(row, ensure_ascii=False))
    say = common.say if stored else err.say
    if "score" in corpus:
        say(corpus_line(measure, corpus, len(rows)))
    for row in corpus.get("misses", ()):
        say(miss_line(row))
    if contrast is not None:
        say(contrast_line(contrast, len(rows)))
    for why, count in (corpus.get("missing") or {}).items():
        err.say(f"{count} without a score: {why}")


def _train(
    table: Path, lang: str, prompt: str, response: str, *, base: str | None, into: Path | None,
    labels: list[str], epochs: int, seed: int, device: str, json_: bool,
) -> None:
    from mhx.errors import UsageError
    from mhx.files import read_table
    from mhx.scoring.agreed import agreement_lines
    from mhx.scoring.classifier_train import Recipe, labelled, table_of, train_classifier

    if base is None or into is None:
        raise UsageError("--train needs an encoder and a folder", "--base ENCODER --into DIR")
    frame = read_table(table)
    data = labelled(frame, prompt=prompt, response=response, columns=table_of(labels, frame),
                    path=table)
    record = train_classifier(data, base, into, lang=lang, device=device,
                              recipe=Recipe(epochs=epochs, seed=seed))
    if json_:
        common.emit({"classifier": str(into), **record})
        return
    common.say(f"{into}: trained on {record['trained_on']} answers")
    for line in agreement_lines(record):
        common.say(line)


def _named(given: list[str]) -> dict[str, str]:
    """Columns by the measure's name for them. Raises UsageError for what is no NAME=COL."""
    from mhx.errors import UsageError

    pairs = [text.partition("=") for text in given]
    wrong = [name for name, mark, value in pairs if not (name and mark and value)]
    if wrong:
        raise UsageError(f"--column {wrong[0]!r}", "write NAME=COL, such as severity=risk")
    return {name: value for name, _, value in pairs}


def miss_line(row: dict[str, Any]) -> str:
    """Misses of a severity and group in a line, with the exact bound."""
    of = row["severity"] + (f", {row['group']}" if row["group"] else "")
    return (f"not {row['measure']}, {of}: {row['missed']} of {row['n']} "
            f"(at most {row['upper']:.0%}, one-sided 95 % bound)")


def corpus_line(measure: str, corpus: dict[str, Any], rows: int) -> str:
    """A corpus score in a line: interval, how many segments of how many, signature."""
    if corpus["score"] is None:
        return f"{measure}: no row has both texts"
    digits = _digits(corpus["signature"])
    line = f"{measure} {corpus['score']:.{digits}f}"
    if corpus["low"] is not None:
        line += f", 95 % interval {corpus['low']:.{digits}f} to {corpus['high']:.{digits}f}"
    return (f"{line}; {corpus['units']} of {rows} segments in {corpus['clusters']} resampled "
            f"clusters; {corpus['signature']}")


def contrast_line(found: SystemContrast, rows: int) -> str:
    """A paired comparison in a line; what was not found is not called equal."""
    digits = _digits(found.signature)
    line = (f"{found.score:.{digits}f} against {found.baseline:.{digits}f} on {found.units} of "
            f"{rows} segments: difference {found.difference:+.{digits}f}")
    if found.low is None or found.high is None or found.p is None:
        return f"{line}; one cluster: nothing can be tested"
    line += f", 95 % interval {found.low:+.{digits}f} to {found.high:+.{digits}f}"
    line += f"; approximate randomization of {found.clusters} clusters: p = {found.p:.2g}"
    if found.tost_p is not None:
        line += f"; equivalence within {found.margin:g}: p = {found.tost_p:.2g}"
    line += f"; {found.verdict}"
    if found.verdict == "inconclusive":
        line += " (this does not show that they are equal)"
    return line


def _digits(signature: str) -> int:
    """Decimals shown: COMET's scores lie about between 0 and 1, the others between 0 and 100."""
    return 4 if signature.startswith("comet") else 2
