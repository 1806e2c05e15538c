"""Seq2seq models of transformers: batches by length, language codes asserted, failures named."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from mhx.contracts import BackendSettings, Reply, Request
from mhx.errors import MhxError, Problem
from mhx.files import hash_folder
from mhx.training.base import quiet

BATCH_TOKENS = 2048
REPEAT_NGRAM, REPEAT_TIMES = 4, 3


def open(settings: BackendSettings) -> Seq2Seq:
    """Load tokenizer and model. Raises MhxError for a missing package, model or language code."""
    try:
        import torch
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
    except ImportError as error:
        raise MhxError(Problem(f"hf needs {error.name}", "pip install 'mhx[models]'")) from error
    quiet()
    name = settings.model or ""
    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        device = _device(settings.device, torch)
        dtype = torch.bfloat16 if device == "cuda" else torch.float32
        model = AutoModelForSeq2SeqLM.from_pretrained(name, dtype=dtype).to(device).eval()
    except (OSError, ValueError) as error:
        first = str(error).splitlines()[0]
        fix = "give a model folder, or a name that transformers fetches: --translator hf:FOLDER"
        raise MhxError(Problem(f"the model {name!r} cannot be loaded: {first}", fix)) from error
    codes = _codes(tokenizer, settings)
    return Seq2Seq(name, tokenizer, model, codes, device, settings.target)


def _device(wanted: str, torch: Any) -> str:
    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"


def _codes(tokenizer: Any, settings: BackendSettings) -> tuple[str, str] | None:
    """The tokenizer's own language codes, or None for a one-pair model (Marian).

    A code the tokenizer does not know becomes its unknown token in silence and the model then
    answers in any language, so it is an error here.
    """
    if not hasattr(tokenizer, "src_lang"):
        return None
    found: list[str] = []
    for tag, table in (
        (settings.source, settings.source_codes),
        (settings.target, settings.target_codes),
    ):
        candidates = [code for code in (table.get("flores"), tag) if code]
        known = [code for code in candidates if _token(tokenizer, code) is not None]
        if not known:
            raise MhxError(
                Problem(
                    f"the tokenizer of {settings.model!r} knows no language code for {tag!r} "
                    f"(tried {', '.join(candidates)})",
                    "add codes.flores to language.yaml, or choose a model that covers it",
                )
            )
        found.append(known[0])
    return found[0], found[1]


def _local(name: str) -> str:
    """A local folder's revision: the hash of its files, so that new weights miss the cache."""
    folder = Path(name)
    return f"local-{hash_folder(folder)[:12]}" if folder.is_dir() else "unknown"


def _token(tokenizer: Any, code: str) -> int | None:
    lookup = getattr(tokenizer, "lang_code_to_id", None)
    if lookup and code in lookup:
        return int(lookup[code])
    for text in (code, f"__{code}__"):
        number = tokenizer.convert_tokens_to_ids(text)
        if number is not None and number != tokenizer.unk_token_id:
            return int(number)
    return None


class Seq2Seq:
    """A loaded model; greedy decoding, so that the same text gives the same answer."""

    def __init__(
        self,
        name: str,
        tokenizer: Any,
        model: Any,
        codes: tuple[str, str] | None,
        device: str,
        target: str = "",
    ) -> None:
        self.name, self.tokenizer, self.model = name, tokenizer, model
        self.codes, self.device = codes, device
        self.forced = None
        if codes is not None:
            tokenizer.src_lang = codes[0]
            self.forced = _token(tokenizer, codes[1])
        self.revision = str(getattr(model.config, "_commit_hash", None) or _local(name))
        self.prefix = ""
        tag = f"<2{target}>"  # MADLAD names the target language in the text
        if codes is None and _token(tokenizer, tag) is not None:
            self.prefix = f"{tag} "
        dtype = str(model.dtype).removeprefix("torch.")
        pair = "-".join(codes) if codes else "pair"
        self.signature = f"hf|{name}|rev:{self.revision}|{pair}|greedy|{dtype}|{device}"

    def translate(self, batch: list[Request]) -> list[Reply]:
        """Longest first in batches of at most BATCH_TOKENS padded tokens; replies in order."""
        if not batch:
            return []
        texts = [self.prefix + request.text for request in batch]
        lengths = [len(ids) for ids in self.tokenizer(texts)["input_ids"]]
        order = sorted(range(len(texts)), key=lambda place: -lengths[place])
        out: dict[int, str] = {}
        start = 0
        while start < len(order):
            size = max(1, BATCH_TOKENS // max(1, lengths[order[start]]))
            places = order[start : start + size]
            out.update(zip(places, self._generate([texts[p] for p in places]), strict=True))
            start += size
        return [self._reply(batch[place].text, out[place]) for place in range(len(texts))]

    def _generate(self, texts: list[str]) -> list[str]:
        import torch

        inputs = self.tokenizer(texts, return_tensors="pt", padding=True).to(self.device)
        longest = int(inputs["input_ids"].shape[1])
        options: dict[str, Any] = {"num_beams": 1, "do_sample": False}
        if self.forced is not None:
            options["forced_bos_token_id"] = self.forced
        with torch.inference_mode():
            tokens = self.model.generate(**inputs, max_new_tokens=_budget(longest), **options)
        # each text has its own limit, so that its neighbors in the batch do not change its answer
        own = [1 + _budget(int(length)) for length in inputs["attention_mask"].sum(dim=1)]
        rows = [row[:limit] for row, limit in zip(tokens, own, strict=True)]
        decoded: list[str] = self.tokenizer.batch_decode(rows, skip_special_tokens=True)
        return decoded

    def _reply(self, source: str, target: str) -> Reply:
        target = re.sub(r"\s+", " ", target).strip()
        failure = failure_of(source, target)
        if failure is not None:
            return Reply(
                None, f"hf:{self.name}", self.revision, failure=failure, detail=target[:80]
            )
        return Reply(target, f"hf:{self.name}", self.revision)

    def close(self) -> None:
        """Let the model go."""
        self.model = None


def _budget(length: int) -> int:
    """Tokens an answer may have, by the tokens of its source."""
    return 2 * length + 16


def failure_of(source: str, target: str) -> str | None:
    """What is wrong with an answer: nothing, the source copied, or a repeated n-gram."""
    if not re.search(r"\w", target):
        return "empty"
    if target.casefold() == source.casefold() and len(source.split()) > 2:
        return "source_copied"
    words = target.split()
    grams = Counter(
        tuple(words[start : start + REPEAT_NGRAM]) for start in range(len(words) - REPEAT_NGRAM + 1)
    )
    return "repetition" if grams and max(grams.values()) >= REPEAT_TIMES else None
