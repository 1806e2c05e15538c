"""The adapter's card: what it was made from, how it did, time, and energy only by a meter."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_bases import dialogue, small_base
from typer.testing import CliRunner

from mhx.cli.app import app
from mhx.files import read_yaml
from mhx.language import load_language
from mhx.training import adapter, energy
from mhx.training.card import (
    UNSAID,
    licenses,
    model_card,
    origins,
    risky,
    silent_on_risk,
    unreviewed,
)
from mhx.training.distributed import Processes
from mhx.training.energy import Meter, Spent, meter


def package(folder: Path, number: int, joules: float, name: str = "package-0") -> Path:
    """A CPU package as Linux shows it, with a part of it that must not be counted too."""
    place = folder / f"intel-rapl:{number}"
    for path, part in ((place, name), (folder / f"intel-rapl:{number}:0", "core")):
        path.mkdir(parents=True, exist_ok=True)
        (path / "name").write_text(f"{part}\n")
        (path / "max_energy_range_uj").write_text("262144000000\n")
        (path / "energy_uj").write_text(f"{round(joules * 1e6)}\n")
    return place


def test_energy_is_what_the_packages_counters_gained_over_their_overflow(tmp_path: Path) -> None:
    one, two = package(tmp_path, 0, 262134), package(tmp_path, 1, 5, "package-1")
    now = [0.0]
    gauge = Meter(meter("cpu", tmp_path).counters, clock=lambda: now[0])
    (one / "energy_uj").write_text("40000000")  # past 262144 J: 50 J gained
    now[0] = 11.0
    gauge.read()
    (one / "energy_uj").write_text("30000000")  # and round again: 262134 J more
    (two / "energy_uj").write_text("7000000")
    now[0] = 20.0
    spent = gauge.spent()
    assert spent.seconds == 20.0
    assert spent.kwh == {"CPU package-0": pytest.approx(262184 / 3.6e6),
                         "CPU package-1": pytest.approx(2 / 3.6e6)}


def test_a_counter_that_cannot_be_read_gives_no_figure(tmp_path: Path) -> None:
    assert meter("cpu", tmp_path / "nowhere").spent().kwh == {}
    place = package(tmp_path, 0, 10)
    (place / "max_energy_range_uj").unlink()
    assert meter("cpu", tmp_path).spent().kwh == {}
    package(tmp_path, 0, 10)
    gauge = meter("cpu", tmp_path)
    (place / "energy_uj").unlink()  # it was there, and goes away
    assert gauge.spent().kwh == {}


def test_a_counter_that_may_have_gone_round_unseen_gives_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(energy, "time", SimpleNamespace(monotonic=lambda: now[0]))
    package(tmp_path, 0, 10)
    gauge = meter("cpu", tmp_path)
    for now[0], known in ((200.0, True), (400.0, True), (670.0, False)):
        assert bool(gauge.spent().kwh) == known


def test_the_counters_are_read_beside_what_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    monkeypatch.setattr(energy, "EVERY", 0.001)
    read = threading.Event()
    reads: list[float] = []

    def counter() -> float:
        reads.append(1.0)
        if len(reads) > 3:
            read.set()
        return float(len(reads))

    with Meter({"one": counter}):
        assert read.wait(5)


def test_of_several_processes_no_energy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    result: Any = SimpleNamespace(resumed_at=0)
    spent = Spent(3.0, {"GPU": 0.5})
    assert adapter._spent(spent, result, "cpu")["kwh"] == {"GPU": 0.5}
    monkeypatch.setattr(adapter, "current", lambda: Processes(0, 8))
    said = adapter._spent(spent, result, "cpu")
    assert "kwh" not in said
    assert said["device"].startswith("8 processes, the first on ")


def test_the_counter_of_the_gpu_in_use_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    joules = [100.0]

    def handle(uuid: bytes) -> str:
        assert uuid == b"GPU-1-2"
        return "handle"

    nvml = SimpleNamespace(
        nvmlInit=lambda: None, NVMLError=RuntimeError, nvmlDeviceGetHandleByUUID=handle,
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: joules[0] * 1e3)
    monkeypatch.setattr(energy.importlib, "import_module", lambda name: nvml)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_properties",
                        lambda number: SimpleNamespace(uuid="1-2", name="of this test"))
    gauge = meter("cuda", Path("/nowhere"))
    joules[0] = 136.0
    assert gauge.spent().kwh == {"GPU of this test": pytest.approx(36 / 3.6e6)}


@pytest.mark.parametrize("metered", [True, False])
def test_a_trained_adapter_says_scores_time_and_energy_only_where_it_was_read(
    metered: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = package(tmp_path / "powercap", 0, 10)

    def watched(device: str) -> Meter:
        gauge = meter(device, tmp_path / ("powercap" if metered else "nowhere"))
        (place / "energy_uj").write_text("72010000000")
        return gauge

    monkeypatch.setattr(adapter, "meter", watched)
    base, data, out = small_base("Llama", tmp_path), tmp_path / "data.jsonl", tmp_path / "out"
    rows = [{**dialogue(number), "split": "valid" if number > 5 else "train",
             "license": "CC-BY-4.0"} for number in range(8)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = CliRunner().invoke(app, [
        "train", "--lang", "pl", "--data", str(data), "--base-model", base, "--into", str(out),
        "--set", "epochs=2", "--device", "cpu", "--json"], catch_exceptions=False)
    row = json.loads(done.stdout)
    card = (out / "README.md").read_text("utf-8")
    manifest, _ = read_yaml(out / "manifest.yaml")
    assert (f"- validation split: loss {round(row['valid loss of the base'], 4)} of the base, "
            f"{round(row['valid loss'], 4)} of the adapter") in card
    assert "**risk dialogues in training: 2 of 6**, 2 of them reviewed by nobody" in card
    assert "licence: CC-BY-4.0" in card
    assert f"SHA-256 `{manifest['card_sha256']}`" in card
    assert manifest["spent"]["seconds"] > 0
    assert "- time: 0:00:" in card
    assert "threads" in card
    assert ("- energy: 0.0200 kWh (CPU package-0)" in card) == metered
    assert ("energy" in card) == metered
    assert ("kwh" in manifest["spent"]) == metered
    assert "## Limits" in card
    assert "## For" in card


def test_a_run_writes_no_time_so_that_it_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mhx.run import Silent

    base = small_base("Llama", tmp_path)
    rows = [dialogue(number) for number in range(4)]
    for name in ("one", "two"):
        adapter.fit(load_language("pl"), rows, [], base=base, out=tmp_path / name, device="cpu",
                    reporter=Silent(), corpus_sha256="0" * 64)
    for name in adapter.FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    card = (tmp_path / "one/README.md").read_text("utf-8")
    assert "time:" not in card
    assert "- validation: none, so nothing says how it does on text it has not seen" in card


def made(**changes: Any) -> dict[str, Any]:
    """A manifest with everything the card reads."""
    return {
        "language": "pl", "base": "some/base", "base_sha256": None, "corpus_sha256": "c" * 64,
        "card": "pl 1", "card_sha256": "d" * 64, "device": "cuda", "seed": 0,
        "recipe": {"lora": {"r": 8}, "dpo_beta": 0.1}, "trained_with": ["pl"], "dialogues": 9,
        "risk_dialogues": 3, "risk_unreviewed": 1, "licenses": ["CC-BY-4.0"], "notes": [],
        "tokenizer": {"tokens_per_word": 2.0, "unknown_share": 0.0, "byte_share": 0.0}, "steps": 5,
        "best_step": None, "first_loss": 2.0, "last_loss": 1.0, "base_valid_loss": 2.5,
        "valid_loss": 1.5, **changes}


def test_a_licence_stands_in_the_head_only_where_all_the_text_has_it() -> None:
    language = load_language("pl")
    assert "license: cc-by-4.0" in model_card(language, made(), ["someone"])
    for known in ([UNSAID], ["CC-BY-4.0", "the user's"]):
        assert "license:" not in model_card(language, made(licenses=known), ["someone"])


def test_an_adapter_no_better_than_its_base_says_so() -> None:
    language = load_language("pl")
    said = "it is no better than the base"
    assert said in model_card(language, made(valid_loss=2.5), ["someone"])
    assert said not in model_card(language, made(), ["someone"])
    assert said not in model_card(language, made(base_valid_loss=None), ["someone"])


def test_a_resumed_training_counts_time_from_its_step_on() -> None:
    spent = {"seconds": 3725.4, "device": "GPU of this test", "from_step": 20,
             "kwh": {"GPU": 0.5}}
    card = model_card(load_language("pl"), made(spent=spent), ["someone"])
    assert "- time: 1:02:05 from step 20 on, on GPU of this test" in card
    assert "- energy from step 20 on: 0.5000 kWh (GPU)" in card


def test_what_the_records_say_of_themselves() -> None:
    rows = [
        {"risk": "explicit", "origin": {"kind": "human", "name": "a", "reviewed_by": "b"},
         "license": "CC-BY-4.0"},
        {"risk": "none", "origin": None}, {"risk": "indirect"},
    ]
    assert origins(rows) == ["human: a (reviewed by b)"]
    assert licenses(rows) == ["CC-BY-4.0", UNSAID]
    assert [one["risk"] for one in risky(rows)] == ["explicit", "indirect"]
    assert unreviewed(risky(rows)) == 1


def test_what_is_not_said_of_risk_is_not_counted_as_none() -> None:
    rows = [{"risk": "explicit"}, {"risk": None}, {}, {"risk": "none"}]
    assert len(risky(rows)) == 1
    assert silent_on_risk(rows) == 2
    card = model_card(load_language("pl"), made(risk_unsaid=2, left_out=4), ["someone"])
    assert "1 of them reviewed by nobody; **2 do not say** whether they carry risk" in card
    assert "- left out, too long for max_length: 4\n" in card
    assert "None" not in card
    whole = model_card(load_language("pl"), made(base_sha256="e" * 64), ["someone"])
    assert "not say" not in whole
    assert "left out" not in whole
    assert f"- base SHA-256: `{'e' * 64}`" in whole
