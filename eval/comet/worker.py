"""The COMET worker: JSON lines in, JSON lines out. It runs in its own environment, without mhx.

A request is ``{"id", "do": "load" | "score", ...}``, its answer ``{"id", "done"}`` or ``{"id",
"failed": CODE, "why"}``. One checkpoint is held at a time. The end of the input ends the worker.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
from pathlib import Path
from typing import Any, TextIO

PACKAGES = (
    "unbabel-comet", "torch", "transformers", "numpy", "pytorch-lightning", "torchmetrics",
    "huggingface-hub", "tokenizers", "sentencepiece", "protobuf", "setuptools",
)
SUFFIX = "checkpoints/model.ckpt"  # where the hub and COMET's trainer keep the weights


class Refusal(Exception):
    """A request that cannot be done, with a code; the worker lives on."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


class Scorer:
    """The checkpoint that was loaded last."""

    def __init__(self) -> None:
        self.model: Any = None
        self.gpus = 0

    def load(self, request: dict[str, Any]) -> dict[str, Any]:
        """Load ``model`` on ``device``; what it needs, its hash and the versions.

        A name of the hub is fetched only with ``download``. Weights that are not in the file are
        refused: COMET itself would leave them random.
        """
        path = find(str(request["model"]), download=bool(request.get("download")))
        self.gpus = gpus(str(request.get("device", "auto")))
        self.model = opened(path, download=bool(request.get("download")))
        inputs = list(self.model.hparams.get("input_segments") or ["mt", "src", "ref"])
        kind = str(self.model.hparams.class_identifier)
        if kind.startswith("referenceless"):
            inputs = ["mt", "src"]
        elif not kind.startswith(("unified", "xcomet")):
            inputs = ["mt", "src", "ref"]
        return {
            "class": kind,
            "inputs": inputs,
            "needs_reference": bool(self.model.requires_references()),
            "checkpoint": digest(path),
            "device": "cuda" if self.gpus else "cpu",
            "versions": versions(),
        }

    def score(self, request: dict[str, Any]) -> dict[str, Any]:
        """Scores of ``rows`` by COMET's own `predict`; null where one is not a number."""
        if self.model is None:
            raise Refusal("not_loaded", "no checkpoint was loaded")
        done = self.model.predict(
            request["rows"], batch_size=int(request.get("batch_size", 16)), gpus=self.gpus,
            progress_bar=False, num_workers=0,
        )
        return {"scores": [one if math.isfinite(one) else None for one in done["scores"]]}


def find(model: str, *, download: bool) -> Path:
    """The checkpoint file of a file, a folder or a name of the hub."""
    place = Path(model)
    if place.is_dir():
        place = place / SUFFIX
    if not place.is_file() and not Path(model).exists():
        from huggingface_hub import snapshot_download

        try:
            place = Path(snapshot_download(model, local_files_only=not download)) / SUFFIX
        except Exception as error:
            raise Refusal("not_found", f"{model}: {first_line(error)}") from error
    if not place.is_file():
        raise Refusal("not_comet", f"{model} holds no {SUFFIX}")
    if not (place.parents[1] / "hparams.yaml").is_file():
        raise Refusal("not_comet", f"no hparams.yaml in the folder above {place.parent.name}/")
    return place


def opened(path: Path, *, download: bool) -> Any:
    """The model of a checkpoint, with every weight it has a place for."""
    import torch
    from comet import load_from_checkpoint
    from transformers import AutoConfig

    named = encoder(path)
    try:
        AutoConfig.from_pretrained(named, local_files_only=not download)
    except Exception as error:
        why = f"the encoder {named} that the checkpoint names: {first_line(error)}"
        raise Refusal("no_encoder", why) from error
    try:
        # first: a pickle that holds code is refused here
        stored = torch.load(path, map_location="cpu", mmap=True, weights_only=True)["state_dict"]
        model = load_from_checkpoint(str(path), local_files_only=not download)
    except Exception as error:  # yaml, pickle, hub and COMET each raise their own
        raise Refusal("not_comet", f"{type(error).__name__}: {first_line(error)}") from error
    missing = sorted({name for name, _ in model.named_parameters()} - set(stored))
    if missing:
        why = f"{len(missing)} weights are not in the checkpoint, {missing[0]} for one"
        raise Refusal("not_comet", why)
    return model


def encoder(path: Path) -> str:
    """The encoder that a checkpoint's settings name; its tokenizer and shape are read there."""
    import yaml

    try:
        settings = yaml.safe_load((path.parents[1] / "hparams.yaml").read_text(encoding="utf-8"))
        return str(settings["pretrained_model"])
    except Exception as error:
        raise Refusal("not_comet", f"hparams.yaml: {first_line(error)}") from error


def gpus(device: str) -> int:
    """How many GPUs `predict` gets."""
    import torch

    there = bool(torch.cuda.is_available())
    if device == "cuda" and not there:
        raise Refusal("no_device", "CUDA is not available in the COMET environment")
    return int(there and device != "cpu")


def digest(path: Path) -> str:
    """SHA-256 of the settings and the weights, the first 12 digits."""
    total = hashlib.sha256((path.parents[1] / "hparams.yaml").read_bytes())
    with path.open("rb") as handle:
        while block := handle.read(1 << 24):
            total.update(block)
    return total.hexdigest()[:12]


def versions() -> dict[str, str]:
    """Installed versions of what decides a score."""
    from importlib.metadata import version

    return {name: version(name) for name in PACKAGES}


def first_line(error: Exception) -> str:
    """The first line of an error's text, at most 300 characters."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def check() -> dict[str, str]:
    """The version of every distribution, if all of it can be imported."""
    from importlib.metadata import distributions

    # before the import: setuptools puts packages of its own on the path
    found = {one.metadata["Name"].lower().replace("_", "-").replace(".", "-"): one.version
             for one in distributions()}
    import comet  # noqa: F401

    return found


def serve(requests: TextIO, answers: TextIO) -> None:
    """Answer until the input ends."""
    scorer = Scorer()
    acts = {"load": scorer.load, "score": scorer.score}
    for line in requests:
        request = json.loads(line)
        answer: dict[str, Any] = {"id": request["id"]}
        try:
            answer["done"] = acts[request["do"]](request)
        except Refusal as error:
            answer |= {"failed": error.code, "why": str(error)}
        except Exception as error:  # out of memory, a bad text: this request's, not the worker's
            answer |= {"failed": "error", "why": f"{type(error).__name__}: {first_line(error)}"}
        answers.write(json.dumps(answer, allow_nan=False) + "\n")
        answers.flush()


def main() -> None:
    """Keep the two channels for the protocol: what a library prints goes to standard error."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    if "--check" in sys.argv[1:]:
        answers.write(json.dumps(check()) + "\n")
        answers.flush()
        return
    serve(requests, answers)


if __name__ == "__main__":
    main()
