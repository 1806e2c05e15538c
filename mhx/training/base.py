"""The base model and its tokenizer: the embedded mhx-tiny, or any Hugging Face causal LM."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.files import hash_folder
from mhx.schema.language import Quantization
from mhx.training.quantized import load_quantized
from mhx.training.templates import fold_system

TINY = "mhx-tiny"


def tiny_folder() -> Path:
    """The folder of the embedded base, inside the package."""
    return Path(__file__).resolve().parent.parent / "tiny"


def base_folder(name: str) -> str:
    """What transformers loads for a base name: the embedded folder, or the name as given."""
    return str(tiny_folder()) if name == TINY else name


def base_hash(name: str) -> str | None:
    """A hash of a base's files where they are local; None for a name of the hub."""
    folder = Path(base_folder(name))
    if not folder.is_dir():
        return None
    return hash_folder(folder, skip=("__pycache__", "README.md", "recipe.json"))


def require(*packages: str) -> None:
    """Raise MhxError naming the install command when a package of the extra is missing."""
    from importlib.util import find_spec

    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise MhxError(Problem(f"{', '.join(missing)} not installed", "pip install 'mhx[models]'"))


def load_tokenizer(name: str) -> Any:
    """The base's tokenizer, with a padding token and a template that takes a system prompt.

    Raises MhxError when it cannot be loaded.
    """
    require("torch", "transformers")
    from transformers import AutoTokenizer

    quiet()

    try:
        tokenizer = AutoTokenizer.from_pretrained(base_folder(name))
    except (OSError, ValueError) as error:
        raise _not_loaded(name, error) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    fold_system(tokenizer)
    return tokenizer


def load_model(
    name: str,
    *,
    device: str = "auto",
    adapter: Path | None = None,
    quantization: Quantization | None = None,
    dtype: Any = None,
) -> Any:
    """The base model, with an adapter if given; its `dtype` float32 on a CPU, bfloat16 on a GPU.

    With `quantization` its linear layers are held in 4 or 8 bits. Raises MhxError for what cannot
    be loaded and for a base that is no causal language model.
    """
    require("torch", "transformers")
    import torch
    from transformers import AutoModelForCausalLM

    device = pick_device(device)
    quiet()
    dtype = dtype or (torch.bfloat16 if device == "cuda" else torch.float32)
    try:
        model: Any = (load_quantized(base_folder(name), quantization, device) if quantization
                      else AutoModelForCausalLM.from_pretrained(base_folder(name), dtype=dtype))
    except (OSError, ValueError) as error:
        if _translates(name):
            raise not_causal(name, "an encoder with a decoder") from error
        raise _not_loaded(name, error) from error
    if adapter is not None:
        require("peft")
        from peft import PeftModel

        fix = "give a folder with adapter_config.json and its weights, trained on this base"
        if not (adapter / "adapter_config.json").is_file():  # peft would ask the hub for the name
            what = f"no adapter for {name!r} here: adapter_config.json is missing"
            raise MhxError(Problem(what, fix, path=adapter))
        try:
            model = PeftModel.from_pretrained(model, str(adapter))
        except (OSError, ValueError, RuntimeError) as error:
            what = f"no adapter for {name!r} here: {(str(error).splitlines() or [''])[0]}"
            raise MhxError(Problem(what, fix, path=adapter)) from error
    return model if quantization else model.to(device)  # bitsandbytes has placed it


def quiet() -> None:
    """Keep the libraries' own bars and notices off the terminal: mhx reports progress itself."""
    import warnings
    from logging import ERROR, getLogger

    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    # peft loads bitsandbytes where it is; in 8 bits it warns at each product
    getLogger("bitsandbytes").setLevel(ERROR)
    # peft 0.21 still reads a name that transformers 5.23 calls deprecated
    warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*")


def pick_device(wanted: str) -> str:
    """`auto` is cuda where there is one and accelerate was not told --cpu, else cpu."""
    if wanted != "auto":
        return wanted
    if os.environ.get("ACCELERATE_USE_CPU", "").lower() == "true":
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def not_causal(name: str, why: str) -> MhxError:
    """The message for a base that is no decoder."""
    return MhxError(Problem(f"the base {name!r} is not a causal language model: {why}",
                            "choose a decoder such as Qwen3, Llama, Gemma or Mistral"))


def _translates(name: str) -> bool:
    """Whether a base that was not loaded has an encoder and a decoder."""
    from transformers import AutoConfig

    try:
        return bool(AutoConfig.from_pretrained(base_folder(name)).is_encoder_decoder)
    except (OSError, ValueError):
        return False


def _not_loaded(name: str, error: Exception) -> MhxError:
    first = (str(error).splitlines() or [""])[0]
    return MhxError(
        Problem(
            f"the base model {name!r} cannot be loaded: {first}",
            f"give a model folder, a hub name that transformers can fetch, or {TINY}",
        )
    )


def check_round_trip(tokenizer: Any, samples: list[str], name: str) -> None:
    """Refuse a tokenizer that loses characters (ZWNJ, blanks) of the language's text.

    Raises MhxError showing the first difference.
    """
    for text in samples:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        back = tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        if back != text:
            place = next(
                (i for i, pair in enumerate(zip(text, back, strict=False)) if pair[0] != pair[1]),
                min(len(text), len(back)),
            )
            lost = text[place : place + 1]
            raise MhxError(
                Problem(
                    f"the tokenizer of {name!r} does not give back what it read: at {place}, "
                    f"{lost!r} (U+{ord(lost):04X}) of {text[max(0, place - 12) : place + 12]!r}"
                    if lost
                    else f"the tokenizer of {name!r} adds to the text {text[:40]!r}",
                    "choose a base whose tokenizer keeps the text of this language",
                )
            )
