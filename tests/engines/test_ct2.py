"""The ct2 translator: conversion kept and killed, equal to hf at float32, int8 by default."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mhx.contracts import Reply
from mhx.errors import MhxError
from mhx.shelves import Shelves

ctranslate2 = pytest.importorskip("ctranslate2")
Open = Callable[..., Any]
Ask = Callable[..., list[Reply]]


@pytest.mark.parametrize("name", ["nllb", "m2m100", "marian", "madlad"])
def test_at_float32_it_says_what_hf_says(
    open_engine: Open, pairs: dict[str, str], request: Any, name: str
) -> None:
    folder = request.getfixturevalue(name)
    texts = list(pairs) if name in ("nllb", "marian") else list(pairs)[1:6]
    with closing(open_engine("hf", folder)) as hf:
        said = hf.answers(texts)
    with closing(open_engine("ct2", f"{folder}@float32")) as engine:
        assert engine.answers(texts) == said
        assert engine.answers(texts[::-1]) == said[::-1]
    assert len({answer.text for answer in said}) == len({pairs[text] for text in texts})


def test_its_second_try_and_failures_are_those_of_hf(
    open_engine: Open, ask: Ask, nllb: Path, pairs: dict[str, str]
) -> None:
    hf, engine = open_engine("hf", nllb), open_engine("ct2", f"{nllb}@float32")
    ours, theirs = ask(engine, *pairs), ask(hf, *pairs)
    for one, other in zip(ours, theirs, strict=True):
        assert (one.text, one.failure, one.detail) == (other.text, other.failure, other.detail)
    assert {reply.failure for reply in ours} == {None, "source_copied", "truncated"}
    assert ours[0].engine == f"ct2:{nllb}"


def test_int8_is_the_default_of_a_cpu_and_the_signature_says_it(
    open_engine: Open, ask: Ask, nllb: Path, pairs: dict[str, str]
) -> None:
    engine = open_engine("ct2", nllb)
    assert engine.signature.split("|")[:-1] == [
        "ct2", str(nllb), f"rev:{engine.revision}", "eng_Latn-pol_Latn", "greedy", "int8", "cpu",
        f"ctranslate2:{ctranslate2.__version__}",
    ]
    assert engine.decoder.model.compute_type.startswith("int8")
    texts = list(pairs)[:6]
    assert [reply.text for reply in ask(engine, *texts)] == [pairs[text] for text in texts]


def test_a_conversion_is_kept_and_another_arithmetic_is_another(
    open_engine: Open, marian: Path, tmp_path: Path
) -> None:
    def folders() -> dict[str, int]:
        return {path.name: (path / "model.bin").stat().st_mtime_ns
                for path in (tmp_path / "ct2").iterdir() if path.is_dir()}

    open_engine("ct2", marian, cache=tmp_path)
    first = folders()
    open_engine("ct2", marian, cache=tmp_path)
    assert folders() == first
    open_engine("ct2", f"{marian}@float32", cache=tmp_path)
    assert len(folders()) == 2
    (kept,) = first
    about = json.loads((tmp_path / "ct2" / kept / "mhx.json").read_text(encoding="utf-8"))
    assert about["quantization"] == "int8"
    assert about["ctranslate2"] == ctranslate2.__version__
    assert about["revision"].startswith("local-")


def test_new_weights_are_converted_anew(open_engine: Open, nllb: Path, tmp_path: Path) -> None:
    import shutil

    from safetensors.torch import load_file, save_file

    changed = tmp_path / "model"
    shutil.copytree(nllb, changed)
    before = open_engine("ct2", changed, cache=tmp_path)
    weights = load_file(changed / "model.safetensors")
    weights["model.shared.weight"] = weights["model.shared.weight"].flip(0)
    save_file(weights, changed / "model.safetensors", metadata={"format": "pt"})
    after = open_engine("ct2", changed, cache=tmp_path)
    assert before.signature != after.signature
    assert before.answers(["I wait."]) != after.answers(["I wait."])


KILLED = """
import os, signal, sys
from pathlib import Path
from ctranslate2.specs import model_spec
from mhx.contracts import BackendSettings
from mhx.shelves import discover

