"""The family of a model by its name: a judge does not rate answers of its own family."""

from __future__ import annotations

import re

# A family is what shares weights or a maker; a distilled model's name may show two.
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
    "command": r"command-|c4ai|\baya",
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
    """The first of FAMILIES that a model's name shows, or "" where it shows none."""
    found = families_of(name)
    return next((family for family in FAMILIES if family in found), "")


def families_of(name: str) -> set[str]:
    """All families that a model's name shows: of DeepSeek-R1-Distill-Qwen two."""
    text = name.lower().replace("_", "-")
    return {family for family, pattern in FAMILIES.items() if re.search(pattern, text)}
