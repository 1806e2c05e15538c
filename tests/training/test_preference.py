"""DPO: the plain formula's loss and gradients, several languages, killed and resumed."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from small_bases import dialogue, recipe, small_base

from mhx.errors import MhxError
from mhx.training import lora
from mhx.training.adapters import attach
from mhx.training.base import load_model, load_tokenizer
from mhx.training.batches import Row
from mhx.training.layout import Padded
from mhx.training.loss import FullLoss, HeadLoss, parts_of
from mhx.training.pair_data import encode_pairs, pair_records
from mhx.training.preference import as_pairs

BETA = 0.3
SETTINGS = {"dpo_beta": BETA, "epochs": 2, "batch_size": 2}


def pair(number: int) -> dict[str, Any]:
    """A pair whose rejected answer is another than the chosen one."""
    one = dialogue(number)
    return {"id": one["id"], "messages": one["messages"],
            "rejected": "Weź się w garść. " * (1 + number % 3)}


PAIRS = [pair(number) for number in range(6)]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return small_base("Llama", tmp_path_factory.mktemp("base"))


def log_p(model: Any, tokenizer: Any, prompt: list[dict[str, str]], answer: str) -> Any:
    """log p of an answer with its stop token, from the rendered texts and the whole softmax."""
    import torch

    before = tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    start = len(tokenizer(before, add_special_tokens=False)["input_ids"])
    text = f"{before}{answer}<|im_end|>"
    ids = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"]])
    logits = model(input_ids=ids).logits[0, :-1].log_softmax(-1)
    return logits.gather(1, ids[0, 1:].unsqueeze(1))[start - 1 :].sum()


@pytest.mark.parametrize("limit", [64, 4096])
@pytest.mark.parametrize("plain", [False, True])
def test_loss_and_gradients_are_those_of_the_formula(base: str, limit: int, plain: bool) -> None:
    import torch

    tokenizer, model = load_tokenizer(base), load_model(base, device="cpu")
    untouched = load_model(base, device="cpu")
    adapters = attach(model, {"pl": recipe(**SETTINGS)})
    data = encode_pairs(PAIRS, base, max_length=512, tokenizer=tokenizer)
    rows = [Row(0, item) for item in data.encoded]
    parts = parts_of(model)
    assert parts is not None
    inner = FullLoss(model) if plain else HeadLoss(parts, chunk=7)
    layout = Padded(tokenizer.pad_token_id, torch.device("cpu"), limit)
    objective, cut = as_pairs(model, adapters, inner, layout, [BETA], rows)
    torch.manual_seed(1)
    weights = adapters.weights("pl")
    with torch.no_grad():
        for tensor in weights:
            tensor.normal_(std=0.2)

    spread = 0.0
    count = sum(len(row.learned) for row in rows)
    batches = cut(rows)
    assert (len(batches) > 1) == (limit == 64)
    for batch in batches:
        adapters.route(batch)
        shares = torch.full((len(batch.targets),), 1 / count)
        value, losses = objective(batch, shares)
        value.backward()
        spread += float((losses * shares).sum())
    ours = [tensor.grad.clone() for tensor in weights]

    for tensor in weights:
        tensor.grad = None
    margins = []
    for one in PAIRS:
        *prompt, chosen = one["messages"]
        gains = []
        for answer in (chosen["content"], one["rejected"]):
            with torch.no_grad():
                reference = log_p(untouched, tokenizer, prompt, answer)
            gains.append(_routed_log_p(model, adapters, tokenizer, prompt, answer) - reference)
        margins.append(BETA * (gains[0] - gains[1]))
    wanted = -torch.nn.functional.logsigmoid(torch.stack(margins)).mean()
    wanted.backward()
    total = float(wanted.detach())
    assert abs(total - math.log(2)) > 1e-3
    assert spread == pytest.approx(total, rel=1e-5)
    for mine, tensor in zip(ours, weights, strict=True):
        assert torch.allclose(mine, tensor.grad, atol=1e-6, rtol=1e-3)


def _routed_log_p(model: Any, adapters: Any, tokenizer: Any, prompt: Any, answer: str) -> Any:
    adapters.routing.active, adapters.routing.masks = (0,), {}
    return log_p(model, tokenizer, prompt, answer)


def train(base: str, out: Path, names: list[str], watch: lora.Watch | None = None,
          **changes: Any) -> dict[str, lora.TrainResult]:
    """DPO of one or two languages on the pairs, validated on two, a checkpoint every 2 steps."""
    lora.CHECKPOINT_EVERY = 2
    settings = recipe(**{**SETTINGS, **changes})
    jobs = [lora.Job(name, PAIRS[place:], PAIRS[:2], settings, out / name)
            for place, name in enumerate(names)]
    return lora.train_adapters(jobs, base=base, folder=out, device="cpu", progress=watch,
                               preference=True)


@pytest.fixture(autouse=True)
def checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lora, "CHECKPOINT_EVERY", lora.CHECKPOINT_EVERY)  # set back afterwards


def test_it_starts_at_the_base_and_learns_the_preference(base: str, tmp_path: Path) -> None:
    done = train(base, tmp_path, ["pl"], epochs=8, learning_rate=0.01)["pl"]
    assert done.first_loss == pytest.approx(math.log(2), abs=1e-6)  # the adapter changes nothing
    assert done.last_loss < 0.4
    assert done.valid_loss is not None
    assert done.valid_loss < 0.6
    assert (done.steps, done.planned_steps) == (24, 24)


def test_the_scoring_by_the_base_is_seen_on_the_way(base: str, tmp_path: Path) -> None:
    said: list[str] = []
    job = lora.Job("pl", PAIRS * 2, [], recipe(**SETTINGS), tmp_path)
    lora.train_adapters([job], base=base, folder=tmp_path, device="cpu", preference=True,
                        say=said.append)
    assert said == [f"  reference: the base has scored {count} of 12 pairs"
                    for count in (2, 4, 6, 8, 10, 12)]


def test_two_languages_in_one_pass_are_the_trainings_alone(base: str, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    both = train(base, tmp_path / "both", ["pl", "fa"])
    for place, name in enumerate(["pl", "fa"]):
        job = lora.Job(name, PAIRS[place:], PAIRS[:2], recipe(**SETTINGS), tmp_path / name)
        alone = lora.train_adapters([job], base=base, folder=tmp_path / name, device="cpu",
                                    preference=True)[name]
        assert alone.losses == pytest.approx(both[name].losses, abs=1e-5)
        one = load_file(tmp_path / name / "adapter_model.safetensors")
        other = load_file(tmp_path / "both" / name / "adapter_model.safetensors")
        assert max(float((one[key] - other[key]).abs().max()) for key in one) < 1e-5


SCRIPT = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import torch
torch.set_num_threads(1)
from test_preference import train
train(sys.argv[2], Path(sys.argv[3]), ["pl"],
      lambda moment: moment.step == 5 and os.kill(os.getpid(), signal.SIGKILL))
"""


