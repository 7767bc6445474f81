"""Two edits of one text, and what comes back from a form."""

from __future__ import annotations

from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.samples import Message, Sample, ToolCall, to_data
from datasets_app.pages.edits import edited
from datasets_app.pages.merging import merged, places_of

texts = st.text(st.sampled_from("甲乙丙ab 。\n"), max_size=12)


@given(texts, texts, texts)
def test_the_pieces_give_all_three_texts_back(base: str, mine: str, theirs: str) -> None:
    pieces = merged(base, mine, theirs)
    assert "".join(piece.base for piece in pieces) == base
    assert "".join(piece.mine for piece in pieces) == mine
    assert "".join(piece.theirs for piece in pieces) == theirs


@given(texts, texts)
def test_where_only_one_wrote_there_is_nothing_to_choose(base: str, other: str) -> None:
    assert "".join(piece.text for piece in merged(base, other, base)) == other
    assert "".join(piece.text for piece in merged(base, base, other)) == other
    assert all(piece.kind != "both" for piece in merged(base, other, other))


def test_edits_in_different_places_merge_by_themselves() -> None:
    pieces = merged("今天下雨，带伞。", "今天大雨，带伞。", "今天下雨，记得带伞。")
    assert "".join(piece.text for piece in pieces) == "今天大雨，记得带伞。"
    assert {piece.kind for piece in pieces} == {"same", "mine", "theirs"}


def test_edits_in_one_place_wait_for_a_choice() -> None:
    [piece] = [piece for piece in merged("好。", "很好。", "不好。") if piece.kind == "both"]
    assert (piece.mine, piece.theirs) == ("很", "不")


def test_texts_are_paired_only_while_the_turns_are_the_same() -> None:
    one = to_data(Sample((Message("user", "a"), Message("assistant", "b"))))
    two = to_data(Sample((Message("user", "a"), Message("assistant", "c"))))
    longer = to_data(Sample((Message("system", "s"), Message("user", "a"), Message("assistant", "b"))))
    assert [(place.key, place.index) for place in places_of(one, two, one) or []] == [("a", 1)]
    assert places_of(one, longer, one) is None


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
    turns, rejected, _indices = edited(whole(**{"a-text": "new"}), BASE)
    assert rejected is None
    assert turns is not None
    assert turns[:4] == to_data(BASE)["messages"][:4]
    assert turns[4]["content"] == "new"


def test_a_line_break_that_a_browser_rewrote_is_no_change() -> None:
    turns, _rejected, _indices = edited(whole(**{"k1-text": "line\r\nline", "a-text": "old"}), BASE)
    assert turns == to_data(BASE)["messages"]
    turns, _rejected, _indices = edited(whole(**{"k1-text": "line\r\nother"}), BASE)
    assert turns is not None
    assert turns[1]["content"] == "line\nother"


def test_turns_are_added_where_they_stand_and_taken_away() -> None:
    data = post(
        ("turn", "k0"), ("k0-from", "0"), ("k0-remove", "1"), ("turn", "n1"), ("n1-role", "user"), ("n1-text", "hello"),
        ("turn", "n2"), ("n2-role", "user"), ("n2-text", "  "), ("turn", "a"), ("a-from", "4"), ("a-text", "hi"),
    )  # fmt: skip
    turns, _rejected, indices = edited(data, BASE)
    assert turns == [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]
    assert indices == [None, 4]


def test_a_tool_calls_arguments_and_the_wrong_answer_can_be_edited() -> None:
    data = whole(**{"k2-call-0": '{"a": 2}', "r-text": "still wrong"})
    turns, rejected, _indices = edited(data, BASE)
    assert turns is not None
    assert turns[2]["tool_calls"][0]["arguments"] == '{"a": 2}'
    assert turns[2]["content"] is None
    assert rejected == [{"role": "assistant", "content": "still wrong"}]


def test_an_index_that_is_no_turn_of_ours_is_a_new_turn_or_nothing() -> None:
    data = post(("turn", "k9"), ("k9-from", "99"), ("turn", "a"), ("a-from", "4"))
    turns, _rejected, _indices = edited(data, BASE)
    assert turns == [{"role": "assistant", "content": "old"}]
