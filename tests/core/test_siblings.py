"""A row that two chat formats write alike is the same row in both; what either writes otherwise is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core import line_style
from datasets_app.core.codecs import CODECS
from datasets_app.core.siblings import same_rows

CHATS = ["openai-chat", "siliconflow", "zhipu-sft", "fireworks-sft", "together-sft", "ark-sft", "dashscope-sft"]
TEXTS = st.text(alphabet='ab 你。<think>\n/"\\', max_size=8)


@st.composite
def rows(draw: Any) -> dict[str, Any]:
    """A chat with now and then something that is a format's own, its keys in any order."""
    turns = []
    for role in draw(st.sampled_from([("user", "assistant"), ("system", "user", "assistant")])):
        turn = {"role": role, "content": draw(TEXTS)}
        if role == "assistant":
            turn |= draw(
                st.sampled_from(
                    [{}, {}, {"weight": 0}, {"reasoning_content": "x"}, {"loss_weight": 0.5}, {"name": "n"}]
                )
            )
        turns.append({key: turn[key] for key in draw(st.permutations(list(turn)))})
    row = {"messages": turns, **draw(st.sampled_from([{}, {}, {"id": 7}, {"thinking": "enabled"}, {"weight": 1}]))}
    return {key: row[key] for key in draw(st.permutations(list(row)))}


@given(row=rows(), came=st.sampled_from(CHATS), to=st.sampled_from(CHATS), compact=st.booleans())
def test_what_is_called_the_same_row_has_the_bytes_of_the_line_that_came(
    row: dict[str, Any], came: str, to: str, compact: bool
) -> None:
    raw = json.dumps(row, ensure_ascii=False, separators=(",", ":") if compact else None).encode()
    sample, style = CODECS[came].decode(row), line_style.style_of(raw, row, came)
    found = same_rows(sample, came, CODECS[to], style)
    assert found is None or [line_style.dump(one, style) for one in found] == [raw + b"\n"]
    if came == to and line_style.reproducible(style) and not CODECS[to].losses(sample):
        assert found is not None


@pytest.mark.parametrize("to", CHATS)
def test_a_plain_chat_is_the_same_row_everywhere(to: str) -> None:
    row = {"messages": [{"content": "天气？", "role": "user"}, {"role": "assistant", "content": "会下雨"}]}
    assert same_rows(CODECS["openai-chat"].decode(row), "openai-chat", CODECS[to], "compact") == (row,)


@pytest.mark.parametrize(
    ("turn", "to"),
    [({"reasoning_content": "x"}, "dashscope-sft"), ({"weight": 0}, "zhipu-sft"), ({"name": "n"}, "siliconflow")],
)
def test_what_a_platform_writes_otherwise_is_another_row(turn: dict[str, Any], to: str) -> None:
    row = {"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "!", **turn}]}
    assert same_rows(CODECS["openai-chat"].decode(row), "openai-chat", CODECS[to], "") is None
