"""The hf translator on real tokenizer classes and tiny models with the faults of large ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mhx.api import open_run
from mhx.contracts import Reply
from mhx.engines.opening import open_chain
from mhx.errors import MhxError
from mhx.seq2seq.translator import Translator
from mhx.shelves import Shelves
from mhx.translating import translate_texts

Open = Callable[..., Any]
Ask = Callable[..., list[Reply]]


@pytest.fixture(scope="module")
def backend(open_engine: Open, nllb: Path) -> Iterator[Any]:
    with closing(open_engine("hf", nllb)) as opened:
        yield opened


def test_language_codes_are_tokens_and_not_unknown(backend: Any) -> None:
    codes, tokenizer = backend.checkpoint.codes, backend.checkpoint.tokenizer
    source, target = tokenizer.convert_tokens_to_ids(["eng_Latn", "pol_Latn"])
    assert tokenizer.unk_token_id not in (source, target)
    assert (codes.pair, codes.forced) == (("eng_Latn", "pol_Latn"), target)
    assert source in backend.checkpoint.encode(["What helps you?"])[0]


@pytest.mark.parametrize("side", ["source_codes", "target_codes"])
def test_a_language_code_the_tokenizer_does_not_know_is_an_error(
    open_engine: Open, nllb: Path, side: str
) -> None:
    with pytest.raises(MhxError, match="knows no language code") as caught:
        open_engine("hf", nllb, **{side: {"flores": "xxx_Latn"}})
    assert "xxx_Latn" in str(caught.value)
    assert "codes.flores" in caught.value.problems[0].fix


def test_an_everyday_piece_of_the_vocabulary_is_no_language_code(
    open_engine: Open, nllb: Path, backend: Any
) -> None:
    tokenizer = backend.checkpoint.tokenizer
    piece = next(text for text in tokenizer.get_vocab()
                 if text.isalpha() and text not in tokenizer.all_special_tokens)
    with pytest.raises(MhxError, match=f"knows no language code for '{piece}'"):
        open_engine("hf", nllb, target=piece, target_codes={})


def test_a_model_of_several_targets_without_this_one_is_an_error(
    open_engine: Open, marian: Path
) -> None:
    with pytest.raises(MhxError, match="knows no language code for 'fa'"):
        open_engine("hf", marian, target="fa", target_codes={"flores": "pes_Arab"})


def test_a_folder_without_a_model_is_a_message(open_engine: Open, tmp_path: Path) -> None:
    with pytest.raises(MhxError, match="cannot be loaded"):
        open_engine("hf", tmp_path)


@pytest.mark.parametrize(
    ("name", "label"),
    [("nllb", "eng_Latn-pol_Latn"), ("m2m100", "en-pl"), ("marian", ">>pol<<"),
     ("madlad", "<2pl>")],
)
def test_each_family_translates_and_its_signature_says_how(
    open_engine: Open, ask: Ask, pairs: dict[str, str], request: Any, name: str, label: str
) -> None:
    folder = request.getfixturevalue(name)
    engine = open_engine("hf", folder)
    texts = list(pairs)[1:6]
    assert [reply.text for reply in ask(engine, *texts)] == [pairs[text] for text in texts]
    parts = engine.signature.split("|")
    assert parts[:-1] == [
        "hf", str(folder), f"rev:{engine.revision}", label, "greedy", "float32", "cpu",
    ]
    assert parts[-1].startswith("code:")
    assert engine.revision.startswith("local-")


@pytest.mark.parametrize("budget", [1, 24, 2048])
def test_the_answers_are_those_of_plain_generate_whatever_the_batches(
    open_engine: Open, ask: Ask, nllb: Path, pairs: dict[str, str], budget: int
) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    texts = list(pairs)[:6]
    tokenizer = AutoTokenizer.from_pretrained(nllb, src_lang="eng_Latn")
    model = AutoModelForSeq2SeqLM.from_pretrained(nllb)
    plain = [
        tokenizer.decode(
            model.generate(
                **tokenizer(text, return_tensors="pt"), num_beams=1, do_sample=False,
                max_new_tokens=60,
                forced_bos_token_id=tokenizer.convert_tokens_to_ids("pol_Latn"),
            )[0],
            skip_special_tokens=True,
        )
        for text in texts
    ]
    engine = open_engine("hf", nllb, batch_size=budget)
    assert [reply.text for reply in ask(engine, *texts)] == plain
    assert [reply.text for reply in ask(engine, *texts[::-1])] == plain[::-1]


def test_no_batch_holds_more_than_its_tokens(open_engine: Open, nllb: Path) -> None:
    engine = open_engine("hf", nllb, batch_size=24)
    seen: list[tuple[int, int]] = []
    decode = engine.decoder.decode

    def watched(groups: list[list[list[int]]], most: list[int]) -> Any:
        seen.extend((len(rows), max(map(len, rows))) for rows in groups)
        return decode(groups, most)

    engine.decoder.decode = watched
    engine.answers(["I wait.", "What helps you?", "It hurts.", "I want to sleep."] * 5)
    assert len(seen) > 1
    assert all(count * longest <= 24 for count, longest in seen)
    assert max(count for count, _ in seen) > 1


def test_a_dropped_sentence_is_translated_after_all(backend: Any, ask: Ask) -> None:
    text = "I am tired. I want to sleep."
    assert backend.answers([text])[0].text == "Jestem zmęczona."
    (reply,) = ask(backend, text)
    assert reply.text == "Jestem zmęczona. Chcę spać."
    assert reply.detail == "translated by sentence: the whole was dropped"


def test_a_looping_answer_is_translated_by_sentence(backend: Any, ask: Ask) -> None:
    text = "No one calls. I wait."
    assert "Czekam, czekam, czekam" in backend.answers([text])[0].text
    (reply,) = ask(backend, text)
    assert reply.text == "Nikt nie dzwoni. Czekam."
    assert "repeats" in reply.detail


def test_where_the_second_try_fails_too_its_code_is_recorded(backend: Any, ask: Ask) -> None:
    (reply,) = ask(backend, "It hurts. The noise goes on.")
    assert (reply.text, reply.failure) == (None, "source_copied")
    assert reply.detail.startswith("whole: dropped; sentence 2 of 2")


@pytest.mark.parametrize(
    ("text", "failure"),
    [("The noise goes on.", "source_copied"), ("Tell me all.", "truncated"),
     ("I wait " * 80, "too_long"), ("  ", "empty")],
)
def test_a_wrong_answer_to_one_sentence_is_a_failure_without_text(
    backend: Any, ask: Ask, text: str, failure: str
) -> None:
    (reply,) = ask(backend, text)
    assert (reply.text, reply.failure) == (None, failure)


def test_sentences_too_long_together_are_translated_one_by_one(
    backend: Any, ask: Ask, pairs: dict[str, str]
) -> None:
    parts = [*list(pairs)[:6], "The quiet helps."] * 4
    text = " ".join(parts[:6] * 5)
    assert backend.answers([text]) == [None]
    (reply,) = ask(backend, text)
    assert reply.text == " ".join(pairs[part] for part in parts[:6] * 5)
    assert reply.detail.endswith("too_long")


def test_an_end_mark_forced_at_the_limit_does_not_hide_a_cut_answer(
    open_engine: Open, ask: Ask, nllb: Path
) -> None:
    from transformers import GenerationConfig

    own = GenerationConfig.from_pretrained(nllb)
    assert own.forced_eos_token_id is not None  # as released checkpoints have it
    assert ask(open_engine("hf", nllb), "Tell me all.")[0].failure == "truncated"


def test_a_run_gives_the_engine_its_languages_sentences(
    shelves: Shelves, nllb: Path, tmp_path: Path
) -> None:
    run = open_run("pl", shelves=shelves, translator=f"hf:{nllb}", out=tmp_path, device="cpu")
    engine = open_chain(run, frozenset(), screened=False)[0].backend
    assert isinstance(engine, Translator)
    assert engine.split_source("Dr. Lee listens. I talk.") == ["Dr. Lee listens.", "I talk."]
    assert engine.split_target("Pan dr. Kos słucha. Mówię.") == ["Pan dr. Kos słucha.", "Mówię."]
    rows = translate_texts(run, ["I am tired. I want to sleep.", "", "Tell me all."])
    assert [(row["target"], row["failure"]) for row in rows] == [
        ("Jestem zmęczona. Chcę spać.", None), (None, "empty"), (None, "truncated"),
    ]


def test_no_request_is_no_reply(backend: Any, ask: Ask) -> None:
    assert ask(backend) == []
