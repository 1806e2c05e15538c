"""`--recipe`: settings that the command takes, memory that fits, and nothing trained when dry."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_bases import SMALL, recipe, small_base
from typer.testing import CliRunner

from mhx.cli.app import app
from mhx.errors import MhxError, UsageError
from mhx.language import load_language
from mhx.schema import SizedRecipe, TrainRecipe
from mhx.schema.language import BaseShape
from mhx.training.adapters import attach
from mhx.training.base import load_model, load_tokenizer
from mhx.training.batches import Row
from mhx.training.encoding import encode_records
from mhx.training.fitting import advice, advice_here, fitting
from mhx.training.layout import Padded
from mhx.training.loss import HeadLoss, parts_of
from mhx.training.memory import adapter_parameters, estimate, parameters, shape_in
from mhx.training.pair_data import encode_pairs
from mhx.training.preference import as_pairs
from mhx.training.recipes import GPUS, SIZES, on_gpu, sized

WIDE = {"hidden_size": 256, "intermediate_size": 768, "num_hidden_layers": 4, "head_dim": 64}
LANGUAGES = ("en", "es", "fa", "pl")


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("gpu", GPUS)
def test_every_recipe_is_what_the_command_takes_and_fits_its_card(
    tag: str, size: str, gpu: str
) -> None:
    language = load_language(tag)
    chosen = sized([language], size)[tag]
    done = on_gpu(language.recipe, chosen, gpu)
    assert done.base == chosen.base
    assert done.lora.targets == "all-linear"
    assert done.max_steps is None  # the trial base's limits are its own
    assert estimate(chosen.shape, [done]).total < 0.95 * int(gpu) * 1e9


def test_the_shapes_are_those_of_the_named_bases() -> None:
    published = {"Qwen/Qwen3-0.6B": 596_049_920, "Qwen/Qwen3-4B": 4_022_468_096,
                 "Qwen/Qwen3-8B": 8_190_735_360}
    for tag in LANGUAGES:
        for item in load_language(tag).recipe.recipes.values():
            assert parameters(item.shape) == published[item.base]


def test_weights_are_counted_as_the_model_and_the_adapter_have_them() -> None:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    model: Any = Qwen3ForCausalLM(Qwen3Config(**SMALL, vocab_size=400, tie_word_embeddings=True))
    shape = BaseShape(layers=2, hidden=32, intermediate=64, heads=4, kv_heads=2, head_dim=8,
                      vocab=400, tied=True)
    assert parameters(shape) == sum(weight.numel() for weight in model.parameters())
    adapters = attach(model, {"pl": recipe()})
    weights = adapters.weights("pl")
    assert adapter_parameters(shape, 4) == sum(weight.numel() for weight in weights)


def test_checkpointing_and_smaller_passes_need_less() -> None:
    shape = load_language("pl").recipe.recipes["large"].shape
    plain, spared, small = (
        estimate(shape, [recipe(**changes)]).total
        for changes in ({}, {"gradient_checkpointing": True}, {"micro_batch_tokens": 2048})
    )
    assert spared < plain
    assert small < plain
    assert estimate(shape, [recipe(), recipe()]).adapters == 2 * estimate(
        shape, [recipe()]).adapters


def test_a_wrong_setting_size_or_card_is_refused() -> None:
    polish, english = load_language("pl"), load_language("en")
    good = sized([polish], "small")["pl"]
    bad = SizedRecipe.model_validate({**good.model_dump(), "settings": {"epoch": 3}})
    with pytest.raises(MhxError, match="epoch: unknown key"):
        on_gpu(polish.recipe, bad, "24")
    with pytest.raises(UsageError, match="sizes are small"):
        sized([polish], "huge")
    with pytest.raises(UsageError, match="24 and 80 GB"):
        on_gpu(polish.recipe, good, "40")
    assert set(sized([polish, english], "medium")) == {"pl", "en"}


def test_a_dry_run_says_what_and_how_much_and_writes_nothing(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [
        "train", "--lang", "es", "--objective", "dpo", "--recipe", "large", "--gpu", "24",
        "--set", "epochs=1", "--dry-run", "--out", str(tmp_path), "--device", "cpu", "--json",
    ], catch_exceptions=False)
    row = json.loads(done.stdout)
    assert (row["base"], row["records"], row["steps"]) == ("Qwen/Qwen3-8B", 6, 1)
    assert row["gradient_checkpointing"] is True
    assert 17 < row["memory_gb"]["total"] < 24
    assert list(tmp_path.iterdir()) == []


def test_a_card_that_is_too_small_is_told_the_mildest_settings_that_fit() -> None:
    shape = load_language("pl").recipe.recipes["large"].shape
    plain = recipe(micro_batch_tokens=16384, max_length=2048)
    whole = estimate(shape, [plain]).total
    assert fitting(shape, [plain], 2 * whole) == ({}, estimate(shape, [plain]))
    for gigabytes, settings in (
        (80, {"gradient_checkpointing": True}),
        (24, {"gradient_checkpointing": True, "micro_batch_tokens": 2048}),
        (12, {"gradient_checkpointing": True, "micro_batch_tokens": 2048, "quantization": "nf4"}),
    ):
        found = fitting(shape, [plain], gigabytes * 1e9)
        assert found is not None
        assert found[0] == settings
        changed = TrainRecipe.model_validate({**plain.model_dump(), **settings})
        assert found[1] == estimate(shape, [changed])
        assert found[1].total <= 0.95 * gigabytes * 1e9
        said = advice(shape, [plain], gigabytes * 1e9)
        assert f"{whole / 1e9:.1f} GB are needed and {gigabytes}.0 there" in said
        assert "gradient_checkpointing: true" in said
    assert fitting(shape, [plain], 3e9) is None
    assert "only a smaller base fits" in advice(shape, [plain], 3e9)
    assert advice(None, [plain], 24e9) == ""


def test_the_gpu_that_the_base_lies_on_is_what_must_hold_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    model = load_model(small_base("Qwen3", tmp_path), device="cpu")
    assert advice_here(model, [recipe()], preference=False) == ""
    model.parameters = lambda: iter([SimpleNamespace(device=torch.device("cuda"))])
    monkeypatch.setattr(torch.cuda, "get_device_properties",
                        lambda place: SimpleNamespace(total_memory=24e9))
    said = advice_here(model, [recipe()], preference=False)
    assert "and 24.0 there: others may hold memory of this GPU" in said


def test_a_dry_run_says_which_settings_fit_the_card(tmp_path: Path) -> None:
    def row(*options: str) -> Any:
        done = CliRunner().invoke(app, [
            "train", "--lang", "es", "--objective", "dpo", "--recipe", "large", "--gpu", "24",
            "--dry-run", "--out", str(tmp_path), "--device", "cpu", "--json", *options,
        ], catch_exceptions=False)
        return json.loads(done.stdout)

    fits = row("--set", "quantization=nf4")
    assert "to_fit" not in fits
    assert fits["quantization"] == "nf4"
    wide = row("--set", "gradient_checkpointing=false", "--set", "micro_batch_tokens=65536")
    assert "GB with gradient_checkpointing: true" in wide["to_fit"]


@pytest.mark.parametrize("spared", [False, True])
def test_preference_pairs_take_what_both_their_answers_keep(spared: bool, tmp_path: Path) -> None:
    """The tensors kept for the backward pass in bfloat16, against the estimate's activations."""
    import torch

    base = small_base("Qwen3", tmp_path, **WIDE)
    answer = "To musi być ciężkie. " * 12
    record = {"id": "a", "messages": [{"role": "user", "content": "Nie śpię."},
                                      {"role": "assistant", "content": answer}]}
    tokenizer = load_tokenizer(base)
    kept, said = {}, {}
    for pairs in (False, True):
        model = load_model(base, device="cpu", dtype=torch.bfloat16)
        adapters = attach(model, {"pl": recipe(base=base)})
        if spared:
            model.gradient_checkpointing_enable()
        model.train()
        encode = encode_pairs if pairs else encode_records
        records = [{**record, "rejected": answer[::-1]}] if pairs else [record]
        data = encode(records, base, max_length=512, tokenizer=tokenizer)
        rows = [Row(0, item) for item in data.encoded]
        parts = parts_of(model)
        assert parts is not None
        loss: Any = HeadLoss(parts)
        cut: Any = Padded(tokenizer.pad_token_id, torch.device("cpu"), 16)
        if pairs:
            loss, cut = as_pairs(model, adapters, loss, cut, [0.1], rows)
        (batch,) = cut(rows)
        adapters.route(batch)
        kept[pairs] = kept_bytes(model, loss, batch)
        longest = max(len(row.item.ids) for row in rows)
        settings = recipe(micro_batch_tokens=16, max_length=longest, gradient_checkpointing=spared)
        shape = shape_in(model.config)
        assert shape is not None
        said[pairs] = estimate(shape, [settings], preference=pairs).activations
    assert kept[True] / kept[False] == pytest.approx(said[True] / said[False], rel=0.2)
    if not spared:  # with checkpointing a layer's own come in the backward pass
        for pairs in (False, True):
            assert 0.5 * said[pairs] < kept[pairs] < said[pairs]


def kept_bytes(model: Any, loss: Any, batch: Any) -> int:
    """The bytes that a forward pass keeps for the backward one, without the weights."""
    import torch

    own = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    seen: dict[int, Any] = {}

    def note(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            seen[storage.data_ptr()] = storage  # held, so that no address is used twice
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss(batch, torch.ones(len(batch.targets)))
    return sum(storage.nbytes() for storage in seen.values())
