"""QLoRA: the gradients of the dequantized weights, ordinary adapters, the bytes that it takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_bases import dialogue, recipe, small_base
from typer.testing import CliRunner

from mhx.cli.app import app
from mhx.schema.language import BaseShape
from mhx.training import lora
from mhx.training.adapters import attach
from mhx.training.base import load_model, load_tokenizer
from mhx.training.batches import Row
from mhx.training.encoding import encode_records
from mhx.training.layout import Padded
from mhx.training.loss import HeadLoss, parts_of
from mhx.training.memory import estimate
from mhx.training.quantized import load_quantized

pytest.importorskip("bitsandbytes", reason="bitsandbytes is not installed")
KINDS = ("nf4", "int8")
ROWS = [dialogue(number) for number in range(8)]
SIZES = {"hidden_size": 64, "intermediate_size": 192, "head_dim": 16}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return small_base("Qwen3", tmp_path_factory.mktemp("base"), **SIZES)


def dequantized(base: str, model: Any) -> Any:
    """The base in float32 with the weights that a quantized model stands for."""
    import torch
    from peft.utils.integrations import dequantize_module_weight

    plain = load_model(base, device="cpu")
    with torch.no_grad():
        for name, layer in model.named_modules():
            if type(layer).__module__.startswith("bitsandbytes"):
                weight = dequantize_module_weight(layer)
                plain.get_submodule(name).weight.copy_(weight.float())
    return plain


@pytest.mark.parametrize("kind", KINDS)
def test_two_languages_get_the_gradients_of_the_dequantized_base(kind: Any, base: str) -> None:
    import torch

    tokenizer = load_tokenizer(base)
    data = encode_records(ROWS[:4], base, max_length=512, tokenizer=tokenizer)
    rows = [Row(number % 2, item) for number, item in enumerate(data.encoded)]
    models = [load_quantized(base, kind, "cpu")]
    models.append(dequantized(base, models[0]))
    found = []
    for model in models:
        adapters = attach(model, {"pl": recipe(base=base), "fa": recipe(base=base, seed=3)})
        model.eval()
        with torch.no_grad():  # must leave the layers fit to be trained on
            model(input_ids=torch.arange(2, 8).unsqueeze(0))
        model.train()
        torch.manual_seed(1)
        weights = [*adapters.weights("pl"), *adapters.weights("fa")]
        with torch.no_grad():
            for tensor in weights:
                tensor.normal_(std=0.1)
        parts = parts_of(model)
        assert parts is not None
        total = 0.0
        for batch in Padded(tokenizer.pad_token_id, torch.device("cpu"), 4096)(rows):
            adapters.route(batch)
            value, _ = HeadLoss(parts)(batch, torch.full((len(batch.targets),), 0.01))
            value.backward()
            total += float(value.detach())
        found.append((total, [tensor.grad for tensor in weights]))
    (loss, gradients), (wanted_loss, wanted) = found
    assert loss == pytest.approx(wanted_loss, rel=1e-5)
    assert len(gradients) == 2 * 2 * 2 * 7  # languages, layers, A and B, projections
    for mine, theirs in zip(gradients, wanted, strict=True):
        assert float(theirs.abs().max()) > 0
        assert torch.allclose(mine, theirs, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_adapter_is_an_ordinary_one_that_both_bases_take(
    kind: Any, base: str, tmp_path: Path
) -> None:
    import torch
    from peft import PeftModel

    settings = recipe(base=base, quantization=kind, learning_rate=0.02, epochs=4)
    done, again = (
        lora.train_lora(ROWS, ROWS[:2], base=base, recipe=settings, out=tmp_path / name,
                        device="cpu") for name in ("out", "again"))
    assert done.last_loss < done.first_loss
    assert f"base in {kind} (bitsandbytes) while it trained" in done.notes[0]
    one, other = (tmp_path / name / "adapter_model.safetensors" for name in ("out", "again"))
    assert one.read_bytes() == other.read_bytes()
    assert again.losses == done.losses

    ids = torch.arange(2, 40).unsqueeze(0)
    logits = {}
    for name in ("plain", "adapted"):
        for held in (None, kind):
            model = load_model(base, device="cpu", quantization=held)
            if name == "adapted":
                model = PeftModel.from_pretrained(model, str(tmp_path / "out"))
            with torch.no_grad():
                logits[name, held] = model.eval()(input_ids=ids).logits
    shift = logits["adapted", None] - logits["plain", None]
    held_shift = logits["adapted", kind] - logits["plain", kind]
    assert float(shift.abs().max()) > 0.05
    assert float((shift - held_shift).norm() / shift.norm()) < 0.3  # what quantizing costs


def test_the_command_merges_onto_the_base_in_full_precision_and_says_so(
    base: str, tmp_path: Path
) -> None:
    import torch
    from peft import PeftModel
    from safetensors.torch import load_file

    data, out = tmp_path / "data.jsonl", tmp_path / "out"
    data.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    done = CliRunner().invoke(app, [
        "train", "--lang", "pl", "--data", str(data), "--base-model", base, "--into", str(out),
        "--set", "quantization=nf4", "--set", "epochs=1", "--set", "learning_rate=0.02", "--merge",
        "--device", "cpu", "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    row = json.loads(done.stdout)
    said = "--merge goes onto the base in full precision"
    assert said in row["notes"]
    assert said in (out / "README.md").read_text("utf-8")
    merged = load_file(Path(row["merged"]) / "model.safetensors")
    model = PeftModel.from_pretrained(load_model(base, device="cpu"), str(out))
    wanted = model.merge_and_unload().state_dict()
    name = "model.layers.1.mlp.down_proj.weight"
    assert merged[name].dtype == torch.float32
    assert torch.allclose(merged[name], wanted[name], atol=1e-6)


def test_a_killed_training_goes_on_to_the_same_bytes(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lora, "CHECKPOINT_EVERY", 2)
    settings = recipe(base=base, quantization="nf4", batch_size=2, epochs=1)

    def stop(moment: lora.Moment) -> None:
        if moment.step == 3:
            raise KeyboardInterrupt

    def train(name: str, watch: Any = None) -> lora.TrainResult:
        return lora.train_lora(ROWS, [], base=base, recipe=settings, out=tmp_path / name,
                               device="cpu", progress=watch)

    train("whole")
    with pytest.raises(KeyboardInterrupt):
        train("killed", stop)
    assert train("killed").resumed_at == 2
    one, other = (tmp_path / name / "adapter_model.safetensors" for name in ("whole", "killed"))
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_the_estimate_counts_the_bytes_that_the_layers_take(kind: Any, base: str) -> None:
    model = load_quantized(base, kind, "cpu")
    taken = 0
    for layer in model.modules():
        weight = getattr(layer, "weight", None)
        if not type(layer).__module__.startswith("bitsandbytes"):
            # all else is in bfloat16 on a GPU
            taken += 0 if weight is None else 2 * weight.numel()
            continue
        taken += weight.nbytes
        if kind == "nf4":
            state = weight.quant_state
            taken += state.absmax.nbytes + state.state2.absmax.nbytes
    shape = BaseShape(layers=2, hidden=64, intermediate=192, heads=4, kv_heads=2, head_dim=16,
                      vocab=model.config.vocab_size, tied=bool(model.config.tie_word_embeddings))
    said = estimate(shape, [recipe(base=base, quantization=kind)]).base - 2 * 64 * 192
    if shape.tied:
        taken -= 2 * shape.vocab * shape.hidden  # one tensor, seen in two layers
    assert said == pytest.approx(taken, rel=0.02)
    assert said < 0.8 * estimate(shape, [recipe(base=base)]).base
