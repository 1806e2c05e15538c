"""The recipe of mhx-tiny, the embedded base: tokenizer and model from the shipped train split.

``python -m mhx.training.tiny OUT`` makes it again. Everything is seeded; `recipe.json` beside the
weights says from which texts (by hash), with which versions and for how many steps. For trials,
not for people: a few million parameters trained on some tens of dialogues answer with babble.
"""

from __future__ import annotations

import io
import json
import random
import sys
from pathlib import Path
from typing import Any

from mhx.corpus.export import CHAT_ROLES, faithful_turns
from mhx.files import hash_file, hash_json, write_json, write_text
from mhx.language import load_language
from mhx.run import versions
from mhx.shelves import Shelves, default_shelves
from mhx.training.masks import Message

SEED = 20261121
VOCABULARY = 8192
SHAPE: dict[str, Any] = {
    "hidden_size": 192,
    "intermediate_size": 512,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 32,
}
EPOCHS, BATCH, LENGTH, RATE = 4, 4, 512, 2e-3
CONTEXT = 4096  # positions: a whole dialogue with its system prompt
SPECIAL = ["<pad>", "<unk>", "<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"]
TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|end|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<|end|>' }}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def train_texts(shelves: Shelves) -> list[list[Message]]:
    """Conversations of the train split in every language that ships them; never valid or test.

    The source text and the *faithful* versions: the adapted text is what adapters learn.
    """
    out: list[list[Message]] = []
    for tag in shelves.names("languages"):
        language = load_language(tag, shelves=shelves)
        if language.plugin.origin != "shipped":
            continue
        system = {"role": "system", "content": language.prompts.system.strip()}
        pairs: list[list[tuple[str, str]]] = []
        if tag == "en":
            pairs = [
                [(turn.role, " ".join(turn.segments)) for turn in item.turns]
                for item in language.source_corpus
                if item.split == "train"
            ]
        else:
            train = {
                item.id
                for item in load_language("en", shelves=shelves).source_corpus
                if item.split == "train"
            }
            pairs = [faithful_turns(item) for item in language.corpus if item.id in train]
        for turns in pairs:
            messages = [{"role": CHAT_ROLES[role], "content": text} for role, text in turns]
            out.append([system, *messages])
    return out


