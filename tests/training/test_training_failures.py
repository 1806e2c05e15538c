"""What stops a training is said with the setting to change, and nothing is lost."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from small_bases import byte_tokenizer, dialogue, recipe, small_base, write_base

from mhx.errors import MhxError
from mhx.training import loop, lora
from mhx.training.lora import train_lora
from mhx.training.loss import HeadLoss
from mhx.training.optimizer import AdapterOptimizer


@pytest.fixture
def base(tmp_path: Path) -> str:
    return small_base("Llama", tmp_path)


def train(base: str, out: Path, **changes: Any) -> lora.TrainResult:
    rows = [dialogue(number) for number in range(8)]
    settings = recipe(base=base, epochs=2, batch_size=2, **changes)
    return train_lora(rows, [], base=base, recipe=settings, out=out, device="cpu", name="pl")


def fails_at(step: int, what: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loss of the pass with this number does what `what` does to it."""
    original, seen = HeadLoss.__call__, [-1]  # the first call checks the loss itself

    def call(self: HeadLoss, batch: Any, weights: Any) -> Any:
        seen[0] += 1
        answer = original(self, batch, weights)
        return what(answer) if seen[0] == step else answer

    monkeypatch.setattr(HeadLoss, "__call__", call)
    monkeypatch.setattr(lora, "CHECKPOINT_EVERY", 1)


