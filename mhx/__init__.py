"""mhx: cross-cultural adaptation of mental-health dialogue models. Research software."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mhx.version import __version__

if TYPE_CHECKING:
    from mhx.cards import load_card, load_territory
    from mhx.language import load_language
    from mhx.notebook import adapt, measure, report, resolve, translate
    from mhx.stats.agreement import agree
    from mhx.stats.parity import parity

# Where each public name lives: imported on first use, so that `import mhx` costs nothing.
_HOMES = {
    "adapt": "mhx.notebook",
    "agree": "mhx.stats.agreement",
    "load_card": "mhx.cards",
    "load_language": "mhx.language",
    "load_territory": "mhx.cards",
    "measure": "mhx.notebook",
    "parity": "mhx.stats.parity",
    "report": "mhx.notebook",
    "resolve": "mhx.notebook",
    "translate": "mhx.notebook",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mhx' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*_HOMES, "__version__"]


__all__ = [
    "__version__",
    "adapt",
    "agree",
    "load_card",
    "load_language",
    "load_territory",
    "measure",
    "parity",
    "report",
    "resolve",
    "translate",
]