def build_tokenizer(conversations: list[list[Message]], out: Path) -> Any:
    """A SentencePiece BPE tokenizer that changes no character, as a transformers tokenizer.

    Identity normalization, no dummy prefix, blanks kept, byte fallback: ZWNJ and double blanks
    come back as they went in.
    """
    import sentencepiece
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers
    from transformers import PreTrainedTokenizerFast

    lines = sorted({message["content"] for item in conversations for message in item})
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=stream,
        model_type="bpe",
        vocab_size=VOCABULARY,
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=False,
        character_coverage=1.0,
        pad_id=0,
        unk_id=1,
        bos_id=2,
        eos_id=3,
        user_defined_symbols=SPECIAL[4:],
        num_threads=1,
        hard_vocab_limit=False,
        max_sentence_length=65536,
        split_by_whitespace=True,
        minloglevel=2,
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / "tokenizer.model").write_bytes(stream.getvalue())
    processor = sentencepiece.SentencePieceProcessor(model_proto=stream.getvalue())
    vocabulary = {processor.id_to_piece(n): n for n in range(processor.get_piece_size())}
    tokenizer = Tokenizer(
        models.BPE(
            vocabulary,
            _merges(processor, vocabulary),
            unk_token="<unk>",
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    tokenizer.add_special_tokens(
        [AddedToken(text, special=True, normalized=False) for text in SPECIAL]
    )
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="<|end|>",
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = TEMPLATE
    fast.save_pretrained(out)
    return fast


def _merges(processor: Any, vocabulary: dict[str, int]) -> list[tuple[str, str]]:
    """BPE merges in the order SentencePiece learned them: by the score of the merged piece."""
    merges: list[tuple[float, str, str]] = []
    for piece, number in vocabulary.items():
        if processor.is_control(number) or processor.is_byte(number) or piece in SPECIAL:
            continue
        for cut in range(1, len(piece)):
            left, right = piece[:cut], piece[cut:]
            if left in vocabulary and right in vocabulary:
                merges.append((-processor.get_score(number), left, right))
    merges.sort(key=lambda item: item[0])
    return [(left, right) for _, left, right in merges]


def build_model(vocabulary: int) -> Any:
    """A Qwen3 of a few million parameters with random weights and tied embeddings."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(SEED)
    config = Qwen3Config(
        vocab_size=vocabulary,
        tie_word_embeddings=True,
        max_position_embeddings=CONTEXT,
        bos_token_id=2,
        eos_token_id=SPECIAL.index("<|end|>"),
        pad_token_id=0,
        **SHAPE,
    )
    return Qwen3ForCausalLM(config)


def pretrain(model: Any, tokenizer: Any, conversations: list[list[Message]]) -> list[float]:
    """Plain next-token training on whole conversations; returns the loss of each step."""
    import torch

    texts = [tokenizer.apply_chat_template(item, tokenize=False) for item in conversations]
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    windows = [row[at : at + LENGTH] for row in ids for at in range(0, len(row), LENGTH)]
    rng = random.Random(SEED)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    total = EPOCHS * -(-len(windows) // BATCH)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=total)
    losses: list[float] = []
    model.train()
    for _ in range(EPOCHS):
        rng.shuffle(windows)
        for start in range(0, len(windows), BATCH):
            batch = windows[start : start + BATCH]
            width = max(map(len, batch))
            rows = torch.tensor([row + [0] * (width - len(row)) for row in batch])
            keep = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in batch])
            labels = rows.masked_fill(keep == 0, -100)
            loss = model(input_ids=rows, attention_mask=keep, labels=labels).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad(set_to_none=True)
            losses.append(float(loss.detach()))
    return losses


def main(out: Path) -> dict[str, Any]:
    """Build tokenizer and model into `out`; returns the recipe record."""
    import torch

    torch.set_num_threads(2)
    conversations = train_texts(default_shelves())
    tokenizer = build_tokenizer(conversations, out)
    model = build_model(len(tokenizer))
    losses = pretrain(model, tokenizer, conversations)
    model.to(torch.bfloat16).save_pretrained(out)
    record = {
        "name": "mhx-tiny",
        "purpose": "for trials, not for people",
        "seed": SEED,
        "architecture": {"class": "Qwen3ForCausalLM", "vocabulary": len(tokenizer), **SHAPE},
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "training": {
            "epochs": EPOCHS,
            "batch": BATCH,
            "length": LENGTH,
            "learning_rate": RATE,
            "steps": len(losses),
            "first_loss": losses[0],
            "last_loss": losses[-1],
        },
        "conversations": len(conversations),
        "text_sha256": hash_json(conversations),
        "sha256": {name: hash_file(out / name) for name in ("model.safetensors", "tokenizer.json")},
        "versions": versions(),
    }
    write_json(out / "recipe.json", record)
    write_text(out / "README.md", _card(record))
    return record


def _card(record: dict[str, Any]) -> str:
    return (
        "# mhx-tiny\n\n"
        f"A Qwen3 of {record['parameters'] / 1e6:.1f} million parameters, trained by mhx from "
        f"random weights on the train split of its own shipped corpus "
        f"({record['conversations']} conversations in all languages, written by a model and "
        "reviewed by nobody).\n\n**For trials, not for people.** It lets the whole pipeline run "
        "without a download; its answers are babble and no number made with it is a finding. "
        "Made again by `python -m mhx.training.tiny OUT`; `recipe.json` holds seed, shape, "
        "hashes and versions.\n\nLicense: CC-BY-4.0.\n"
    )


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1])), indent=1))  # noqa: T201