def test_a_loss_that_is_no_number_names_step_dialogues_and_setting(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_at(3, lambda answer: (answer[0] * float("nan"), answer[1] * float("nan")), monkeypatch)
    with pytest.raises(MhxError, match=r"pl: the loss of step 3 is not a number") as caught:
        train(base, tmp_path / "out")
    assert "dialogues d" in str(caught.value)
    assert "halve learning_rate" in caught.value.problems[0].fix
    assert (tmp_path / "out" / lora.CHECKPOINT).is_file()
    assert not (tmp_path / "out" / "adapter_model.safetensors").exists()


def test_a_gradient_that_is_no_number_reaches_no_checkpoint_and_no_adapter(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    for step in (3, 8):  # the last one has no checkpoint after it
        out = tmp_path / f"out{step}"
        with monkeypatch.context() as patched:
            fails_at(step, lambda answer: (answer[0] * float("nan"), answer[1]), patched)
            with pytest.raises(MhxError, match=f"pl: the gradient of step {step} is not a number"):
                train(base, out)
        state = torch.load(out / lora.CHECKPOINT, weights_only=True)
        assert state["step"] == step - 1
        assert all(bool(tensor.isfinite().all()) for tensor in state["adapters"]["pl"].values())
        assert not (out / "adapter_model.safetensors").exists()


def test_weights_that_are_no_numbers_reach_no_checkpoint(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    step = AdapterOptimizer.step
    monkeypatch.setattr(lora, "CHECKPOINT_EVERY", 1)

    def broken(self: AdapterOptimizer) -> Any:
        norm = step(self)
        if self.schedule.last_epoch == 4:
            with torch.no_grad():
                self.weights[3].fill_(float("inf"))
        return norm

    monkeypatch.setattr(AdapterOptimizer, "step", broken)
    with pytest.raises(MhxError, match="pl: the adapter of step 4 is not a number"):
        train(base, tmp_path / "out")
    state = torch.load(tmp_path / "out" / lora.CHECKPOINT, weights_only=True)
    assert state["step"] == 3


@pytest.mark.parametrize(("when", "said"), [
    (0, "pl: the loss of the base on the validation split is not a number"),
    (1, "pl: the validation loss of step 4 is not a number"),
])
def test_a_validation_without_a_number_is_said(
    when: int, said: str, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = loop.held_out_sums, [-1]

    def sums(*given: Any) -> tuple[float, int]:
        asked[0] += 1
        total, count = real(*given)
        return (float("nan") if asked[0] == when else total), count

    monkeypatch.setattr(loop, "held_out_sums", sums)
    rows = [dialogue(number) for number in range(8)]
    with pytest.raises(MhxError, match=said):
        train_lora(rows, rows[:2], base=base, recipe=recipe(base=base, epochs=2, batch_size=2),
                   out=tmp_path / "out", device="cpu", name="pl")


@pytest.mark.parametrize("error", [
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
    MemoryError(),
], ids=["torch", "python"])
def test_a_lack_of_memory_says_what_fits_and_the_next_call_goes_on(
    error: Exception, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(answer: Any) -> Any:
        raise error

    with monkeypatch.context() as patched:
        fails_at(3, fail, patched)
        with pytest.raises(MhxError, match="out of memory in a forward pass of") as caught:
            train(base, tmp_path / "out")
    problem = caught.value.problems[0]
    assert "have fitted in this run" in problem.what
    assert "micro_batch_tokens: " in problem.fix
    fits = int(problem.fix.split("micro_batch_tokens: ")[1].split()[0])
    again = train(base, tmp_path / "out", micro_batch_tokens=max(16, fits // 2))
    assert again.resumed_at == 2
    assert again.steps == 8


def test_a_lack_of_memory_outside_a_pass_is_said_too(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: Any, **named: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9.00 GiB")

    import torch

    for place, name, doing in ((lora, "load_model", "loading the base"),
                               (AdapterOptimizer, "step", "in a step")):
        with monkeypatch.context() as patched:
            patched.setattr(place, name, full)
            with pytest.raises(MhxError, match=f"out of memory {doing}") as caught:
                train(base, tmp_path / "out")
        assert "quantization: nf4 or a smaller base" in caught.value.problems[0].fix


def test_what_fits_is_said_by_the_estimate(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(answer: Any) -> Any:
        raise MemoryError

    said = "by the estimate of --dry-run 30.0 GB are needed and 24.0 there; 20.0 GB with a: 1"
    monkeypatch.setattr(lora, "advice_here", lambda *given, **named: said)
    fails_at(2, fail, monkeypatch)
    with pytest.raises(MhxError) as caught:
        train(base, tmp_path / "out")
    assert f"; {said}; the checkpoint is kept" in caught.value.problems[0].fix


def test_another_error_is_not_taken_for_a_lack_of_memory(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(answer: Any) -> Any:
        raise RuntimeError("size mismatch")

    fails_at(1, fail, monkeypatch)
    with pytest.raises(RuntimeError, match="size mismatch"):
        train(base, tmp_path / "out")


def test_an_encoder_that_loads_as_a_causal_model_is_refused(tmp_path: Path) -> None:
    from transformers import BertConfig, BertLMHeadModel

    config = BertConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=2,
                        num_attention_heads=4)
    folder = write_base(tmp_path / "bert", config, BertLMHeadModel)
    with pytest.raises(MhxError, match="not a causal language model") as caught:
        train(folder, tmp_path / "out")
    assert "Qwen3, Llama, Gemma or Mistral" in caught.value.problems[0].fix


def test_a_sequence_to_sequence_base_is_refused(tmp_path: Path) -> None:
    from transformers import T5Config, T5ForConditionalGeneration

    config = T5Config(d_model=32, d_ff=64, num_layers=1, num_heads=2, d_kv=16)
    folder = write_base(tmp_path / "t5", config, T5ForConditionalGeneration)
    with pytest.raises(MhxError, match="not a causal language model: an encoder with a decoder"):
        train(folder, tmp_path / "out")


def test_a_tokenizer_without_a_template_is_refused(base: str, tmp_path: Path) -> None:
    byte_tokenizer(None).save_pretrained(base)
    (Path(base) / "chat_template.jinja").unlink(missing_ok=True)
    with pytest.raises(MhxError, match="the tokenizer has no chat template"):
        train(base, tmp_path / "out")


def test_targets_that_the_base_does_not_have_are_refused(base: str, tmp_path: Path) -> None:
    settings = {"r": 4, "alpha": 8, "targets": ["query_key_value"]}
    with pytest.raises(MhxError, match=r"lora.targets: no adapter can be put on this base"):
        train(base, tmp_path / "out", lora=settings)


def test_without_bitsandbytes_the_install_command_is_said(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec",
                        lambda name, *rest: None if name == "bitsandbytes" else known(name, *rest))
    with pytest.raises(MhxError, match="bitsandbytes, which is not installed") as caught:
        train(base, tmp_path / "out", quantization="nf4")
    assert "pip install 'mhx[qlora]'" in caught.value.problems[0].fix


def test_languages_of_one_pass_must_agree_how_the_base_is_held(base: str, tmp_path: Path) -> None:
    rows = [dialogue(number) for number in range(4)]
    jobs = [lora.Job(name, rows, [], recipe(base=base, quantization=kind), tmp_path / name)
            for name, kind in (("pl", "nf4"), ("fa", None))]
    with pytest.raises(MhxError, match="quantization: languages of one training differ"):
        lora.train_adapters(jobs, base=base, folder=tmp_path, device="cpu")


def test_dora_on_a_base_in_int8_is_refused(base: str, tmp_path: Path) -> None:
    with pytest.raises(MhxError, match="DoRA cannot be trained on a base in int8"):
        train(base, tmp_path / "out", quantization="int8",
              lora={"r": 4, "alpha": 8, "dora": True})
