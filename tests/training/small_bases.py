"""Small conversations, tokenizers and bases that are built here, with their real classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mhx.schema import TrainRecipe

# The text of Qwen2.5's template for plain conversations: ChatML, no generation marks.
CHATML = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
# What Qwen3 does to a finished dialogue: the thought of the last answer alone is kept.
REWRITES = CHATML.replace(
    "message['content'] +",
    "('<think></think>' if loop.last and message['role'] == 'assistant' else '')"
    " + message['content'] +",
)
ANSWERS = (
    "Słyszę, że to były ciężkie noce.  Co jest najtrudniejsze?",
    "می‌فهمم که این روزها سخت است. از چه وقت این‌طور شده؟",
    "That sounds lonely. What would help tonight? 🙂",
    "Dziękuję, że o tym mówisz. Kto jest blisko ciebie?",
)


def dialogue(number: int) -> dict[str, Any]:
    """A conversation of two exchanges; one in four carries risk."""
    said, again = ANSWERS[number % 4], ANSWERS[(number + 1) % 4]
    return {
        "id": f"d{number}",
        "risk": "explicit" if number % 4 == 0 else "none",
        "origin": {"kind": "human", "name": "this test", "reviewed_by": None},
        "messages": [
            {"role": "system", "content": "Wspieraj, nie diagnozuj."},
            {"role": "user", "content": f"Nie śpię od {number} dni."},
            {"role": "assistant", "content": said},
            {"role": "user", "content": "نمی‌دانم… i boję się."},
            {"role": "assistant", "content": again},
        ],
    }


def recipe(**changes: Any) -> TrainRecipe:
    """Settings that train in seconds."""
    settings: dict[str, Any] = {
        "base": "mhx-tiny",
        "lora": {"r": 4, "alpha": 8, "dropout": 0.0, "targets": "all-linear"},
        "epochs": 3, "batch_size": 4, "learning_rate": 0.002, "max_length": 512, "seed": 0,
    }
    return TrainRecipe.model_validate({**settings, **changes})


def byte_tokenizer(template: str | None) -> Any:
    """A byte-level BPE tokenizer as Qwen's and Llama 3's, trained on the answers."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, show_progress=False, special_tokens=["<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(ANSWERS, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|im_end|>"
    )
    fast.chat_template = template
    return fast


def write_base(folder: Path, config: Any, model_class: Any) -> str:
    """A random base of the given architecture with a ChatML tokenizer; returns its folder."""
    import torch

    tokenizer = byte_tokenizer(CHATML)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config.vocab_size = len(tokenizer)
    model_class(config).save_pretrained(folder)
    return str(folder)


SMALL: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
}
ARCHITECTURES = ("Qwen3", "Llama", "Gemma", "Gemma2", "Mistral")


def small_base(name: str, folder: Path, **changes: Any) -> str:
    """A random base of an architecture of transformers, by its class name; returns its folder."""
    import transformers

    config = getattr(transformers, f"{name}Config")(**{**SMALL, **changes})
    return write_base(folder / name, config, getattr(transformers, f"{name}ForCausalLM"))
