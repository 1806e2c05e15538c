"""The family of a model by its name: a judge does not rate answers of its own family."""

from __future__ import annotations

import re

# A family is what shares weights or a maker; a name with two of them has the first listed here.
FAMILIES: dict[str, str] = {
    "mhx-tiny": r"mhx-tiny",
    "deepseek": r"deepseek",
    "qwen": r"qwen|qwq|qvq",
    "llama": r"llama|vicuna|alpaca",
    "bielik": r"bielik",
    "pllum": r"pllum",
    "gemma": r"gemma|gemini|palm",
    "mistral": r"mistral|mixtral|ministral|magistral|zephyr",
    "gpt": r"gpt|chatgpt|davinci|\bo[1345](?:-|\b)",
    "claude": r"claude",
    "phi": r"\bphi",
    "command": r"command-|c4ai|aya",
    "glm": r"glm",
    "yi": r"\byi-",
    "falcon": r"falcon",
    "granite": r"granite",
    "olmo": r"olmo|tulu",
    "smollm": r"smollm",
    "internlm": r"internlm",
    "grok": r"grok",
    "kimi": r"kimi|moonshot",
}


def family_of(name: str) -> str:
    """The family that a model's name shows, or "" where it shows none."""
    text = name.lower().replace("_", "-")
    return next((family for family, pattern in FAMILIES.items() if re.search(pattern, text)), "")
