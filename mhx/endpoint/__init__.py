"""OpenAI-compatible endpoints: chats in, completions out, in order; answers cached on disk."""

from mhx.endpoint.address import Endpoint, full_name, parse_endpoint
from mhx.endpoint.answers import structured
from mhx.endpoint.chat import Chat, Completion
from mhx.endpoint.client import Client
from mhx.endpoint.limits import Limits

__all__ = [
    "Chat",
    "Client",
    "Completion",
    "Endpoint",
    "Limits",
    "full_name",
    "parse_endpoint",
    "structured",
]
