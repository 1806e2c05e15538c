"""generate --out: base and adapter side by side, slots kept, resumed after a kill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mhx.cards import load_territory
from mhx.errors import MhxError
from mhx.evaluation import side_by_side
from mhx.evaluation.side_by_side import Asked, Sampling, answer_side_by_side
from mhx.training import base as bases
from mhx.training import generate as generation


class Killed(BaseException):
    """What a test stops the work with."""


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Batches that a model in place of the real one was asked; it answers with their text."""
    asked: list[list[str]] = []

    def answer(model: Any, tokenizer: Any, conversations: Any, *, seed: int, **_: Any) -> Any:
        texts = [item[-1]["content"] for item in conversations]
        asked.append(texts)
        yield from (f"{model}: {text} {{{{service:suicide_adult}}}} {seed}" for text in texts)

    monkeypatch.setattr(generation, "generate", answer)
    monkeypatch.setattr(bases, "load_model", lambda name, *, device, adapter: str(adapter))
    monkeypatch.setattr(bases, "load_tokenizer", lambda name: None)
    return asked


def prompts(count: int) -> list[Asked]:
    return [Asked(str(number), f"p{number}", ({"role": "user", "content": f"p{number}"},))
            for number in range(count)]


def made(out: Path, count: int = 5, **more: Any) -> list[dict[str, Any]]:
    adapter = out.parent / "adapter"
    adapter.mkdir(exist_ok=True)
    return answer_side_by_side(
        prompts(count), {"base": None, "adapter": adapter}, out, base="mhx-tiny",
        sampling=Sampling(**{"batch_size": 2, **more}))


def test_a_killed_run_goes_on_after_its_last_batch_and_ends_with_the_same_bytes(
    tmp_path, spoken, monkeypatch
):
    made(tmp_path / "whole.jsonl")
    assert [len(batch) for batch in spoken] == [2, 2, 1, 2, 2, 1]
    spoken.clear()
    real, left = generation.generate, iter(range(4))

    def dies(*given: Any, **named: Any) -> Any:
        if next(left, None) is None:
            raise Killed
        return real(*given, **named)

    monkeypatch.setattr(generation, "generate", dies)
    out = tmp_path / "cut.jsonl"
    with pytest.raises(Killed):
        made(out)
    assert not out.exists()
    journal = tmp_path / "cut.jsonl.part"
    journal.write_bytes(journal.read_bytes() + b'["torn", 4, ["p')  # a kill inside a write
    monkeypatch.setattr(generation, "generate", real)
    spoken.clear()
    made(out)
    assert spoken == [["p2", "p3"], ["p4"]]  # of the adapter; the rest was there
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert not journal.exists()


def test_the_file_keeps_slots_and_is_read_when_it_is_there(tmp_path, spoken):
    first = made(tmp_path / "a.parquet")
    kept = pl.read_parquet(tmp_path / "a.parquet")
    assert kept["response"].str.contains("{{service:suicide_adult}}", literal=True).all()
    assert kept["system"].to_list() == ["base"] * 5 + ["adapter"] * 5
    spoken.clear()
    assert made(tmp_path / "a.parquet") == first and spoken == []


def test_a_file_of_other_settings_is_not_taken_for_this_one(tmp_path, spoken):
    made(tmp_path / "a.jsonl")
    for changed in ({"seed": 1}, {"temperature": 0.5}, {"count": 4}):
        with pytest.raises(MhxError, match="other settings"):
            made(tmp_path / "a.jsonl", **changed)
    with pytest.raises(MhxError, match=r"\.jsonl or \.parquet"):
        made(tmp_path / "a.txt")


def test_the_command_shows_services_in_place_of_slots(mhx, monkeypatch, here):
    def answer(model: Any, tokenizer: Any, conversations: Any, **_: Any) -> Any:
        yield from ("Proszę: {{service:suicide_adult}}" for _ in conversations)

    monkeypatch.setattr(generation, "generate", answer)
    done = mhx("generate", "--lang", "pl", "--prompt", "Nie śpię.", "--out", "a.jsonl", "--json",
               "--age", "30", "--today", "2026-11-21")
    assert done.code == 0, done.err
    assert set(done.json[0]) == {"prompt", "base", "adapter"}
    services = load_territory("PL").services
    number = next(one.number for one in services if one.id == "pl.crisis.116123")
    assert number in done.json[0]["base"] and "{{" not in done.out
    stored = [json.loads(line) for line in Path("a.jsonl").read_text().splitlines()]
    assert [row["response"] for row in stored] == ["Proszę: {{service:suicide_adult}}"] * 2
    wrong = mhx("generate", "--lang", "pl", "--prompt", "a", "--system", "bas", "--out", "b.jsonl")
    assert wrong.code and "base" in wrong.err
    assert side_by_side.SYSTEMS == ("base", "adapter")


def test_a_folder_without_an_adapter_is_said_and_no_hub_is_asked(mhx, monkeypatch):
    import peft

    def asked(*given: Any, **named: Any) -> None:
        raise AssertionError("the hub was asked")

    monkeypatch.setattr(peft.PeftModel, "from_pretrained", asked)
    done = mhx("generate", "--lang", "pl", "--prompt", "Dzień dobry.", "--adapter", "nowhere")
    assert done.code == 1 and "nowhere" in done.err and "adapter_config.json is missing" in done.err
