"""A line comes back byte for byte in the style it was written in, or the style says why it cannot."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core import json_text
from datasets_app.core.codecs import CODECS, CodecError
from datasets_app.core.jsonl import LineError, parse
from datasets_app.core.jsonl import dump as dump_canonical
from datasets_app.core.line_style import dump, read, reason, reproducible, style_of

TURNS = '{"messages": [{"role": "user", "content": "几点"}, {"role": "assistant", "content": "三点"}], "n": 1.5}'
ROW = json.loads(TURNS)


def style(text: str, *, crlf: bool = False) -> str:
    raw = text.encode()
    return style_of(raw, parse(raw), "openai-chat", crlf=crlf)


@pytest.mark.parametrize(
    ("separators", "expected"),
    [
        ((", ", ": "), ""),
        ((",", ":"), "compact"),
        ((",", ": "), "tight-comma"),
        ((", ", ":"), "tight-colon"),
    ],
)
@pytest.mark.parametrize("crlf", [False, True])
def test_each_spacing_and_line_end_comes_back_as_it_was(separators, expected, crlf):
    text = json.dumps(ROW, ensure_ascii=False, separators=separators)
    found = style(text, crlf=crlf)
    assert found == expected + ("+crlf" if crlf else "")
    assert reproducible(found)
    assert dump(ROW, found) == text.encode() + (b"\r\n" if crlf else b"\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TURNS.replace('"n": 1.5', '"n": 1.50'), "~numbers"),
        (TURNS.replace('"n": 1.5', '"n": 1E3'), "~numbers"),
        (TURNS.replace("几", "\\u51e0"), "~escapes"),
        (json.dumps(ROW), "~escapes"),
        (json.dumps(ROW, separators=(",", ":")), "~escapes"),
        (TURNS.replace("几", "\\/"), "~escapes"),
        (TURNS.replace('"n": ', '"n" : '), "~spaces"),
        (TURNS.replace('{"messages"', '{ "messages"'), "~spaces"),
        (TURNS + "  ", "~spaces"),
    ],
)
def test_a_line_that_cannot_be_given_back_says_why(text, expected):
    found = style(text)
    assert found == expected
    assert not reproducible(found)
    assert reason(found)
    assert reason(style(text, crlf=True)) == reason(found)
    assert len(style(text, crlf=True)) <= 20
    assert dump(parse(text.encode()), found) == dump_canonical(parse(text.encode()))


def test_a_style_that_can_be_reproduced_needs_no_reason():
    assert [reason(found) for found in ("", "compact", "tight-comma+crlf")] == ["", "", ""]


def test_lines_of_a_file_that_ends_as_on_windows_keep_their_ends_even_when_their_bytes_change():
    found = style(json.dumps(ROW), crlf=True)
    assert dump(ROW, found) == TURNS.encode() + b"\r\n"


def test_numbers_beyond_64_bits_and_odd_characters_keep_the_compact_style():
    text = '{"messages":[{"role":"user","content":"\\"\\u0001\x7f\u2028"}],"n":1180591620717411303424}'
    assert style(text) == "compact"
    assert dump(parse(text.encode()), "compact") == text.encode() + b"\n"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.text(max_size=4), VALUES, max_size=3),
    st.sampled_from([",", ", ", " ,", ",  "]),
    st.sampled_from([":", ": ", " :", " : "]),
    st.booleans(),
    st.booleans(),
)
def test_whatever_the_line_a_style_either_gives_its_bytes_back_or_admits_that_it_cannot(
    record, comma, colon, ascii_only, crlf
):
    raw = json.dumps(record, ensure_ascii=ascii_only, separators=(comma, colon)).encode("utf-8", "replace")
    try:
        record = parse(raw)
    except LineError:
        return
    found = style_of(raw, record, "openai-chat", crlf=crlf)
    assert len(found) <= 20
    assert reproducible(found) == (dump(record, found) == raw + (b"\r\n" if crlf else b"\n"))
    again, known = read(raw)
    assert json.dumps(again) == json.dumps(record)
    assert known is None or style_of(raw, record, "openai-chat", crlf=crlf) == style_of(
        raw, record, "openai-chat", crlf=crlf, known=known
    )


@pytest.mark.parametrize(
    ("raw", "known"),
    [
        ('{"a": ["雨 \\", \\\\", 1.5], "id": "site-9", "b": {}}', ""),
        ('{"a":["雨 \\",",1.5],"b":{}}', "compact"),
        ('{"a": [1,2], "b": 1}', None),  # not every comma has its space
        ('{"a": 1e-07}', None),  # canonical, but another one says so
        ('{"a": 123456789012345678901}', None),
    ],
)
def test_reading_a_line_tells_at_once_how_it_is_written_where_it_is_as_we_write(raw, known):
    assert read(raw.encode()) == (parse(raw.encode()), known)


def test_reading_a_line_for_its_style_is_as_strict_as_parsing_it():
    with pytest.raises(LineError, match="twice"):
        read(b'{"a": "x", "a": "x"}')
    with pytest.raises(LineError, match="nested"):
        read(b'{"a": [[1]]}', max_depth=2)


@pytest.mark.parametrize("name", list(CODECS))
def test_every_formats_own_examples_have_the_canonical_style(name):
    for example in CODECS[name].examples:
        assert style_of(dump_canonical(example)[:-1], example, name) == ""


# JSON rewritten as text


@given(VALUES)
def test_tidied_text_says_the_same_and_stays_as_it_is_when_tidied_again(value):
    tidied = json_text.tidy(json.dumps(value, separators=(" ,", "\t:")))
    assert tidied is not None
    assert json.loads(tidied) == value
    assert json_text.tidy(tidied) == tidied


def test_numbers_and_the_order_of_keys_stand_as_they_were():
    text = '{"z":1.50,"a":[1e30,-0.0,100000000000000000000000000000001],"z2":1E400}'
    assert json_text.tidy(text) == text.replace(",", ", ").replace(":", ": ")


@pytest.mark.parametrize(
    "text", ["", "会下雨", "{'a': 1}", '{"a": NaN}', '{"a": 1,}', '```json\n{"a": 1}\n```', "[" * 9999]
)
def test_what_is_no_json_has_no_tidy_form(text):
    assert json_text.tidy(text) is None


def test_half_a_character_stays_an_escape_and_a_whole_one_becomes_itself():
    assert json_text.tidy('"\\ud83d \\ud83d\\ude00 \\u4f60"') == '"\\ud83d 😀 你"'


ESCAPED = '{"城市": "\\u5317京", "n": 1.50}'
CALLED = {
    "openai-chat": {
        "messages": [
            {"role": "user", "content": "天气"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": ESCAPED}}],
            },
        ]
    },
    "sharegpt": {
        "conversations": [
            {"from": "human", "value": "天气"},
            {"from": "function_call", "value": '{"name": "f", "arguments": ' + ESCAPED + "}"},
            {"from": "observation", "value": "晴"},
            {"from": "gpt", "value": "晴。"},
        ]
    },
}


@pytest.mark.parametrize("source", CALLED)
def test_chinese_in_the_arguments_of_a_call_is_never_escaped_and_the_line_says_that_it_was(source):
    """Most libraries write it so: the arguments are a JSON text in a text."""
    sample = CODECS[source].decode(CALLED[source])
    for name in ("openai-chat", "ark-sft", "fireworks-sft", "sharegpt"):
        try:
            written = json.dumps(CODECS[name].encode(sample), ensure_ascii=False)
        except CodecError:
            continue
        assert "u5317" not in written
        assert "北京" in written
        assert "1.50" in written
    assert style_of(json.dumps(CALLED[source], ensure_ascii=False).encode(), CALLED[source], source) == "~escapes"
