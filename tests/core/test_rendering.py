"""A text as it reads: safe whatever it holds, JSON laid out without touching a number, nothing fetched."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.rendering import pretty, rendered

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


BITS = (
    "<script>", "</a>", "[x](javascript:alert(1))", "![p](http://x.test/p.png)", "<img src=x onerror=y>", "**", "`",
    "\n", "|a|b|\n|-|-|\n",
)  # fmt: skip
TAGS = "a|blockquote|br|code|em|h\\d|hr|li|ol|p|pre|s|span|strong|table|tbody|td|th|thead|tr|ul"


@given(st.lists(JSON, max_size=3) | st.dictionaries(st.text(max_size=3), JSON, max_size=3))
def test_laid_out_json_says_the_same(value):
    assert json.loads(pretty(json.dumps(value))) == value
    assert rendered(json.dumps(value)).kind == "json"


def test_numbers_and_the_order_of_keys_stand_as_they_were():
    assert pretty('{"b":1.50,"a":[1e400, {}],"c":"雨"}') == (
        '{\n  "b": 1.50,\n  "a": [\n    1e400,\n    {}\n  ],\n  "c": "雨"\n}'
    )
    assert pretty('"text"') is None
    assert pretty("[1, 2") is None


@given(st.text(max_size=60) | st.lists(st.sampled_from(BITS), max_size=8).map("".join))
def test_whatever_a_text_holds_nothing_runs_and_nothing_is_fetched(text):
    html = rendered(text).html
    assert not re.search(rf"<(?!/?(?:{TAGS})\b)", html)
    assert not re.search(r"<[^>]*(?:\bsrc=|\bon\w+=|javascript:|style=)", html)


@pytest.mark.parametrize(
    ("text", "kind", "html"),
    [
        ("雨天\n带伞 <b>", "plain", "雨天\n带伞 &lt;b&gt;"),
        ("**雨**", "markdown", "<p><strong>雨</strong></p>\n"),
        ("![伞](http://x.test/p.png)", "markdown", '<p><span class="picture">伞 http://x.test/p.png</span></p>\n'),
        (
            "[x](https://x.test/)", "markdown",
            '<p><a href="https://x.test/" target="_blank" rel="noopener noreferrer nofollow">x</a></p>\n',
        ),
    ],
)  # fmt: skip
def test_how_texts_read(text, kind, html):
    assert (rendered(text).kind, rendered(text).html) == (kind, html)
