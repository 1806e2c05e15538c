"""Servers on this machine that speak to clients of an OpenAI-compatible endpoint.

`serve` runs `transformers serve` on a tiny model that `teach_chats` has taught a few answers by
heart; `Faulty` plays what goes wrong with servers.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

Messages = Sequence[dict[str, str]]
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
STEPS = 400


def teach_chats(folder: Path, chats: Sequence[tuple[Messages, str]]) -> Path:
    """A tiny Qwen2 in `folder` that gives each of these answers to its messages, exactly."""
    torch = pytest.importorskip("torch")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import (
        AutoTokenizer,
        PreTrainedTokenizerFast,
        Qwen2Config,
        Qwen2ForCausalLM,
    )

    texts = [text for messages, answer in chats
             for text in (*(item["content"] for item in messages), answer)]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    bpe.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=1200, special_tokens=special, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    ))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>",
        chat_template=TEMPLATE,
    )
    # the server reads it by the model's type, which cuts words in its own way
    Qwen2Config().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = []
    for messages, answer in chats:
        asked = tokenizer.apply_chat_template(
            list(messages), add_generation_prompt=True, tokenize=False
        )
        before = tokenizer(asked)["input_ids"]
        after = [*tokenizer(answer)["input_ids"], tokenizer.eos_token_id]
        rows.append((before + after, [-100] * len(before) + after))
    width = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([one + [0] * (width - len(one)) for one, _ in rows])
    labels = torch.tensor([two + [-100] * (width - len(two)) for _, two in rows])
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(Qwen2Config(
        vocab_size=len(tokenizer), hidden_size=96, intermediate_size=192, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=width + 256,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None, tie_word_embeddings=True,
    ))
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.0)
    model.train()
    wrong = 1
    for _ in range(STEPS):
        out = model(input_ids=ids, labels=labels)
        said = out.logits[:, :-1].argmax(-1)
        wrong = int(((said != labels[:, 1:]) & (labels[:, 1:] != -100)).sum())
        if wrong == 0 and out.loss.item() < 0.02:
            break
        optimizer.zero_grad()
        out.loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    assert wrong == 0, "the model did not learn its answers"
    model.eval()
    model.generation_config.do_sample = False
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@contextlib.contextmanager
def serve(folder: Path, *, patience: float = 120.0) -> Iterator[str]:
    """`transformers serve FOLDER` on a free port; gives the base URL (…/v1) when it answers."""
    pytest.importorskip("fastapi")
    port = free_port()
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("transformers")), "serve", str(folder),
         "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"],
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + patience
        while True:
            assert process.poll() is None, "transformers serve ended"
            assert time.monotonic() < end, "transformers serve did not start"
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Said:
    """What the faulty server does with one request.

    `text` becomes a chat completion; `raw` is sent as it is. `delay` in seconds; `drop` closes
    the connection without a word.
    """

    text: str | None = None
    status: int = 200
    raw: bytes | None = None
    ending: str = "stop"
    refusal: str | None = None
    delay: float = 0.0
    drop: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    usage: tuple[int, int] = (10, 5)

    def body(self, model: str) -> bytes:
        """The bytes to send."""
        if self.raw is not None:
            return self.raw
        if self.status >= 400:
            message = self.text or "no"
            return json.dumps({"error": {"message": message, "type": "x"}}).encode()
        message = {"role": "assistant", "content": self.text, "refusal": self.refusal}
        return json.dumps({
            "id": "1", "object": "chat.completion", "created": 0, "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": self.ending}],
            "usage": {"prompt_tokens": self.usage[0], "completion_tokens": self.usage[1],
                      "total_tokens": sum(self.usage)},
        }).encode()


Script = Callable[[dict[str, Any], int], Said]


class Faulty:
    """A server whose answer to request number n (from 0) is `script(request, n)`."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.seen: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                outer.answer(self, json.loads(self.rfile.read(size)))

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        """Play the script for one request."""
        with self._lock:
            number = len(self.seen)
            self.seen.append(request)
            self.headers.append({name.lower(): value for name, value in handler.headers.items()})
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            said = self.script(request, number)
            time.sleep(said.delay)
        finally:
            with self._lock:
                self._now -= 1
        if said.drop:
            handler.close_connection = True
            return
        body = said.body(str(request.get("model")))
        with contextlib.suppress(OSError):
            handler.send_response(said.status)
            for name, value in {"Content-Type": "application/json", **said.headers}.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Faulty:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
