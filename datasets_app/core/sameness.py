"""Whether two people came to the same result: contents compared as they are used, not as they were typed.

An answer counts after the contract's normalisers. Where the contract wants JSON, it counts by value: neither the order
of the keys nor the white space, nor whether a whole number is written 1 or 1.0, makes a difference.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from .answers import Answer
from .contracts.model import Contract
from .samples import Sample, to_data


def answer_key(sample: Sample, contract: Contract) -> str:
    """Equal for answers that are the same; "" where the sample has no answer."""
    if not sample.answer:
        return ""
    answer = Answer(sample, contract)
    text = answer.normalised(contract)
    if contract.json and (value := answer.value) is not None:
        return "json:" + _canonical(value)
    return "text:" + text


def content_key(sample: Sample, contract: Contract) -> str:
    """64 hex digits, equal for contents that are the same: turns, tools, rejected answer, and the answer as above."""
    data = to_data(sample)
    if sample.answer:
        answer = Answer(sample, contract)
        turn = data["messages"][-1]
        if answer.path.endswith("/arguments"):
            turn["tool_calls"][int(answer.path.split("/")[-2])]["arguments"] = answer_key(sample, contract)
        else:
            parts = turn["content"] if isinstance(turn["content"], list) else []
            turn["content"] = [answer_key(sample, contract), *(part for part in parts if part.get("type") != "text")]
    return hashlib.sha256(_canonical(data).encode("utf-8", "surrogatepass")).hexdigest()


def same_value(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same, as above."""
    return _canonical(one) == _canonical(other)


def _canonical(value: Any) -> str:
    return json.dumps(_by_value(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _by_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _by_value(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_by_value(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
