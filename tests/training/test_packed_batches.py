"""Packed conversations do not see each other, and padding is not seen at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_bases import ARCHITECTURES, small_base

from mhx.training import attention
from mhx.training.base import load_model
from mhx.training.batches import Row, collate, pack, planned_batches, spread
from mhx.training.encoding import encode_records
from mhx.training.layout import Packed, Padded, cheapest, cost
from mhx.training.loss import forward_inputs
from mhx.training.masks import Encoded
from mhx.training.packing import packed_where_it_agrees


def rows_of(base: str, dialogues: list[dict[str, Any]]) -> list[Row]:
    return [Row(0, item) for item in encode_records(dialogues, base, max_length=512).encoded]


def logits(model: Any, batch: Any) -> Any:
    import torch

    with torch.inference_mode():
        return model(**forward_inputs(batch, model)).logits.clone()


def poisoned(rows: list[Row], spared: int) -> list[Row]:
    """All conversations but one with other words of the same length."""
    return [
        row if number == spared
        else Row(row.owner, Encoded([(token * 7 + 3) % 300 for token in row.item.ids],
                                    row.item.mask))
        for number, row in enumerate(rows)
    ]


@pytest.mark.parametrize("kernel", [False, True], ids=["block mask", "packed attention"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_poisoned_neighbours_change_no_logit(
    name: str, kernel: bool, dialogues: list[dict[str, Any]], tmp_path: Path
) -> None:
    import torch

    base = small_base(name, tmp_path)
    model = load_model(base, device="cpu").eval()
    rows = rows_of(base, dialogues[:3])
    alone = logits(model, collate(rows[1:2], 0, "cpu"))[0]
    if kernel:
        why = attention.pack_where_possible(model)
        assert ("softcap" in why) == (name == "Gemma2")
        if why:
            return
    batch = pack(rows, "cpu")
    assert batch.bounds is not None
    place = slice(batch.bounds[1], batch.bounds[2])
    clean = logits(model, batch)[0]
    other = logits(model, pack(poisoned(rows, 1), "cpu"))[0]
    assert torch.equal(clean[place], other[place])
    assert not torch.allclose(clean[: place.start], other[: place.start])
    torch.testing.assert_close(clean[place], alone, rtol=1e-4, atol=1e-5)


def test_without_the_bounds_the_neighbours_would_be_seen(
    dialogues: list[dict[str, Any]], tmp_path: Path
) -> None:
    import torch

    base = small_base("Llama", tmp_path)
    model = load_model(base, device="cpu").eval()
    rows = rows_of(base, dialogues[:2])
    place = slice(len(rows[0].item.ids), None)
    with torch.inference_mode():
        one, two = (model(input_ids=pack(given, "cpu").ids, use_cache=False).logits[0, place]
                    for given in (rows, poisoned(rows, 1)))
    assert not torch.allclose(one, two)


@pytest.mark.parametrize("name", ["GptOss", "Qwen3", "deaf Qwen3"])
def test_packing_is_taken_only_where_it_computes_what_the_base_does(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    more = {"num_local_experts": 2, "num_experts_per_tok": 1} if name == "GptOss" else {}
    base = small_base(name.removeprefix("deaf "), tmp_path, **more)
    model = load_model(base, device="cpu").train()
    own = model.config._attn_implementation
    for key, weight in model.named_parameters():
        if "sinks" in key:  # a score that every token gives to nobody
            torch.nn.init.normal_(weight)
    if "deaf" in name:  # a base that does not hand the bounds on: its conversations would mix
        whole = attention.packed_attention
        monkeypatch.setattr(attention, "packed_attention", lambda *given, bounds=None, **named:
                            whole(*given, **{**named, "parents": None}))
    for shared in (False, True):
        why = packed_where_it_agrees(model, shared=shared)
        assert ("differ" in why) == (name != "Qwen3")
        assert model.config._attn_implementation == (own if why else attention.NAME)
        assert model.training
        model.set_attn_implementation(own)


def test_a_base_with_dropout_of_its_own_or_a_kernel_that_fails_is_not_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*given: Any, **named: Any) -> None:
        raise RuntimeError("head dimension at most 256")

    model = load_model(small_base("Qwen3", tmp_path / "drops", attention_dropout=0.1), device="cpu")
    assert packed_where_it_agrees(model, shared=True).endswith("(attention_dropout)")
    monkeypatch.setattr(attention, "packed_attention", failing)
    model = load_model(small_base("Qwen3", tmp_path / "none"), device="cpu")
    assert "head dimension" in packed_where_it_agrees(model, shared=True)
    assert model.config._attn_implementation != attention.NAME


def test_a_sliding_window_holds_within_a_packed_conversation(
    dialogues: list[dict[str, Any]], tmp_path: Path
) -> None:
    import torch

    base = small_base("Mistral", tmp_path, sliding_window=6)
    model = load_model(base, device="cpu").eval()
    rows = rows_of(base, dialogues[:2])
    alone = logits(model, collate(rows[1:], 0, "cpu"))[0]
    assert attention.pack_where_possible(model) == ""
    batch = pack(rows, "cpu")
    assert batch.bounds is not None
    found = logits(model, batch)[0, batch.bounds[1] :]
    torch.testing.assert_close(found, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["Qwen3", "Gemma"])
def test_padding_changes_no_logit(
    name: str, dialogues: list[dict[str, Any]], tmp_path: Path
) -> None:
    import torch

    base = small_base(name, tmp_path)
    model = load_model(base, device="cpu").eval()
    rows = sorted(rows_of(base, dialogues[:4]), key=lambda row: len(row.item.ids))
    assert len(rows[0].item.ids) < len(rows[-1].item.ids)
    together = logits(model, collate(rows, 0, "cpu"))
    for number, row in enumerate(rows):
        alone = logits(model, collate([row], 0, "cpu"))[0]
        found = together[number, : len(row.item.ids)]
        torch.testing.assert_close(found, alone, rtol=1e-4, atol=1e-5)


def row(length: int) -> Row:
    return Row(0, Encoded([1] * length, [False] * (length - 1) + [True]))


def test_the_cut_into_passes_is_the_cheapest_of_all() -> None:
    from itertools import pairwise, product

    rows = [row(length) for length in (20, 300, 40, 30, 310, 35, 90)]
    order = sorted(rows, key=lambda item: len(item.item.ids))
    every = []
    for cuts in product([False, True], repeat=len(order) - 1):
        ends = [0, *(place for place, cut in enumerate(cuts, start=1) if cut), len(order)]
        every.append([order[start:end] for start, end in pairwise(ends)])
    assert cost(cheapest(rows, 10_000)) == min(cost(groups) for groups in every)


@pytest.mark.parametrize("limit", [64, 330, 700])
def test_no_pass_is_larger_than_the_limit_unless_one_conversation_is(limit: int) -> None:
    rows = [row(length) for length in (20, 300, 40, 30, 310, 35, 90)]
    for layout in (Padded(0, "cpu", limit), Packed("cpu", limit)):
        batches = layout(rows)
        assert sum(batch.tokens for batch in batches) == sum(len(item.item.ids) for item in rows)
        for batch in batches:
            assert batch.padded <= limit or len(batch.targets) == 1


def test_languages_share_a_pass_only_where_that_is_cheaper() -> None:
    short = [Row(owner, row(40).item) for owner in range(3)]
    long = [Row(owner, row(800 + 10 * owner).item) for owner in range(3) for _ in range(4)]
    assert [batch.active for batch in Padded(0, "cpu", 8192)(short)] == [(0, 1, 2)]
    assert {len(batch.active) for batch in Padded(0, "cpu", 8192)(long)} == {1}
    assert len(Padded(0, "cpu", 8192, mixed=False)(short)) == 3


def test_a_packed_row_learns_what_its_conversations_learn(
    dialogues: list[dict[str, Any]],
) -> None:
    rows = rows_of("mhx-tiny", dialogues[:3])
    apart = sorted(token for row in rows for token in collate([row], 0, "cpu").targets.tolist())
    for batch in (pack(rows, "cpu"), collate(rows, 0, "cpu")):
        assert sorted(batch.targets.tolist()) == apart
        flat = batch.ids.reshape(-1)
        assert flat[batch.predicts + 1].tolist() == batch.targets.tolist()


def test_a_shorter_course_is_spread_over_the_longest() -> None:
    plan = spread([6, 3, 1])
    assert len(plan) == 6
    assert [sum(owner in taking for taking in plan) for owner in range(3)] == [6, 3, 1]
    assert plan[-1] == [0, 1, 2]
    assert plan[0] == [0]


def test_every_epoch_sees_every_conversation_once(dialogues: list[dict[str, Any]]) -> None:
    from small_bases import recipe

    encoded = [item.item for item in rows_of("mhx-tiny", dialogues[:7])]
    batches = planned_batches(encoded, recipe(epochs=2, batch_size=3))
    assert len(batches) == 6
    for epoch in (batches[:3], batches[3:]):
        assert sorted(place for batch in epoch for place in batch) == list(range(7))
    assert batches[:3] != batches[3:]


def test_training_on_packed_rows_gives_the_adapters_of_padded_ones(
    dialogues: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.torch import load_file
    from small_bases import recipe

    from mhx.training import lora

    base = small_base("Qwen3", tmp_path)

    def trained(name: str) -> dict[str, Any]:
        jobs = [lora.Job(tag, dialogues[start:], [], recipe(base=base, epochs=2, seed=start),
                         tmp_path / name / tag) for start, tag in enumerate(("pl", "fa"))]
        lora.train_adapters(jobs, base=base, folder=tmp_path / name, device="cpu")
        return {f"{tag} {key}": value for tag in ("pl", "fa")
                for key, value in load_file(
                    tmp_path / name / tag / "adapter_model.safetensors").items()}

    padded = trained("padded")

    def packed(model: Any, *given: Any) -> Any:
        assert attention.pack_where_possible(model) == ""
        return Packed("cpu", 512), ""

    monkeypatch.setattr(lora, "layout_of", packed)
    for key, value in trained("packed").items():
        assert float((value - padded[key]).abs().max()) < 1e-5
