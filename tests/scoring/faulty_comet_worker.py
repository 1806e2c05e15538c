"""A worker that speaks the protocol of eval/comet/worker.py and misbehaves on words in a text."""

import json
import os
import signal
import sys
import time
from pathlib import Path

VERSIONS = {"unbabel-comet": "0", "torch": "0", "transformers": "0"}
folder = Path(sys.argv[0]).parent


def first(name: str) -> bool:
    """Whether this happens for the first time, in any process."""
    mark = folder / f"once-{name}"
    if mark.exists():
        return False
    mark.touch()
    return True


def misbehave(texts: str) -> None:
    if "DIE" in texts and ("ALWAYS" in texts or first("die")):
        sys.stderr.write("noise\nlast words\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    if "HANG" in texts:
        time.sleep(60)
    if "GARBAGE" in texts and ("ALWAYS" in texts or first("garbage")):
        sys.stdout.write("Loading weights 100%\n")
        sys.stdout.flush()


with (folder / "starts").open("a") as starts:
    starts.write("x")
for line in sys.stdin:
    request = json.loads(line)
    answer = {"id": request["id"]}
    if request["do"] == "load":
        misbehave(Path(request["model"]).name)
        broken = "BROKEN" in request["model"]
        answer |= {"failed": "not_comet", "why": "no weights"} if broken else {"done": {
            "class": "fake", "inputs": ["mt", "src", "ref"], "needs_reference": False,
            "checkpoint": "0", "device": "cpu", "versions": VERSIONS}}
    else:
        texts = " ".join(row["mt"] for row in request["rows"])
        misbehave(texts)
        scores = [None if row["mt"] == "NAN" else len(row["mt"]) / 10 for row in request["rows"]]
        if "ERROR" in texts:
            answer |= {"failed": "error", "why": "MemoryError: too long"}
        else:
            answer["done"] = {"scores": scores[1:] if "SHORT" in texts else scores}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
