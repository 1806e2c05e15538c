"""The loss of the learned tokens is the plain one, in value and in every gradient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_bases import ARCHITECTURES, recipe, small_base

from mhx.training.adapters import Adapters, attach
from mhx.training.base import load_model, load_tokenizer
from mhx.training.batches import MicroBatch, Row, collate
from mhx.training.encoding import encode_records
from mhx.training.layout import Padded
from mhx.training.loss import FullLoss, HeadLoss, mean_loss, objective_for, parts_of

Loss = Any


def prepared(base: str, dialogues: list[dict[str, Any]]) -> tuple[Any, Adapters, list[Row], int]:
    """A base with an adapter that does something, and rows of two languages."""
    import torch

    model = load_model(base, device="cpu")
    adapters = attach(model, {"pl": recipe(), "fa": recipe(seed=1)})
    torch.manual_seed(7)
    for name in adapters.names:
        for weight in adapters.weights(name):
            torch.nn.init.normal_(weight, std=0.05)
    encoded = encode_records(dialogues, base, max_length=512).encoded
    rows = [Row(number % 2, item) for number, item in enumerate(encoded)]
    return model, adapters, rows, load_tokenizer(base).pad_token_id


def gradients(adapters: Adapters) -> list[Any]:
    """The gradients of all adapters, which are then forgotten."""
    found = []
    for name in adapters.names:
        for weight in adapters.weights(name):
            found.append(weight.grad.clone())
            weight.grad = None
    return found


def run(loss: Loss, adapters: Adapters, batches: list[MicroBatch], count: int) -> tuple[float, Any]:
    """The value and the gradients of a step in so many passes."""
    import torch

    value = 0.0
    for batch in batches:
        adapters.route(batch)
        total, _ = loss(batch, torch.full((len(batch.targets),), 1 / count))
        total.backward()
        value += float(total.detach())
    return value, gradients(adapters)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_value_and_gradients_are_those_of_plain_cross_entropy(
    name: str, dialogues: list[dict[str, Any]], tmp_path: Path
) -> None:
    import torch

    base = small_base(name, tmp_path)
    model, adapters, rows, pad = prepared(base, dialogues[:4])
    batch = collate(rows, pad, "cpu")
    adapters.route(batch)
    logits = model(input_ids=batch.ids).logits
    labels = torch.full_like(batch.ids, -100)
    for number, row in enumerate(rows):
        for place in row.learned:
            labels[number, place] = row.item.ids[place]
    plain = torch.nn.functional.cross_entropy(
        logits[:, :-1].reshape(-1, logits.shape[-1]).float(), labels[:, 1:].reshape(-1),
        ignore_index=-100,
    )
    plain.backward()
    wanted = gradients(adapters)
    parts = parts_of(model)
    assert parts is not None
    for loss in (HeadLoss(parts), HeadLoss(parts, chunk=7), FullLoss(model)):
        value, found = run(loss, adapters, [batch], len(batch.targets))
        assert value == pytest.approx(float(plain.detach()), rel=1e-5)
        for one, other in zip(found, wanted, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    assert any(float(gradient.abs().max()) > 1e-4 for gradient in wanted)


def test_micro_batches_weighted_by_tokens_are_one_large_batch(
    dialogues: list[dict[str, Any]], tmp_path: Path
) -> None:
    import torch

    base = small_base("Llama", tmp_path)
    model, adapters, rows, pad = prepared(base, dialogues)
    parts = parts_of(model)
    assert parts is not None
    loss = HeadLoss(parts)
    count = sum(len(row.learned) for row in rows)
    (large,) = [collate(rows, pad, "cpu")]
    small = Padded(pad, "cpu", 1)(rows)
    assert len(small) == len(rows)
    assert len({len(batch.targets) for batch in small}) > 1
    value, wanted = run(loss, adapters, [large], count)
    again, found = run(loss, adapters, small, count)
    assert again == pytest.approx(value, rel=1e-5)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_a_model_that_scores_in_its_own_way_gets_the_plain_loss(
    dialogues: list[dict[str, Any]], tmp_path: Path
) -> None:
    model, adapters, rows, pad = prepared(small_base("Llama", tmp_path), dialogues[:2])
    adapters.route(collate(rows[:1], pad, "cpu"))
    assert isinstance(objective_for(model, rows, pad)[0], HeadLoss)
    forward = model.forward

    def scaled(**given: Any) -> Any:
        answer = forward(**given)
        answer.logits = answer.logits * 0.5
        return answer

    model.forward = scaled
    objective, why = objective_for(model, rows, pad)
    assert isinstance(objective, FullLoss)
    assert "its own way" in why


def test_a_trained_head_gets_the_plain_loss(
    dialogues: list[dict[str, Any]], tmp_path: Path
) -> None:
    model, _, rows, pad = prepared(small_base("Llama", tmp_path), dialogues[:1])
    model.get_output_embeddings().weight.requires_grad_(True)
    assert isinstance(objective_for(model, rows, pad)[0], FullLoss)


def test_the_mean_over_conversations_weighs_by_tokens(dialogues: list[dict[str, Any]]) -> None:
    encoded = encode_records(dialogues[:3], "mhx-tiny", max_length=512).encoded
    model = load_model("mhx-tiny", device="cpu").eval()
    each = [mean_loss(model, [item], 0) for item in encoded]
    mean, count = mean_loss(model, encoded, 0)
    assert count == sum(number for _, number in each) == sum(sum(item.mask) for item in encoded)
    assert mean == pytest.approx(sum(loss * number for loss, number in each) / count, rel=1e-6)