def test_kill_9_and_the_same_call_end_in_the_same_bytes(base: str, tmp_path: Path) -> None:
    whole = train(base, tmp_path / "whole", ["pl"])["pl"]
    here = str(Path(__file__).parent)
    killed = subprocess.run([sys.executable, "-c", SCRIPT, here, base, str(tmp_path / "killed")],
                            check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert killed.returncode == -signal.SIGKILL
    again = train(base, tmp_path / "killed", ["pl"])["pl"]
    assert again.resumed_at == 4
    assert again.losses == whole.losses
    one, other = (tmp_path / run / "pl/adapter_model.safetensors" for run in ("whole", "killed"))
    assert one.read_bytes() == other.read_bytes()


def test_pairs_are_read_in_all_forms_of_trl(tmp_path: Path) -> None:
    asked = [{"role": "user", "content": "Źle sypiam."}]
    good, bad = ({"role": "assistant", "content": text} for text in ("Od kiedy?", "Przesadza Pan."))
    path = tmp_path / "pairs.jsonl"
    rows = [
        {"prompt": "Źle sypiam.", "chosen": "Od kiedy?", "rejected": "Przesadza Pan."},
        {"prompt": asked, "chosen": [good], "rejected": [bad]},
        {"chosen": [*asked, good], "rejected": [*asked, bad]},
        {"prompt": "Źle sypiam.", "chosen": [*asked, good], "rejected": [*asked, bad]},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    read = pair_records(path)
    assert [(one["messages"], one["rejected"]) for one in read] == [
        ([*asked, good], "Przesadza Pan.")] * 4


def test_what_is_no_pair_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    rows = [
        {"prompt": "a", "chosen": "b"},
        {"prompt": "a", "chosen": "b", "rejected": "b"},
        {"chosen": "b", "rejected": "c"},
        {"prompt": "a", "chosen": [{"role": "user", "content": "b"}], "rejected": "c"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(MhxError) as caught:
        pair_records(path)
    assert [problem.line for problem in caught.value.problems] == [1, 2, 3, 4]
    assert [problem.what.split()[0] for problem in caught.value.problems] == [
        "rejected", "chosen", "what", "chosen"]


def test_a_pair_that_does_not_fit_whole_is_left_out(base: str) -> None:
    tokenizer = load_tokenizer(base)
    long = {**PAIRS[0], "id": "long", "rejected": "Proszę się uspokoić. " * 40}
    data = encode_pairs([long, PAIRS[1]], base, max_length=300, tokenizer=tokenizer)
    assert (data.left_out, len(data.encoded)) == (["long"], 2)
    assert tokenizer.decode([token for token, learned in zip(
        data.encoded[0].ids, data.encoded[0].mask, strict=True) if learned]) == (
        PAIRS[1]["messages"][-1]["content"] + "<|im_end|>")
    with pytest.raises(MhxError, match="no pair fits into 300 tokens, the first is long"):
        encode_pairs([long], base, max_length=300, tokenizer=tokenizer)
