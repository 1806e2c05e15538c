"""The peer's side of bench/training.py: TRL on the same rows, model and first adapter.

    python bench/training_peer.py CONFIG.json

Runs in any Python that has trl (mhx need not be installed there). Answers each line of standard
input with one JSON line: "gate" gives the loss and gradients of one step on all gate rows, "run"
trains and gives seconds and tokens of the steps after the first three.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SKIPPED = 3  # steps that are not timed
os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", TQDM_DISABLE="1",
                  HF_DATASETS_DISABLE_PROGRESS_BARS="1")


def model_of(config: dict[str, Any]) -> Any:
    """The base of a config: a folder, or a shape with random weights of a seed."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    dtype = getattr(torch, config["dtype"])
    if config.get("base"):
        return AutoModelForCausalLM.from_pretrained(config["base"], dtype=dtype).to(
            config["device"])
    shape = dict(config["shape"])
    torch.manual_seed(0)
    with torch.device(config["device"]):
        return AutoModelForCausalLM.from_config(
            AutoConfig.for_model(shape.pop("model_type"), **shape), dtype=dtype)


def peak_mib(device: str) -> float:
    """Peak memory of this process: of the GPU where it is used, else resident."""
    if device == "cuda":
        import torch

        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Timer:
    """Seconds and non-pad tokens of the steps after the skipped ones (a TrainerCallback)."""

    def __init__(self, device: str) -> None:
        self.device, self.ends, self.tokens = device, [], []

    def collating(self, collate: Any) -> Any:
        """The collator, which also counts what it is given."""
        def counted(rows: Any) -> Any:
            self.tokens.append(sum(len(row["input_ids"]) for row in rows))
            return collate(rows)

        return counted

    def step(self) -> None:
        """The end of an optimizer step."""
        if self.device == "cuda":
            import torch

            torch.cuda.synchronize()
        self.ends.append(time.perf_counter())

    def result(self) -> dict[str, Any]:
        """Tokens and seconds of the timed steps."""
        return {"tokens": sum(self.tokens[SKIPPED : len(self.ends)]),
                "seconds": self.ends[-1] - self.ends[SKIPPED - 1], "steps": len(self.ends)}


def trainer_of(config: dict[str, Any], rows: list[dict[str, Any]], timer: Timer, steps: int,
               capture: dict[str, Any] | None = None) -> Any:
    """An SFTTrainer with the config's packing and checkpointing on a fresh copy of the adapter."""
    from datasets import Dataset
    from peft import PeftModel
    from transformers import AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    class Watch(TrainerCallback):
        def on_step_end(self, *given: Any, **named: Any) -> None:
            timer.step()

        def on_pre_optimizer_step(self, *given: Any, **named: Any) -> None:
            if capture is not None:
                for name, weight in named["model"].named_parameters():
                    if weight.requires_grad:
                        plain = name.replace(".default.", ".").removeprefix("module.")
                        capture[plain] = weight.grad.detach().float().cpu()

    tokenizer = AutoTokenizer.from_pretrained(config["tokenizer"])
    model = PeftModel.from_pretrained(model_of(config), config["adapter"], is_trainable=True)
    data = Dataset.from_list([{"messages": row["messages"]} for row in rows])
    gpu = config["device"] == "cuda"
    settings = SFTConfig(
        output_dir=tempfile.mkdtemp(), use_cpu=not gpu, bf16=gpu, max_length=config["max_length"],
        assistant_only_loss=True, packing=config["packing"],
        gradient_checkpointing=config["checkpointing"], lr_scheduler_type="constant",
        learning_rate=config["learning_rate"], report_to="none", save_strategy="no", seed=0,
        per_device_train_batch_size=len(rows) if capture is not None else config["batch_size"],
        max_steps=steps, logging_steps=1 if capture is not None else 1000, disable_tqdm=True,
        max_grad_norm=1e9 if capture is not None else 1.0, dataloader_pin_memory=gpu,
    )
    trainer = SFTTrainer(model=model, args=settings, train_dataset=data,
                         processing_class=tokenizer, callbacks=[Watch()])
    trainer.data_collator = timer.collating(trainer.data_collator)
    return trainer


def gate(config: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Loss of the first step on the gate's rows; its gradients go to a file."""
    from safetensors.torch import save_file

    gradients: dict[str, Any] = {}
    plain = {**config, "packing": False}
    trainer = trainer_of(plain, rows, Timer(config["device"]), 1, gradients)
    trainer.train()
    save_file(gradients, config["gradients"])
    return {"loss": next(row["loss"] for row in trainer.state.log_history if "loss" in row),
            "learned": None}


def run(config: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A timed training."""
    timer = Timer(config["device"])
    trainer = trainer_of(config, rows, timer, config["steps"])
    trainer.train()
    return timer.result()


def serve(config: dict[str, Any], answers: dict[str, Any]) -> None:
    """Answer "gate" and "run" lines until the input ends; libraries' output goes to stderr."""
    import torch

    torch.set_num_threads(config["threads"])
    talk, sys.stdout = sys.stdout, sys.stderr
    rows = json.loads(Path(config["rows"]).read_text("utf-8"))
    for line in sys.stdin:
        name = line.strip()
        given = rows[: config["gate_rows"]] if name == "gate" else rows
        answer = {**answers[name](config, given), "peak_mib": peak_mib(config["device"])}
        talk.write(json.dumps(answer) + "\n")
        talk.flush()


if __name__ == "__main__":
    serve(json.loads(Path(sys.argv[1]).read_text("utf-8")), {"gate": gate, "run": run})