def killed(self, folder):
    (Path(folder) / "model.bin").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)

model_spec.LanguageModelSpec.save = model_spec.SequenceToSequenceModelSpec.save = killed
shelves = discover(cwd=Path(sys.argv[3]))
module = shelves.module(shelves.get("translation", "ct2"), "backend.py")
codes = {"flores": "eng_Latn"}, {"flores": "pol_Latn"}
module.open(BackendSettings("en", "pl", *codes, model=sys.argv[1], memories=[], device="cpu",
                            cache=Path(sys.argv[2])))
"""


def test_a_killed_conversion_is_done_anew_and_leaves_nothing(
    open_engine: Open, ask: Ask, nllb: Path, tmp_path: Path
) -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", KILLED, nllb, tmp_path, root], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = (path for path in (tmp_path / "ct2").iterdir() if path.is_dir())
    assert (left / "model.bin").read_bytes() == b"half"
    engine = open_engine("ct2", nllb, cache=tmp_path)
    assert not left.exists()
    assert ask(engine, "I wait.")[0].text == "Czekam."
    assert len([path for path in (tmp_path / "ct2").iterdir() if path.is_dir()]) == 1


def test_without_a_cache_the_conversion_goes_with_the_engine(
    open_engine: Open, ask: Ask, nllb: Path
) -> None:
    engine = open_engine("ct2", nllb, cache=None)
    kept = Path(engine.decoder.kept.name)
    assert ask(engine, "I wait.")[0].text == "Czekam."
    engine.close()
    assert not kept.exists()


def test_a_decoder_that_does_not_start_from_zero_is_refused(
    open_engine: Open, marian: Path, tmp_path: Path
) -> None:
    import shutil

    from transformers import AutoModelForSeq2SeqLM

    moved = tmp_path / "moved"
    shutil.copytree(marian, moved)
    model = AutoModelForSeq2SeqLM.from_pretrained(marian)
    model.get_input_embeddings().weight.data[model.config.decoder_start_token_id] = 1.0
    model.save_pretrained(moved)
    open_engine("hf", moved)
    with pytest.raises(MhxError, match="does not start from zero: use hf"):
        open_engine("ct2", moved, cache=tmp_path)
    assert list((tmp_path / "ct2").glob("*/")) == []


def test_a_model_it_does_not_know_is_a_message(open_engine: Open, tmp_path: Path) -> None:
    with pytest.raises(MhxError, match="cannot be loaded") as caught:
        open_engine("ct2", tmp_path / "none")
    assert "--translator ct2:FOLDER" in caught.value.problems[0].fix


def test_arithmetic_this_machine_does_not_have_is_a_message(open_engine: Open, nllb: Path) -> None:
    able = ctranslate2.get_supported_compute_types("cpu")
    missing = next(name for name in ("bfloat16", "float16", "int8_float16") if name not in able)
    with pytest.raises(MhxError, match=f"{missing} is not computed on this cpu") as caught:
        open_engine("ct2", f"{nllb}@{missing}")
    assert caught.value.problems[0].fix == f"--translator ct2:{nllb}@int8"


@pytest.mark.parametrize(
    ("given", "model", "quantization"),
    [("org/model", "org/model", None), ("org/model@int16", "org/model", "int16"),
     ("a@b/model", "a@b/model", None), ("@int8", "@int8", None)],
)
def test_the_arithmetic_follows_an_at_sign(
    shelves: Shelves, given: str, model: str, quantization: str | None
) -> None:
    module: Any = shelves.module(shelves.get("translation", "ct2"), "backend.py")
    assert module.split_model(given) == (model, quantization)


def test_few_texts_are_shared_among_the_replicas(
    open_engine: Open, nllb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    decoder = open_engine("ct2", nllb).decoder
    assert decoder.model.num_translators == 2
    assert decoder.budget(8 * 500, 2048) == 500
    assert decoder.budget(100_000, 2048) == 2048
    assert decoder.budget(100, 2048) == 256
