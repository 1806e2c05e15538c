"""Answers of a base or an adapter to conversations, in seeded batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mhx.training.masks import Message


def generate(
    model: Any,
    tokenizer: Any,
    conversations: Sequence[Sequence[Message]],
    *,
    max_new_tokens: int,
    seed: int = 0,
    temperature: float = 0.0,
    batch_size: int = 16,
) -> Iterator[str]:
    """One answer a conversation, in order; greedy at temperature 0, else seeded sampling."""
    import torch

    model.eval()
    torch.manual_seed(seed)
    device = next(model.parameters()).device
    tokenizer.padding_side = "left"
    stop = stop_ids(tokenizer)
    options: dict[str, Any] = {"do_sample": False}
    if temperature > 0:
        options = {"do_sample": True, "temperature": temperature, "top_p": 0.95}
    for start in range(0, len(conversations), batch_size):
        texts = [
            tokenizer.apply_chat_template(list(item), tokenize=False, add_generation_prompt=True)
            for item in conversations[start : start + batch_size]
        ]
        inputs = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        inputs = {
            name: value.to(device)
            for name, value in inputs.items()
            if name in ("input_ids", "attention_mask")
        }
        with torch.inference_mode():
            tokens = model.generate(
                **inputs,
                max_new_tokens=max_new_tokens,
                pad_token_id=tokenizer.pad_token_id,
                eos_token_id=stop,
                **options,
            )
        width = inputs["input_ids"].shape[1]
        for row in tokens:
            yield tokenizer.decode(row[width:], skip_special_tokens=True).strip()


def stop_ids(tokenizer: Any) -> list[int]:
    """Tokens that end an answer: the end of sequence and the template's end of turn."""
    known = [tokenizer.eos_token_id]
    for text in ("<|end|>", "<|im_end|>", "<end_of_turn>", "<|eot_id|>"):
        number = tokenizer.convert_tokens_to_ids(text)
        if number is not None and number != tokenizer.unk_token_id:
            known.append(number)
    return sorted({number for number in known if number is not None})
