"""Two edits of one text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.samples import Message, Sample, to_data
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


def test_of_two_chinese_rewrites_no_letter_of_the_english_word_is_left_standing() -> None:
    base = "We will ship it today."
    for piece in merged(base, "今天 dispatched，三天送达。", "今天下午发货，后天 delivered。"):
        assert piece.kind != "same" or not piece.text.strip(), piece
