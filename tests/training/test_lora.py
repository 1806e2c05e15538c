"""LoRA training: the loss is the plain one, the bytes are the seed's, the files are PEFT's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_bases import ARCHITECTURES, recipe, small_base

from mhx.errors import MhxError
from mhx.training.base import load_model
from mhx.training.generate import generate
from mhx.training.lora import CURVES, encode_records, mean_loss, train_lora

WEIGHTS = "adapter_model.safetensors"


@pytest.fixture(scope="module")
def trained(dialogues: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter on the embedded base."""
    out = tmp_path_factory.mktemp("trained") / "adapter"
    train_lora(dialogues, dialogues[:2], base="mhx-tiny", recipe=recipe(), out=out, device="cpu")
    return out


def test_the_first_reported_loss_is_that_of_the_untouched_base(
    dialogues: list[dict[str, Any]], tmp_path: Path
) -> None:
    result = train_lora(dialogues[:4], [], base="mhx-tiny", recipe=recipe(epochs=1), out=tmp_path,
                        device="cpu")
    data = encode_records(dialogues[:4], "mhx-tiny", max_length=512)
    tokenizer, encoded = data.tokenizer, data.encoded
    base, _ = mean_loss(load_model("mhx-tiny", device="cpu"), encoded, tokenizer.pad_token_id)
    assert result.steps == 1
    assert result.first_loss == pytest.approx(base, rel=1e-4)


def test_training_lowers_the_loss(dialogues: list[dict[str, Any]], trained: Path) -> None:
    data = encode_records(dialogues, "mhx-tiny", max_length=512)
    tokenizer, encoded = data.tokenizer, data.encoded
    losses = [
        mean_loss(load_model("mhx-tiny", device="cpu", adapter=adapter), encoded,
                  tokenizer.pad_token_id)[0]
        for adapter in (None, trained)
    ]
    assert losses[1] < losses[0]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(
    dialogues: list[dict[str, Any]], trained: Path, tmp_path: Path
) -> None:
    for seed in (0, 1):
        train_lora(dialogues, [], base="mhx-tiny", recipe=recipe(seed=seed),
                   out=tmp_path / str(seed), device="cpu")
    same, other = tmp_path / "0", tmp_path / "1"
    assert (trained / WEIGHTS).read_bytes() == (same / WEIGHTS).read_bytes()
    assert (trained / WEIGHTS).read_bytes() != (other / WEIGHTS).read_bytes()
    assert (trained / "adapter_config.json").read_bytes() == (
        same / "adapter_config.json"
    ).read_bytes()


def test_nothing_but_the_adapter_and_its_curve_is_left(trained: Path) -> None:
    found = sorted(path.name for path in trained.iterdir())
    assert found == ["adapter_config.json", WEIGHTS, CURVES]
    config = json.loads((trained / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["base_model_name_or_path"] == "mhx-tiny"
    assert config["inference_mode"] is True


def test_plain_peft_loads_the_adapter_and_merges_it(
    dialogues: list[dict[str, Any]], trained: Path
) -> None:
    import torch
    from peft import PeftModel

    encoded = encode_records(dialogues[:1], "mhx-tiny", max_length=512).encoded
    ids = torch.tensor([encoded[0].ids])
    with torch.no_grad():
        base = load_model("mhx-tiny", device="cpu").eval()
        before = base(input_ids=ids).logits.clone()
        tuned = PeftModel.from_pretrained(base, str(trained)).eval()
        answer = tuned(input_ids=ids).logits.clone()
        merged = tuned.merge_and_unload()(input_ids=ids).logits
    assert not torch.allclose(before, answer)
    torch.testing.assert_close(merged, answer, rtol=1e-3, atol=1e-3)


def test_an_empty_training_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MhxError, match="the training split is empty"):
        train_lora([], [], base="mhx-tiny", recipe=recipe(), out=tmp_path)


def test_every_dialogue_that_cannot_be_learned_is_named(tmp_path: Path) -> None:
    lonely = [{"id": name, "messages": [{"role": "user", "content": "Hello?"}]} for name in "ab"]
    with pytest.raises(MhxError) as caught:
        train_lora(lonely, [], base="mhx-tiny", recipe=recipe(), out=tmp_path)
    assert [problem.what.split(":")[0] for problem in caught.value.problems] == [
        "dialogue a", "dialogue b",
    ]


def test_a_base_that_is_not_there_is_named(tmp_path: Path, dialogues: list[dict[str, Any]]) -> None:
    missing = str(tmp_path / "no-such-base")
    with pytest.raises(MhxError, match=r"no-such-base.*cannot be loaded"):
        train_lora(dialogues, [], base=missing, recipe=recipe(), out=tmp_path / "out")


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_any_base_by_folder_trains_answers_and_loads_again(
    name: str, dialogues: list[dict[str, Any]], tmp_path: Path
) -> None:
    base = small_base(name, tmp_path)
    result = train_lora(dialogues, dialogues[:1], base=base, recipe=recipe(base=base, epochs=4),
                        out=tmp_path / "adapter", device="cpu")
    assert result.steps == 8
    assert result.notes == ()
    assert result.last_loss < result.first_loss
    tokenizer = encode_records(dialogues[:1], base, max_length=512).tokenizer
    model = load_model(base, device="cpu", adapter=tmp_path / "adapter")
    asked = [item["messages"][:2] for item in dialogues[:3]]
    first, again = (list(generate(model, tokenizer, asked, max_new_tokens=5)) for _ in range(2))
    assert len(first) == 3
    assert first == again


def test_answers_do_not_depend_on_what_else_is_in_the_batch(
    dialogues: list[dict[str, Any]], trained: Path
) -> None:
    tokenizer = encode_records(dialogues[:1], "mhx-tiny", max_length=512).tokenizer
    model = load_model("mhx-tiny", device="cpu", adapter=trained)
    asked = [item["messages"][:2] for item in dialogues[:2]] + [dialogues[2]["messages"][:4]]
    together = list(generate(model, tokenizer, asked, max_new_tokens=6))
    alone = [next(iter(generate(model, tokenizer, [item], max_new_tokens=6))) for item in asked]
    assert together == alone
