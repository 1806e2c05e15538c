"""What conversations have in common from the start is computed once, and changes nothing."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from small_bases import recipe, small_base

from mhx.training import attention
from mhx.training.adapters import attach
from mhx.training.base import load_model
from mhx.training.batches import MicroBatch, Row, collate, pack
from mhx.training.layout import Packed, Padded
from mhx.training.loss import HeadLoss, forward_inputs, parts_of
from mhx.training.masks import Encoded
from mhx.training.prefixes import LEAST, gathered, woven

PROMPT = [(7 * place) % 250 + 3 for place in range(40)]


def row(owner: int, *tail: int, start: int = 0) -> Row:
    """A conversation on the prompt; the last half of what follows is learned."""
    ids = [*PROMPT[start:], *tail]
    learned = len(tail) // 2
    return Row(owner, Encoded(ids, [False] * (len(ids) - learned) + [True] * learned))


def several() -> list[Row]:
    """Two languages; two levels of common beginnings, a twin, and one that shares nothing."""
    again = list(range(100, 100 + LEAST))
    return [
        row(0, *again, 5, 6, 7, 8), row(1, 9, 8, 7, 6, 5), row(0, *range(60, 75)),
        row(0, *again, 9, 9), row(0, 21, 22, start=4), row(1, 9, 8, 7, 6, 5), row(0, *again),
    ]


def conversations(rows: list[Row]) -> list[list[int]]:
    """Each conversation read back through the stretches before it."""
    weave = woven(rows)
    flat = [token for part in weave.stretches for token in part.tokens]
    return [[flat[place] for place in places] for places in weave.places]


def test_every_conversation_can_be_read_back_from_fewer_tokens() -> None:
    rows = several()
    assert conversations(rows) == [one.item.ids for one in rows]
    weave = woven(rows)
    assert weave.width < sum(len(one.item.ids) for one in rows) - 4 * len(PROMPT)
    assert all(part.parent < number for number, part in enumerate(weave.stretches))
    owners = [part.owner for part in weave.stretches]
    assert owners == sorted(owners)


def test_a_short_beginning_is_not_split_off_and_languages_share_nothing() -> None:
    short = [Row(0, Encoded([1, 2, 3, last], [False, False, True, True])) for last in (4, 5)]
    assert len(woven(short).stretches) == 2
    twins = [row(0, 1, 2, 3, 4), row(1, 1, 2, 3, 4)]
    assert woven(twins).width == 2 * len(twins[0].item.ids)


def test_a_pass_counts_a_common_beginning_once() -> None:
    rows = [row(0, *range(60 + number, 70 + number)) for number in range(0, 50, 10)]
    assert [len(group) for group in gathered(rows, 90)] == [5]
    assert [len(group) for group in gathered(rows, 70)] == [3, 2]
    assert [batch.padded for batch in Packed("cpu", 70, shared=True)(rows)] == [70, 60]
    assert sum(batch.tokens for batch in Packed("cpu", 70, shared=True)(rows)) == 250


@pytest.mark.parametrize(("name", "window"), [("Qwen3", None), ("Gemma", None), ("Mistral", 6)])
def test_logits_are_those_of_each_conversation_alone(
    name: str, window: int | None, tmp_path: Path
) -> None:
    import torch

    base = small_base(name, tmp_path, **({"sliding_window": window} if window else {}))
    model = load_model(base, device="cpu").eval()
    rows = several()

    def states(batch: MicroBatch) -> Any:
        with torch.no_grad():
            hidden = model.base_model(**forward_inputs(batch, model)).last_hidden_state
        return hidden.reshape(-1, hidden.shape[-1])[batch.predicts]

    alone = [states(collate([one], 0, "cpu")) for one in rows]
    assert attention.pack_where_possible(model) == ""
    batch = pack(rows, "cpu", shared=True)
    assert batch.parents is not None
    torch.testing.assert_close(states(batch), torch.cat(alone), rtol=1e-4, atol=1e-5)
    # another first token of the prompt is seen by who shares it, but not beyond the window
    ids = batch.ids.clone()
    ids[0, 0] += 1
    changed = MicroBatch(**{**vars(batch), "ids": ids})
    assert torch.allclose(states(changed)[0], alone[0][0], atol=1e-4) == bool(window)


def test_a_model_without_packed_attention_is_refused(tmp_path: Path) -> None:
    model = load_model(small_base("Llama", tmp_path), device="cpu")
    with pytest.raises(ValueError, match="packed attention"):
        forward_inputs(pack(several(), "cpu", shared=True), model)


@pytest.mark.parametrize("checkpointing", [False, True])
def test_gradients_of_shared_beginnings_are_those_of_padded_rows(
    checkpointing: bool, tmp_path: Path
) -> None:
    import torch

    base = small_base("Qwen3", tmp_path)
    rows = several()

    def gradients(shared: bool) -> tuple[float, list[Any]]:
        model = load_model(base, device="cpu").train()
        adapters = attach(model, {"pl": recipe(), "fa": recipe(seed=3, lora={"r": 2, "alpha": 4})})
        torch.manual_seed(2)
        for name in adapters.names:
            for weight in adapters.weights(name):
                weight.data = torch.randn(weight.shape) * 0.1
        if checkpointing:
            model.gradient_checkpointing_enable()
        parts = parts_of(model)
        assert parts is not None
        if shared:
            assert attention.pack_where_possible(model) == ""
        layout = Packed("cpu", 400, shared=True) if shared else Padded(0, "cpu", 10_000)
        total = 0.0
        for batch in layout(rows):
            adapters.route(batch)
            value, _ = HeadLoss(parts)(batch, torch.ones(len(batch.targets)))
            value.backward()
            total += float(value.detach())
        return total, [weight.grad for name in adapters.names
                       for weight in adapters.weights(name)]

    one, two = gradients(True), gradients(False)
    assert one[0] == pytest.approx(two[0], rel=1e-5)
    for ours, theirs in zip(one[1], two[1], strict=True):
        assert float(theirs.norm()) > 0
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_spans_say_where_each_language_stands() -> None:
    rows = several()
    batch = pack(rows, "cpu", shared=True)
    assert batch.spans is not None
    assert [owner for owner, *_ in batch.spans] == [0, 1]
    for owner, first, last in batch.spans:
        assert set(batch.owners.reshape(-1)[first:last].tolist()) == {owner}
    assert [last for *_, last in batch.spans][-1] == batch.padded
    scattered = pack([rows[0], rows[1], rows[2]], "cpu")
    assert scattered.spans is None
    assert all(start < end for start, end in pairwise(scattered.bounds or ()))
