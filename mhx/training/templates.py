"""Chat templates made fit for training: a system prompt that stays where it is, marked answers.

What a model is trained on must be what it is later asked with: each change is checked against
the prompts that the tokenizer's own template renders.
"""

from __future__ import annotations

from typing import Any

Messages = list[dict[str, str]]
FOLD = (
    "{%- if messages[0]['role'] == 'system' and messages | length > 1 -%}"
    "{%- set messages = [{'role': messages[1]['role'], 'content': messages[0]['content']"
    " + '\\n\\n' + messages[1]['content']}] + messages[2:] -%}"
    "{%- endif -%}"
)
# ChatML with generation marks, for tokenizers whose own template has none (stock Qwen3 renders
# earlier turns anew and adds an empty thought): the same tokens around the same words.
CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}{{ '\\n' }}"
    "{% else %}{{ message['content'] + '<|im_end|>\\n' }}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
# A day for templates that print today's (Llama 3.1 and 3.2): a resumed training reads the same.
DAY = "26 Jul 2024"
TALK: Messages = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "I cannot sleep."},
    {"role": "assistant", "content": "Since when?"},
    {"role": "user", "content": "A week."},
    {"role": "assistant", "content": "That is long."},
]


def render(tokenizer: Any, messages: Messages, *, prompt: bool = False) -> str:
    """The text of a conversation, with the start of the next answer where `prompt`."""
    return str(tokenizer.apply_chat_template(
        messages, tokenize=False, add_generation_prompt=prompt, date_string=DAY))


def has_marks(tokenizer: Any) -> bool:
    """Whether the template says which tokens are the assistant's."""
    template = str(tokenizer.chat_template)
    return "{% generation" in template or "{%- generation" in template


def fold_system(tokenizer: Any) -> None:
    """Let the system prompt open the first user turn, where the template takes it nowhere else.

    Gemma's first templates refuse a system message; Mistral's move it to the last user turn, so
    that earlier turns change as the conversation goes on. A model trained with the changed
    template must be served with it.
    """
    own = tokenizer.chat_template
    if not isinstance(own, str) or has_marks(tokenizer) or _stays(tokenizer):
        return
    tokenizer.chat_template = FOLD + own
    if not _stays(tokenizer):
        tokenizer.chat_template = own


def is_folded(tokenizer: Any) -> bool:
    """Whether the template was changed by `fold_system`."""
    return str(tokenizer.chat_template).startswith(FOLD)


def _stays(tokenizer: Any) -> bool:
    """Whether the first prompt is still there when the conversation has gone on."""
    from jinja2 import TemplateError

    try:
        return render(tokenizer, TALK).startswith(render(tokenizer, TALK[:2], prompt=True))
    except TemplateError:
        return False


def mark_answers(tokenizer: Any) -> None:
    """Give a ChatML tokenizer the template with marks, where its prompts are the same."""
    own = tokenizer.chat_template
    if has_marks(tokenizer) or "<|im_start|>" not in str(own):
        return
    asked = [render(tokenizer, TALK[:end], prompt=True) for end in (2, 4)]
    tokenizer.chat_template = CHATML
    if [render(tokenizer, TALK[:end], prompt=True) for end in (2, 4)] != asked:
        tokenizer.chat_template = own
