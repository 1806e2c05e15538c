"""Training, side by side with TRL; N languages in one pass against N trainings in sequence.

    python bench/training.py [--repeats 5] [--peer-python PYTHON] [--only trl joint]
    python bench/training.py --gpu [SHAPE ...]      # on a GPU: shapes with random weights, bf16
    python bench/training.py --rehearse             # the GPU part's code, small, on a CPU

Same rows (shipped conversations cut after a drawn number of exchanges, so that lengths differ and
none is truncated), tokenizer, first adapter, threads and type. Before anything is timed the loss
and every gradient of one step must agree. Then the repeats of all variants alternate, each in a
process of its own that stays; the first three steps of each are not timed. TRL runs in each of
{packing, checkpointing}: twice in each on a CPU, then the faster two go on; its best stands against
ours. Ours runs once more without computing common beginnings once (`ours-apart`). Joint training is
timed twice: the steps alone, and the whole commands (the shipped recipe) with start, loading and
tokenizing. What is done so far stands in `results/training.partial` after each round.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import common
import training_peer as peer

from mhx.files import write_json

ROOT = Path(__file__).resolve().parents[1]
TARGETS = {"trl": 1.8, "joint": 1.3, "gpu_trl": 1.3, "gpu_joint": 2.0, "gpu_share": 0.6}
LENGTH, BATCH, RATE, STEPS = 512, 4, 2e-4, 7
SCREENED, KEPT = 2, 2  # rounds of all of TRL's settings, and how many of them go on
LORA = {"r": 16, "alpha": 32, "dropout": 0.0, "targets": "all-linear"}
LANGUAGES = ("pl", "fa", "es")
SHAPES: dict[str, dict[str, Any]] = {
    "qwen3-0.6b": {"model_type": "qwen3", "hidden_size": 1024, "intermediate_size": 3072,
                   "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8,
                   "head_dim": 128, "vocab_size": 151936, "tie_word_embeddings": True},
    "qwen3-1.7b": {"model_type": "qwen3", "hidden_size": 2048, "intermediate_size": 6144,
                   "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8,
                   "head_dim": 128, "vocab_size": 151936, "tie_word_embeddings": True},
    "llama-8b": {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
                 "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
                 "head_dim": 128, "vocab_size": 128256, "tie_word_embeddings": False},
}
REHEARSAL = {"model_type": "qwen3", "hidden_size": 64, "intermediate_size": 96,
             "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
             "head_dim": 16, "vocab_size": 8192, "tie_word_embeddings": True}


def rows_of(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Conversations of at most LENGTH tokens, with their language, by the tiny tokenizer."""
    from mhx.corpus.export import CHAT_ROLES, faithful_turns
    from mhx.language import load_language
    from mhx.shelves import default_shelves
    from mhx.training.base import load_tokenizer

    rng, tokenizer, out = random.Random(seed), load_tokenizer("mhx-tiny"), []
    shelves = default_shelves()
    for tag in LANGUAGES:
        language = load_language(tag, shelves=shelves)
        system = {"role": "system", "content": language.prompts.system.strip()}
        found: list[dict[str, Any]] = []
        items = sorted(language.corpus, key=lambda item: item.id)
        while len(found) < count:
            turns = faithful_turns(rng.choice(items))
            turns = turns[: 2 * rng.randint(1, max(1, len(turns) // 2))]
            messages = [system, *({"role": CHAT_ROLES[role], "content": text}
                                  for role, text in turns)]
            if messages[-1]["role"] != "assistant":
                continue
            text = tokenizer.apply_chat_template(messages, tokenize=False)
            if len(tokenizer(text, add_special_tokens=False)["input_ids"]) <= LENGTH:
                found.append({"id": f"{tag}{len(found)}", "lang": tag, "messages": messages})
        out += found
    rng.shuffle(out)
    return out


# ---------------------------------------------------------------- our side


def recipe_of(config: dict[str, Any], rows: int, seed: int = 0) -> Any:
    """A constant-like schedule is of no matter here: only the time of a step is."""
    from mhx.schema import TrainRecipe

    size = config["batch_size"]
    return TrainRecipe.model_validate({
        "base": "bench", "lora": LORA, "batch_size": size, "learning_rate": RATE, "seed": seed,
        "epochs": -(-config["steps"] * size // rows), "max_steps": config["steps"],
        "max_length": LENGTH, "micro_batch_tokens": config.get("micro_batch_tokens", 8192)})


def gate(config: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Our loss and gradients of a step from the stored first adapter, and how the peer's differ."""
    import torch
    from safetensors.torch import load_file

    from mhx.training import lora
    from mhx.training.adapters import attach
    from mhx.training.base import load_tokenizer
    from mhx.training.batches import Row
    from mhx.training.encoding import encode_records
    from mhx.training.loss import objective_for

    model = peer.model_of(config)
    job = lora.Job("one", rows, [], recipe_of(config, len(rows)), Path())
    adapters = attach(model, {"one": job.recipe})
    adapters.load("one", load_file(f"{config['adapter']}/adapter_model.safetensors"))
    pad = load_tokenizer(config["tokenizer"]).pad_token_id
    encoded = encode_records(rows, config["tokenizer"], max_length=LENGTH).encoded
    kept = [Row(0, item) for item in encoded]
    objective, _ = objective_for(model, kept[:1], pad)
    cut, _ = lora.layout_of(model, [job], adapters, pad)  # what is timed is what is checked
    (batch,) = cut(kept)
    adapters.route(batch)
    count = len(batch.targets)
    total, _ = objective(batch, torch.full((count,), 1 / count, device=config["device"]))
    total.backward()
    theirs = load_file(config["gradients"])
    worst = 0.0
    for name, weight in zip(adapters.state("one"), adapters.weights("one"), strict=True):
        other = theirs[name]
        scale = float(other.norm()) + 1e-12
        worst = max(worst, float((weight.grad.float().cpu() - other).norm()) / scale)
    return {"loss": float(total.detach()), "learned": count, "gradient_difference": worst}


def run(config: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A timed training of the rows as one language, or of each language's as its own."""
    from mhx.training import lora
    from mhx.training.base import load_tokenizer
    from mhx.training.batches import planned_batches
    from mhx.training.encoding import encode_records
    from mhx.training.layout import Padded
    from mhx.training.lora import Job, train_on

    if config.get("apart"):
        lora.layout_of = lambda model, jobs, adapters, pad: (
            Padded(pad, config["device"], jobs[0].recipe.micro_batch_tokens), "")
    tokenizer = load_tokenizer(config["tokenizer"])
    by = {tag: [row for row in rows if row["lang"] == tag] for tag in config["languages"]}
    groups = by or {"one": rows}
    timer = peer.Timer(config["device"])
    with tempfile.TemporaryDirectory() as folder:
        jobs = [Job(name, part, [], recipe_of(config, len(part), seed),
                    Path(folder) / name) for seed, (name, part) in enumerate(groups.items())]
        counts = []
        for job in jobs:
            data = encode_records(job.train, "bench", max_length=LENGTH, tokenizer=tokenizer)
            counts.append([sum(len(data.encoded[place].ids) for place in batch)
                           for batch in planned_batches(data.encoded, job.recipe)])
        timer.tokens = [sum(step) for step in zip(*counts, strict=False)]
        train_on(lambda: peer.model_of(config), tokenizer, jobs, base="bench",
                 folder=Path(folder), progress=lambda moment: timer.step())
    return timer.result()


# ---------------------------------------------------------------- the two sides together


class Side:
    """A process that stays and answers "gate" and "run"."""

    def __init__(self, name: str, program: list[str], config: dict[str, Any], folder: Path) -> None:
        self.name, self.config, self.runs = name, config, []
        path = folder / f"{name}.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        self.process = subprocess.Popen([*program, str(path)], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE
                                        if not config["verbose"] else None)

    def ask(self, what: str) -> dict[str, Any]:
        """The answer to a line; ends the bench with the process's last words when it died."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            said = self.process.stderr.read()[-2000:] if self.process.stderr else ""
            raise RuntimeError(f"{self.name} failed: {said}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def timed(self) -> None:
        """One more repeat."""
        answer = self.ask("run")
        self.runs.append(answer)
        common.say(f"  {self.name}: {answer['tokens'] / answer['seconds']:.0f} tokens/s, "
                   f"{answer['peak_mib']:.0f} MiB")

    def figures(self) -> dict[str, Any]:
        """Non-pad tokens a second of each repeat, their median, and peak memory."""
        speeds = [one["tokens"] / one["seconds"] for one in self.runs]
        return {"tokens_per_second": speeds, "median": statistics.median(speeds),
                "median_s": statistics.median(one["seconds"] for one in self.runs),
                "peak_mib": max(one["peak_mib"] for one in self.runs)}

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)


def first_adapter(config: dict[str, Any], folder: Path) -> str:
    """The adapter both sides start from: drawn by its seed, B not zero, so that A has gradients."""
    import torch

    from mhx.training.adapters import attach
    from mhx.training.save import save_adapter

    adapters = attach(peer.model_of(config), {"one": recipe_of(config, 8)})
    state = adapters.state("one")
    torch.manual_seed(1)
    state = {name: torch.randn(tensor.shape) * 0.02 if ".lora_B." in name else tensor
             for name, tensor in state.items()}
    save_adapter(state, adapters.configs["one"], folder / "adapter")
    return str(folder / "adapter")


def against_trl(base: dict[str, Any], args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """The gate, then ours and TRL's four settings in turns."""
    config = {**base, "adapter": first_adapter(base, folder),
              "gradients": str(folder / "gradients.safetensors"), "languages": []}
    own = [sys.executable, str(Path(__file__).resolve()), "--worker"]
    theirs = [args.peer_python, str(ROOT / "bench/training_peer.py")]
    variants = [(packing, checkpointing) for packing in (False, True)
                for checkpointing in (False, True)]
    ours = Side("ours", own, config, folder)
    apart = Side("ours-apart", own, {**config, "apart": True}, folder)
    sides = [Side(f"trl-packing-{packing}-checkpointing-{checkpointing}".lower(), theirs,
                  {**config, "packing": packing, "checkpointing": checkpointing}, folder)
             for packing, checkpointing in variants]
    first, second = sides[0].ask("gate"), ours.ask("gate")
    checked = {"peer_loss": first["loss"], "our_loss": second["loss"],
               "gradient_difference": second["gradient_difference"], "learned": second["learned"]}
    common.say(f"  gate: {checked}")
    limit = 1e-3 if base["dtype"] == "float32" else 3e-2
    if (abs(first["loss"] - second["loss"]) > limit * abs(first["loss"])
            or second["gradient_difference"] > 10 * limit):
        raise SystemExit(f"the first step differs, nothing is timed: {checked}")
    if base["device"] == "cuda":  # one process at a time has the memory
        for side in (*sides, ours, apart):
            side.close()
        raise_each = [("ours", own, ours.config), *((side.name, theirs, side.config)
                                                    for side in sides)]
        found = {name: alone(name, program, given, args.repeats, folder)
                 for name, program, given in raise_each}
    else:
        going = list(sides)
        for number in range(args.repeats):
            if number == SCREENED:
                going.sort(key=lambda side: -float(side.figures()["median"]))
                del going[KEPT:]
            for side in (ours, apart, *going):
                side.timed()
            found = {side.name: side.figures() for side in (ours, apart, *sides)}
            keep(args, {"gate": checked, "rounds": number + 1, "variants": found})
        for side in (ours, apart, *sides):
            side.close()
    return {"gate": checked, **compared(found, "ours", TARGETS["gpu_trl" if base["device"] == "cuda"
                                                               else "trl"])}


def alone(name: str, program: list[str], config: dict[str, Any], repeats: int,
          folder: Path) -> dict[str, Any]:
    """A variant's repeats in one process; {"failed": ...} where it does not fit."""
    side = Side(name, program, config, folder)
    try:
        for _ in range(repeats):
            side.timed()
    except RuntimeError as error:
        return {"failed": str(error)[-300:]}
    side.close()
    return side.figures()


def compared(found: dict[str, Any], ours: str, target: float) -> dict[str, Any]:
    """Ratios of our median to the best of the others, and of peak memory to that one's."""
    others = {name: one for name, one in found.items()
              if not name.startswith(ours) and "median" in one}
    if not others or "median" not in found[ours]:
        return {"variants": found}
    best = max(others, key=lambda name: float(others[name]["median"]))
    ratio = found[ours]["median"] / others[best]["median"]
    memory = found[ours]["peak_mib"] / others[best]["peak_mib"]
    smallest = min(one["peak_mib"] for one in others.values())
    common.say(f"  {ratio:.2f} times the tokens/s of {best}, {memory:.2f} of its memory")
    return {"variants": found, "best_peer": best, "speed_ratio": ratio, "memory_ratio": memory,
            "memory_ratio_to_smallest": found[ours]["peak_mib"] / smallest, "target_ratio": target,
            "met": ratio >= target}


def joint(base: dict[str, Any], args: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Three languages in one pass against one after the other, at several batch sizes."""
    own = [sys.executable, str(Path(__file__).resolve()), "--worker"]
    out = []
    sizes = (2,) if args.rehearse else (1, 4) if base["device"] == "cpu" else (1, 4, 16)
    for size in sizes:
        steps = max(8, args.steps * 4 // size) if args.steps >= STEPS else args.steps
        config = {**base, "batch_size": size, "steps": steps}
        sides = {"joint": Side(f"joint-{size}", own, {**config, "languages": LANGUAGES}, folder)}
        for tag in LANGUAGES:
            name = f"solo-{tag}-{size}"
            sides[tag] = Side(name, own, {**config, "languages": [tag]}, folder)
        ratios = []
        for _ in range(args.repeats):
            for side in sides.values():
                side.timed()
            solo = [sides[tag].runs[-1] for tag in LANGUAGES]
            speed = sum(one["tokens"] for one in solo) / sum(one["seconds"] for one in solo)
            last = sides["joint"].runs[-1]
            ratios.append(last["tokens"] / last["seconds"] / speed)
            keep(args, {"joint": {"batch_size": size, "ratios": ratios}})
        for side in sides.values():
            side.close()
        target = TARGETS["gpu_joint" if base["device"] == "cuda" else "joint"]
        out.append({"batch_size": size, "steps": steps, "ratios": ratios,
                    "ratio": statistics.median(ratios), "target_ratio": target,
                    "met": statistics.median(ratios) >= target,
                    "joint": sides["joint"].figures(),
                    **{tag: sides[tag].figures() for tag in LANGUAGES}})
        common.say(f"joint at batch {size}: {out[-1]['ratio']:.2f} times solo in sequence")
    return out


def commands(rows: list[dict[str, Any]], args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Whole `mhx train` commands by the shipped recipe: one for three languages, and three."""
    data = folder / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    def seconds(tags: tuple[str, ...]) -> float:
        out = folder / f"run-{time.monotonic_ns()}"
        options = [part for tag in tags for part in ("--lang", tag)]
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "mhx", "train", *options, "--data", str(data),
                        "--base-model", "mhx-tiny", "--into", str(out), "--device", "cpu",
                        *(("--set", f"max_steps={args.steps}") if args.steps < STEPS else ())],
                       check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.perf_counter() - start

    ratios, times = [], []
    for _ in range(args.repeats):
        one = seconds(LANGUAGES)
        three = sum(seconds((tag,)) for tag in LANGUAGES)
        times.append({"joint": one, "solo": three})
        ratios.append(three / one)
        common.say(f"  commands: joint {one:.1f} s, three {three:.1f} s")
        keep(args, {"commands": {"seconds": times}})
    return {"recipe": "shipped" if args.steps >= STEPS else f"{args.steps} steps",
            "seconds": times, "ratios": ratios,
            "ratio": statistics.median(ratios), "target_ratio": TARGETS["joint"],
            "met": statistics.median(ratios) >= TARGETS["joint"]}


# ---------------------------------------------------------------- GPU


def limit_of(shape: dict[str, Any], rows: list[dict[str, Any]], device: str) -> dict[str, float]:
    """FLOP a token of LoRA on a frozen base (docs/training.md), and the measured bf16 GEMM rate."""
    import torch

    from mhx.training.encoding import encode_records

    encoded = encode_records(rows, "mhx-tiny", max_length=LENGTH).encoded
    tokens = sum(len(item.ids) for item in encoded)
    learned = sum(sum(item.mask) for item in encoded) / tokens
    mean = sum(len(item.ids) ** 2 for item in encoded) / tokens
    d, layers = shape["hidden_size"], shape["num_hidden_layers"]
    heads = shape["num_attention_heads"] * shape["head_dim"]
    keys = shape["num_key_value_heads"] * shape["head_dim"]
    body = layers * (2 * d * heads + 2 * d * keys + 3 * d * shape["intermediate_size"])
    head = d * shape["vocab_size"]
    side = 8192 if device == "cuda" else 256
    one, two = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))

    def seconds(times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            one @ two
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    seconds(3)
    rate = 20 * 2 * side**3 / seconds(20)
    flop = 4 * body + 4 * head * learned + 7 * mean * heads * layers
    return {"flop_per_token": flop, "gemm_flops": rate, "learned_share": learned}


def on_gpu(args: argparse.Namespace, folder: Path) -> None:
    """Every shape against TRL; three languages in one pass at the smallest."""
    import torch

    small = args.rehearse
    rows = rows_of(8 if small else 128)
    (folder / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    device, dtype = ("cpu", "float32") if small else ("cuda", "bfloat16")
    result: dict[str, Any] = {"device": "a rehearsal on a CPU" if small
                              else torch.cuda.get_device_name(), "rows": len(rows)}
    shapes = {"rehearsal": REHEARSAL} if small else SHAPES
    for name in args.gpu or list(shapes):
        common.say(name)
        base = settings_of(args, folder, device=device, dtype=dtype, shape=shapes[name],
                           batch_size=4 if small else 32, micro_batch_tokens=16384)
        bound = limit_of(shapes[name], rows, device)
        row: dict[str, Any] = {"variants": {"ours": {}}}
        if "trl" in (args.only or ["trl"]):
            row = against_trl(base, args, folder)
        ours = row["variants"]["ours"].get("median")
        share = ours * bound["flop_per_token"] / bound["gemm_flops"] if ours else None
        result[name] = {**row, **bound, "share_of_limit": share,
                        "share_target": TARGETS["gpu_share"]}
        if name in ("qwen3-0.6b", "rehearsal"):
            result["joint"] = joint(base, args, folder)
        if small or args.trial:
            print(json.dumps(result, indent=1))
        else:  # after each: a later one may fail
            common.record("training_gpu", result, found=peer_versions(args.peer_python))


def keep(args: argparse.Namespace, part: dict[str, Any]) -> None:
    """What is measured so far, for when the bench is killed."""
    args.partial.update(part)
    if not (args.trial or args.rehearse):
        write_json(common.RESULTS / "training.partial", args.partial)


def peer_versions(python: str) -> dict[str, str]:
    """Versions of the peer's packages in its own environment."""
    code = ("import json; from importlib.metadata import version; print(json.dumps({f'peer {name}'"
            ": version(name) for name in ('trl', 'torch', 'transformers', 'peft')}))")
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    found: dict[str, str] = json.loads(done.stdout) if done.returncode == 0 else {}
    return found


def rows_for_the_page(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The comparisons as rows of docs/speed.md; in joint training the peer is three solo runs."""
    out = []
    if "best_peer" in (trl := result.get("trl", {})):
        mine, theirs = (trl["variants"][name] for name in ("ours", trl["best_peer"]))
        case = f"LoRA on mhx-tiny, batches of {result['batch_size']} (peer: TRL's best setting)"
        out.append({"case": case, "unit": "tokens", "ratio": trl["speed_ratio"],
                    **{side: {"median_s": one["median_s"], "per_second": one["median"],
                              "peak_mib": one["peak_mib"]}
                       for side, one in (("ours", mine), ("peer", theirs))},
                    "target_ratio": trl["target_ratio"], "met": trl["met"]})
    for row in result.get("joint", []):
        apart = {"median_s": sum(row[tag]["median_s"] for tag in LANGUAGES),
                 "peak_mib": max(row[tag]["peak_mib"] for tag in LANGUAGES)}
        out.append({"case": f"three languages in one pass, steps alone, batches of "
                            f"{row['batch_size']} (peer: three trainings)",
                    "ours": {key: row["joint"][key] for key in ("median_s", "peak_mib")},
                    "peer": apart, "ratio": row["ratio"],
                    "target_ratio": row["target_ratio"], "met": row["met"]})
    if done := result.get("commands"):
        out.append({"case": "three languages in one command, shipped recipe (peer: three commands)",
                    **{side: {"median_s": statistics.median(one[name] for one in done["seconds"])}
                       for side, name in (("ours", "joint"), ("peer", "solo"))},
                    "ratio": done["ratio"], "target_ratio": done["target_ratio"],
                    "met": done["met"]})
    return out


def settings_of(args: argparse.Namespace, folder: Path, **more: Any) -> dict[str, Any]:
    """What both sides read."""
    from mhx.training.base import tiny_folder

    return {"rows": str(folder / "rows.json"), "tokenizer": str(tiny_folder()), "gate_rows": 4,
            "max_length": LENGTH, "batch_size": BATCH, "steps": args.steps, "packing": False,
            "checkpointing": False, "learning_rate": RATE, "verbose": args.verbose,
            "threads": int(os.environ.get("OMP_NUM_THREADS", "1")), "base": None, "shape": None,
            **more}


def main() -> None:
    """Measure and store `results/training.json` (or `training_gpu.json`)."""
    if sys.argv[1:2] == ["--worker"]:
        config = json.loads(Path(sys.argv[2]).read_text("utf-8"))
        peer.serve(config, {"gate": gate, "run": run})
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--only", nargs="*", choices=["trl", "joint", "commands"])
    parser.add_argument("--gpu", nargs="*", choices=list(SHAPES))
    parser.add_argument("--rehearse", action="store_true", help="the GPU part, small, on a CPU")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--trial", action="store_true", help="print, do not store")
    args = parser.parse_args()
    args.partial = {}
    if args.gpu is None:
        common.single_threaded()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if args.gpu is not None or args.rehearse:
            on_gpu(args, folder)
            return
        rows = rows_of(64)
        (folder / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
        chosen = args.only or ["trl", "joint", "commands"]
        from mhx.training.base import tiny_folder

        base = settings_of(args, folder, device="cpu", dtype="float32", base=str(tiny_folder()))
        result: dict[str, Any] = {"rows": len(rows), "max_length": LENGTH, "batch_size": BATCH,
                                  "lora": LORA}
        if "trl" in chosen:
            result["trl"] = against_trl(base, args, folder)
        if "joint" in chosen:
            result["joint"] = joint(base, args, folder)
        if "commands" in chosen:
            result["commands"] = commands(rows, args, folder)
        if args.trial:
            result["results"] = rows_for_the_page(result)
            print(json.dumps(result, indent=1))
        else:
            result["results"] = rows_for_the_page(result)
            common.record("training", result, found=peer_versions(args.peer_python))
            (common.RESULTS / "training.partial").unlink(missing_ok=True)


if __name__ == "__main__":
    main()
