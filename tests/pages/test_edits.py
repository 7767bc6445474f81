"""What comes back from the desk's form: every kind of edit, and nothing at all where nobody touched it."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

from django.http import QueryDict
from django.template.loader import render_to_string
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets_app.core.samples import Message, Sample, ToolCall, from_data, to_data
from datasets_app.pages.conflict import _rows
from datasets_app.pages.desk import form_context
from datasets_app.pages.edits import edited
from datasets_app.pages.merging import places_of
from datasets_app.pages.shown_turns import Seen, turns_of
from tests.forms import form_of

BASE = Sample(
    messages=(
        Message("system", "be brief", extras={"kept": 1}),
        Message("user", "line\r\nline"),
        Message("assistant", None, tool_calls=(ToolCall("look", '{"a": 1}'),)),
        Message("tool", "found", tool_call_id="1"),
        Message("assistant", "old"),
    ),
    rejected=(Message("assistant", "wrong"),),
)


def post(*pairs: tuple[str, str]) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in pairs:
        data.appendlist(name, value)
    return data


def whole(**texts: str) -> QueryDict:
    keys = ["k0", "k1", "k2", "k3", "a"]
    pairs = [pair for at, key in enumerate(keys) for pair in (("turn", key), (f"{key}-from", str(at)))]
    return post(*pairs, *texts.items())


def test_what_was_not_sent_stays_as_it_is() -> None:
    turns, rejected, *_rest = edited(whole(**{"a-text": "new"}), BASE)
    assert rejected is None
    assert turns is not None
    assert turns[:4] == to_data(BASE)["messages"][:4]
    assert turns[4]["content"] == "new"


def test_a_line_break_that_a_browser_rewrote_is_no_change() -> None:
    turns, *_rest = edited(whole(**{"k1-text": "line\r\nline", "a-text": "old"}), BASE)
    assert turns == to_data(BASE)["messages"]
    turns, *_rest = edited(whole(**{"k1-text": "line\r\nother"}), BASE)
    assert turns is not None
    assert turns[1]["content"] == "line\nother"


def test_turns_are_added_where_they_stand_and_taken_away() -> None:
    data = post(
        ("turn", "k0"), ("k0-from", "0"), ("k0-remove", "1"), ("turn", "n1"), ("n1-role", "user"), ("n1-text", "hello"),
        ("turn", "n2"), ("n2-role", "user"), ("n2-text", "  "), ("turn", "a"), ("a-from", "4"), ("a-text", "hi"),
    )  # fmt: skip
    turns, _rejected, _tools, keys, *_rest = edited(data, BASE)
    assert turns == [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]
    assert keys == ["n1", "a"]


def test_a_tool_calls_arguments_and_the_wrong_answer_can_be_edited() -> None:
    data = whole(**{"k2-call-0": '{"a": 2}', "r-text": "still wrong"})
    turns, rejected, *_rest = edited(data, BASE)
    assert turns is not None
    assert turns[2]["tool_calls"][0]["arguments"] == '{"a": 2}'
    assert turns[2]["content"] is None
    assert rejected == [{"role": "assistant", "content": "still wrong"}]


def test_an_index_that_is_no_turn_of_ours_is_a_new_turn_or_nothing() -> None:
    data = post(("turn", "k9"), ("k9-from", "99"), ("turn", "a"), ("a-from", "4"))
    turns, *_rest = edited(data, BASE)
    assert turns == [{"role": "assistant", "content": "old"}]


def test_what_one_changed_beside_the_text_survives_a_conflict() -> None:
    base = to_data(BASE)
    mine, theirs = copy.deepcopy(base), copy.deepcopy(base)
    mine["messages"][2]["weight"] = 0
    mine["messages"][2]["tool_calls"][0]["arguments"] = '{"a": 2}'
    theirs["messages"][2]["name"] = "theirs"
    theirs["messages"][4]["content"] = "theirs"
    rows = _rows(base, mine, theirs, places_of(base, mine, theirs) or [])
    assert [bool(row["whole"]) for row in rows] == [False, False, True, False, False]
    form = post(*[("turn", row["key"]) for row in rows])
    for row in rows:
        form[f"{row['key']}-from"], form[f"{row['key']}-whole"] = str(row["index"]), row["whole"]
    after = edited(form, from_data(theirs)).over(from_data(theirs))
    turn = after["messages"][2]
    assert (turn["weight"], turn["name"], turn["tool_calls"][0]["arguments"]) == (0, "theirs", '{"a": 2}')
    assert after["messages"][4]["content"] == "theirs"


# --- Sent back untouched ----------------------------------------------------------------------------------------

JSON = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from([1.0, 0.5, 10**30]) | st.text(max_size=3)
TEXTS = st.text(st.sampled_from("甲a \t\r\n\x00<&\"'é。"), max_size=8) | st.sampled_from(["\nfoo", "</textarea>"])
EXTRAS = st.dictionaries(st.sampled_from(["x", "name", "功能"]), JSON, max_size=2)
CALLS = st.builds(ToolCall, TEXTS, TEXTS, st.none() | TEXTS, EXTRAS)
PARTS = st.one_of(
    st.fixed_dictionaries({"type": st.just("text"), "text": TEXTS}, optional={"cache": JSON}),
    st.sampled_from(["image:" + "0" * 64, "https://x.test/a.png", "data:image/png;base64,AAAA", "a.png"]).map(
        lambda url: {"type": "image_url", "image_url": {"url": url, "detail": "low"}}
    ),
    st.fixed_dictionaries({"type": st.just("audio"), "data": TEXTS}),
)
MESSAGES = st.builds(
    Message,
    st.sampled_from(["system", "developer", "user", "assistant", "tool", "critic", "", " odd\nrole"]),
    st.none() | TEXTS | st.lists(PARTS, max_size=3),
    name=st.none() | TEXTS,
    tool_calls=st.lists(CALLS, max_size=2).map(tuple),
    tool_call_id=st.none() | TEXTS,
    reasoning=st.none() | TEXTS,
    weight=st.none() | st.sampled_from([0, 1, 1.0, 0.25, -3, 10**20]),
    extras=EXTRAS,
)
TOOLS = st.lists(
    st.builds(lambda name, more: {"type": "function", "function": {"name": name, **more}}, TEXTS, EXTRAS), max_size=2
)
SAMPLES = st.builds(
    Sample,
    st.lists(MESSAGES, min_size=1, max_size=4).map(tuple),
    TOOLS.map(tuple),
    st.lists(MESSAGES, max_size=2).map(tuple),
    EXTRAS,
)


def rendered(sample: Sample, *, editing: bool, sent: QueryDict | None = None) -> str:
    """The turns of the desk as the page writes them."""
    pictures = {
        f"/{part}/{at}/content": [SimpleNamespace(thumbnail="", link="", name="x", alt="x", full="")] * 3
        for part in ("messages", "rejected")
        for at in range(4)
    }
    turns, rejected = turns_of(sample, Seen(pictures=pictures), sent or QueryDict())
    return render_to_string(
        "samples/_turns.html",
        {
            **form_context(sample, turns, sent or QueryDict(), prompt="Be brief."),
            "turns": turns, "rejected": rejected, "editing": editing, "may_edit": True, "may_overrule": True,
            "original": "", "labels": (), "reason": "", "question": "", "queue_query": "", "checked": CHECKED,
            "sample": SimpleNamespace(pk=1), "base_revision": 1,
        },
    )  # fmt: skip


CHECKED = SimpleNamespace(
    findings=(), requirements=(), ops=(), distance=0, characters=0, tokens=0, token_parts=(), cut=None, held=0,
    open="", summary="", fixes=0,
    checker=SimpleNamespace(limit=None, limit_confirmed=True, encoder=SimpleNamespace(exact=True, label="x")),
)  # fmt: skip


def whole_of(sample: Sample, form: QueryDict) -> Sample:
    return from_data(edited(form, sample).over(sample))


@settings(max_examples=60, deadline=None)
@given(SAMPLES, st.booleans(), st.booleans())
def test_a_form_sent_back_untouched_changes_nothing(sample: Sample, editing: bool, scripts: bool) -> None:
    form = form_of(rendered(sample, editing=editing), scripts=scripts)
    edit = edited(form, sample)
    assert edit.tools is None
    assert from_data(edit.over(sample)) == sample


@settings(max_examples=25, deadline=None)
@given(SAMPLES, st.data())
def test_what_was_typed_is_still_typed_when_the_page_comes_back_refused(sample: Sample, data: Any) -> None:
    form = form_of(rendered(sample, editing=True))
    for name in data.draw(st.lists(st.sampled_from(sorted(form)), max_size=4)):
        if name.endswith(("-name", "-answers")):
            form[name] = data.draw(st.sampled_from(["新", ""]))
        elif name.endswith(("-text", "-reasoning")) or "-call-" in name:
            form[name] = data.draw(st.sampled_from(["新", "a\r\nb", "{}", ""]))
        elif name.endswith("-from"):
            form[name.removesuffix("from") + "remove"] = "1"
    again = form_of(rendered(sample, editing=True, sent=form))
    assert whole_of(sample, again) == whole_of(sample, form)
