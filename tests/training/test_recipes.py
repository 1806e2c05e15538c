"""`--recipe`: settings that the command takes, memory that fits, and nothing trained when dry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_bases import SMALL, recipe
from typer.testing import CliRunner

from mhx.cli.app import app
from mhx.errors import MhxError, UsageError
from mhx.language import load_language
from mhx.schema import SizedRecipe
from mhx.schema.language import BaseShape
from mhx.training.adapters import attach
from mhx.training.memory import adapter_parameters, estimate, parameters
from mhx.training.recipes import GPUS, SIZES, on_gpu, sized

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
