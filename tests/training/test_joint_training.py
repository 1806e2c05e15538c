"""Several languages in one pass give the adapters that each would get alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_bases import ARCHITECTURES, dialogue, recipe, small_base

from mhx.training.base import load_model
from mhx.training.encoding import encode_records
from mhx.training.lora import Job, TrainResult, train_adapters, train_lora

WEIGHTS = "adapter_model.safetensors"


def jobs(base: str, out: Path, **lora: Any) -> list[Job]:
    """Three languages: different data, lengths of course, ranks, rates and clipping."""
    settings = {"r": 4, "alpha": 8, "dropout": 0.0, "targets": "all-linear", **lora}
    long = [dialogue(number) for number in range(12)]
    return [
        Job("pl", long, long[:2], recipe(base=base, epochs=4, batch_size=4, lora=settings),
            out / "pl"),
        Job("fa", long[3:8], [], recipe(base=base, epochs=3, batch_size=2, seed=5,
                                       max_grad_norm=0.05, lora={**settings, "r": 2}), out / "fa"),
        Job("es", long[6:10], long[:1], recipe(base=base, epochs=2, batch_size=1, seed=9,
                                              learning_rate=0.01, weight_decay=0.1,
                                              lora={**settings, "alpha": 4}), out / "es"),
    ]


def trained_alone(job: Job, base: str, out: Path) -> TrainResult:
    return train_lora(job.train, job.valid, base=base, recipe=job.recipe, out=out, device="cpu")


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    found: dict[str, Any] = load_file(folder / WEIGHTS)
    return found


def furthest(one: dict[str, Any], other: dict[str, Any]) -> float:
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_joint_training_is_as_many_solo_trainings(name: str, tmp_path: Path) -> None:
    base = small_base(name, tmp_path)
    given = jobs(base, tmp_path / "joint")
    joint = train_adapters(given, base=base, folder=tmp_path / "joint", device="cpu")
    assert {job.name: joint[job.name].steps for job in given} == {"pl": 12, "fa": 9, "es": 8}
    for job in given:
        alone = trained_alone(job, base, tmp_path / job.name)
        assert joint[job.name].steps == alone.steps
        assert joint[job.name].losses == pytest.approx(alone.losses, rel=1e-4)
        assert (joint[job.name].valid_loss is None) == (not job.valid)
        if job.valid:
            assert joint[job.name].valid_loss == pytest.approx(alone.valid_loss, rel=1e-4)
        assert furthest(weights(job.out), weights(tmp_path / job.name)) < 1e-5
        config = "adapter_config.json"
        assert (job.out / config).read_bytes() == (tmp_path / job.name / config).read_bytes()


def test_the_languages_do_not_get_the_same_adapter(tmp_path: Path) -> None:
    base = small_base("Llama", tmp_path)
    given = jobs(base, tmp_path / "joint")[:1]
    twin = Job("cs", given[0].train[1:], [], given[0].recipe, tmp_path / "joint/cs")
    train_adapters([*given, twin], base=base, folder=tmp_path / "joint", device="cpu")
    assert furthest(weights(given[0].out), weights(twin.out)) > 1e-3


@pytest.mark.parametrize("name", ["Qwen3", "Llama", "Gemma", "Mistral"])
def test_each_loads_in_peft_and_merges_into_the_base(name: str, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel

    base = small_base(name, tmp_path)
    given = jobs(base, tmp_path / "joint", rslora=True)
    train_adapters(given, base=base, folder=tmp_path / "joint", device="cpu")
    ids = torch.tensor([encode_records([dialogue(1)], base, max_length=512).encoded[0].ids])
    for job in given:
        plain = load_model(base, device="cpu").eval()
        with torch.no_grad():
            before = plain(input_ids=ids).logits.clone()
            tuned = PeftModel.from_pretrained(plain, str(job.out)).eval()
            answer = tuned(input_ids=ids).logits.clone()
            merged = tuned.merge_and_unload()(input_ids=ids).logits
        assert not torch.allclose(before, answer, atol=1e-3)
        torch.testing.assert_close(merged, answer, rtol=1e-4, atol=1e-4)


def test_the_stacked_layers_answer_as_pefts_do(tmp_path: Path) -> None:
    """What was trained in one forward pass is what PEFT computes from the saved files."""
    import torch
    from peft import PeftModel

    from mhx.training.adapters import attach
    from mhx.training.batches import Row, collate
    from mhx.training.loss import forward_inputs

    base = small_base("Qwen3", tmp_path)
    given = jobs(base, tmp_path / "joint")
    train_adapters(given, base=base, folder=tmp_path / "joint", device="cpu")
    model = load_model(base, device="cpu")
    adapters = attach(model, {job.name: job.recipe for job in given})
    for job in given:
        adapters.load(job.name, weights(job.out))
    item = encode_records([dialogue(2)], base, max_length=512).encoded[0]
    batch = collate([Row(owner, item) for owner in range(3)], 0, "cpu")
    adapters.route(batch)
    with torch.inference_mode():
        together = model.eval()(**forward_inputs(batch, model)).logits
    for owner, job in enumerate(given):
        tuned = PeftModel.from_pretrained(load_model(base, device="cpu"), str(job.out)).eval()
        with torch.inference_mode():
            alone = tuned(input_ids=torch.tensor([item.ids])).logits[0]
        torch.testing.assert_close(together[owner], alone, rtol=1e-4, atol=1e-5)


def test_dora_is_trained_by_peft_and_said(tmp_path: Path) -> None:
    base = small_base("Llama", tmp_path)
    given = jobs(base, tmp_path / "joint", dora=True)[:2]
    joint = train_adapters(given, base=base, folder=tmp_path / "joint", device="cpu")
    for job in given:
        assert any("DoRA" in note for note in joint[job.name].notes)
        alone = trained_alone(job, base, tmp_path / job.name)
        assert joint[job.name].losses == pytest.approx(alone.losses, rel=1e-4)
        found = weights(job.out)
        assert any("magnitude" in name for name in found)
        assert furthest(found, weights(tmp_path / job.name)) < 1e-5


def test_chosen_targets_alone_are_trained(tmp_path: Path) -> None:
    base = small_base("Llama", tmp_path)
    given = jobs(base, tmp_path / "joint", targets=["q_proj", "v_proj"])[:1]
    train_adapters(given, base=base, folder=tmp_path / "joint", device="cpu")
    places = {name.split(".")[-3] for name in weights(given[0].out)}
    assert places == {"q_proj", "v_proj"}


def test_dropout_trains_with_its_seed(tmp_path: Path) -> None:
    base = small_base("Llama", tmp_path)
    outs = [tmp_path / "one", tmp_path / "two"]
    for out in outs:
        (job, *_) = jobs(base, out, dropout=0.3)
        trained_alone(job, base, out)
    one, two = (out / WEIGHTS for out in outs)
    assert one.read_bytes() == two.read_bytes()
    trained_alone(jobs(base, tmp_path)[0], base, tmp_path / "dry")
    assert one.read_bytes() != (tmp_path / "dry" / WEIGHTS).read_bytes()


def test_gradient_checkpointing_changes_nothing_but_memory(tmp_path: Path) -> None:
    base = small_base("Qwen3", tmp_path)
    job = jobs(base, tmp_path)[0]
    trained_alone(job, base, tmp_path / "plain")
    changes = {"gradient_checkpointing": True, "micro_batch_tokens": 64}
    saving = Job(job.name, job.train, job.valid, job.recipe.model_copy(update=changes), job.out)
    trained_alone(saving, base, tmp_path / "saving")
    assert furthest(weights(tmp_path / "plain"), weights(tmp_path / "saving")) < 1e-5


def test_a_layer_whose_rows_are_not_the_tokens_takes_one_language_alone(tmp_path: Path) -> None:
    import torch

    from mhx.errors import MhxError
    from mhx.training.adapters import attach
    from mhx.training.batches import Row, collate

    model = load_model(small_base("Llama", tmp_path), device="cpu")
    adapters = attach(model, {"pl": recipe(), "fa": recipe(seed=1)})
    rows = [Row(owner, item) for owner in (0, 1)
            for item in encode_records([dialogue(0)], "mhx-tiny", max_length=32).encoded]
    some = torch.randn(5, 32)  # as an expert gets those tokens that were sent to it
    layer = model.model.layers[0].mlp.up_proj
    adapters.route(collate(rows[:1], 0, "cpu"))
    assert layer(some).shape == (5, 64)
    adapters.route(collate(rows, 0, "cpu"))
    with pytest.raises(MhxError, match="train the languages one by one"):
        layer(some)
