"""What stands beside the weights, and what of it is installed into a plugin."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from small_bases import recipe

from mhx.errors import MhxError
from mhx.files import hash_file, read_yaml
from mhx.language import Language, load_language
from mhx.run import Silent
from mhx.scaffold import new_language
from mhx.shelves import discover
from mhx.training import lora
from mhx.training.adapter import FILES, fit, install_adapter
from mhx.training.command import train_languages


@pytest.fixture(scope="module")
def workshop(
    dialogues: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Language, Path]:
    """A scaffolded language of its own folder, and a corpus for it."""
    root = tmp_path_factory.mktemp("workshop")
    new_language("cs", name="Czech", territory="PL", into=root)
    settings = recipe(epochs=1).model_dump_json()
    (root / "languages/cs/train.yaml").write_text(settings, encoding="utf-8")
    lines = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in dialogues)
    (root / "corpus.jsonl").write_text(lines, encoding="utf-8")
    return load_language("cs", shelves=discover(cwd=root)), root


@pytest.fixture(scope="module")
def fitted(workshop: tuple[Language, Path], dialogues: list[dict[str, Any]]) -> Path:
    """An adapter with its card and manifest."""
    language, root = workshop
    fit(language, dialogues, dialogues[:2], base="mhx-tiny", out=root / "adapter", device="cpu",
        reporter=Silent(), corpus_sha256=hash_file(root / "corpus.jsonl"))
    return root / "adapter"


def test_four_files_and_a_curve_describe_the_adapter(fitted: Path) -> None:
    assert sorted(path.name for path in fitted.iterdir()) == sorted([*FILES, lora.CURVES])


def test_manifest_and_model_card_say_how_many_risk_dialogues_were_trained_on(
    fitted: Path, workshop: tuple[Language, Path]
) -> None:
    manifest, _ = read_yaml(fitted / "manifest.yaml")
    assert (manifest["risk_dialogues"], manifest["dialogues"]) == (2, 8)
    assert manifest["corpus_sha256"] == hash_file(workshop[1] / "corpus.jsonl")
    assert manifest["device"] == "cpu"
    card = (fitted / "README.md").read_text(encoding="utf-8")
    assert "risk dialogues in training: 2 of 8" in card
    assert "human: this test (reviewed by nobody)" in card
    assert "resolver, which fills them by territory, age and date" in " ".join(card.split())
    assert "not a therapist" in card
    assert manifest["corpus_sha256"] in card
    assert f"{manifest['tokenizer']['tokens_per_word']:.2f} tokens a word" in card


def test_the_manifest_names_base_card_and_versions(fitted: Path) -> None:
    manifest, _ = read_yaml(fitted / "manifest.yaml")
    assert manifest["base"] == "mhx-tiny"
    assert len(manifest["base_sha256"]) == 64
    assert manifest["card"].endswith("(draft)")
    assert {"mhx", "torch", "transformers", "peft"} == set(manifest["versions"])


def test_install_copies_the_four_files_and_nothing_else(
    fitted: Path, workshop: tuple[Language, Path], tmp_path: Path
) -> None:
    language, _ = workshop
    source = tmp_path / "adapter"
    shutil.copytree(fitted, source)
    (source / lora.CHECKPOINT).write_bytes(b"text of people")
    (source / ".adapter_model.safetensors.x.tmp").write_bytes(b"half")
    stale = language.folder / "adapters" / "mhx-tiny" / "old.bin"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"of another training")
    target = install_adapter(language, source, {"base": "mhx-tiny"})
    assert target == language.folder / "adapters" / "mhx-tiny"
    assert sorted(path.name for path in target.iterdir()) == sorted(FILES)
    for name in FILES:
        assert (target / name).read_bytes() == (fitted / name).read_bytes()
    assert language.adapter("mhx-tiny") == target


def test_an_incomplete_adapter_is_not_installed(
    workshop: tuple[Language, Path], tmp_path: Path
) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(MhxError, match=r"lacks adapter_model.safetensors, README.md"):
        install_adapter(workshop[0], tmp_path, {"base": "other"})
    assert not (workshop[0].folder / "adapters" / "other").exists()


def test_a_language_without_a_corpus_says_what_to_do(
    workshop: tuple[Language, Path], tmp_path: Path
) -> None:
    with pytest.raises(MhxError, match="no corpus of cs") as caught:
        train_languages([workshop[0]], base="mhx-tiny", runs=tmp_path, device="cpu",
                        reporter=Silent())
    assert "mhx adapt --lang cs --until gate" in caught.value.problems[0].fix


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A file system of so many KiB that can be made larger."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def size(kib: int) -> Path:
        option = "remount,size" if disk.is_mount() else "size"
        command = ["mount", "-t", "tmpfs", "-o", f"{option}={kib}k", "tmpfs", str(disk)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
        return disk

    yield size
    if disk.is_mount():
        subprocess.run(["umount", str(disk)], check=False)


@pytest.mark.parametrize("every", [1, 100], ids=["checkpoint", "adapter"])
def test_a_full_disk_is_said_and_the_training_goes_on_when_there_is_space(
    every: int, dialogues: list[dict[str, Any]], small_disk: Callable[[int], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lora, "CHECKPOINT_EVERY", every)
    out = small_disk(64) / "adapter"
    settings = recipe(epochs=2)
    with pytest.raises(MhxError, match="the disk is full"):
        lora.train_lora(dialogues, [], base="mhx-tiny", recipe=settings, out=out, device="cpu")
    assert list(out.iterdir()) == []
    small_disk(8192)
    done = lora.train_lora(dialogues, [], base="mhx-tiny", recipe=settings, out=out, device="cpu")
    assert done.steps == 4
    assert (out / "adapter_model.safetensors").is_file()
