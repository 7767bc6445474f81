"""Questions over OpenAI's wire: what a model does not take is left out, and the answer says so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from jobs_app.providers.base import ProviderError

PROVIDER = ()  # no provider lives in this module; the registry passes it by

# What a question makes sense without.
_OPTIONAL = frozenset({"temperature"})
# Reasoning models draw their words in their own way and refuse every temperature but 1, some even that: the o-series
# and GPT-5, of which the chat model is none (OpenAI's guide to reasoning, Azure's list of what these models do not
# take, and their refusals; 2026-11-22). From GPT-5.1 on it depends on the effort, and a deployment of Azure's has any
# name: those say so themselves, see `without`.
_REASONING = re.compile(r"(ft:)?(o\d\b|codex-mini|gpt-5(?![.\d]|-chat))")


def takes_temperature(model: str) -> bool:
    """Whether a model, base or tuned, lets the caller choose; False only where it is known not to."""
    return not _REASONING.match(model)


def body_of(
    model: str, messages: Sequence[Mapping[str, Any]], decoding: Mapping[str, Any], *, answer_limit: str
) -> dict[str, Any]:
    """The body of a question; `max_tokens` goes out in the provider's word for it."""
    named = {answer_limit if name == "max_tokens" else name: value for name, value in decoding.items()}
    return {"model": model, "messages": list(messages), **named}


def without(refusal: ProviderError, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The question that is left where its model refused a part that can be spared; None: this was no such refusal."""
    name = refusal.unsupported
    if name not in _OPTIONAL or name not in body:
        return None
    return {key: value for key, value in body.items() if key != name}


def left_out(decoding: Mapping[str, Any], body: Mapping[str, Any]) -> tuple[str, ...]:
    """The names in `decoding` of what was spared."""
    return tuple(name for name in decoding if name in _OPTIONAL and name not in body)
