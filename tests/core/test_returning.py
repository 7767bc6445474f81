"""What a sample says next when a model's answer to it comes back."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.codecs.base import ANSWER
from datasets_app.core.returning import OTHER_ANSWER, OTHER_QUESTION, SAME, Returned, following
from datasets_app.core.samples import Message, Sample, ToolCall, from_json, to_json

ASKED = Sample((Message("system", "Say it."), Message("user", "Rain?"), Message("assistant", "No rain.")))
WRONG = Message("assistant", "Rain - maybe")
BETTER = Message("assistant", "No rain today.")


def back(**how: object) -> Returned:
    return Returned(sample=1, revision=1, **how)  # type: ignore[arg-type]


def test_a_wrong_answer_becomes_the_rejected_one_of_a_pair():
    after = following(ASKED, ASKED, back(wrong=WRONG))
    assert isinstance(after, Sample)
    assert (after.messages, after.rejected) == (ASKED.messages, (WRONG,))


def test_the_winner_takes_the_place_of_the_answer():
    after = following(ASKED, ASKED, back(wrong=WRONG, better=BETTER), pair=True)
    assert isinstance(after, Sample)
    assert (after.answer, after.rejected) == (BETTER, (WRONG,))


def test_an_answer_that_was_edited_since_is_kept_unless_it_would_have_to_give_way():
    edited = replace(ASKED, messages=(*ASKED.messages[:-1], Message("assistant", "None.")))
    after = following(edited, ASKED, back(wrong=WRONG))
    assert isinstance(after, Sample)
    assert after.answer == edited.answer
    assert following(edited, ASKED, back(wrong=WRONG, better=BETTER), pair=True) == OTHER_ANSWER


def test_an_answer_to_another_question_is_no_answer_to_this_one():
    other = replace(ASKED, messages=(Message("user", "Snow?"), *ASKED.messages[-1:]))
    assert following(other, ASKED, back(wrong=WRONG)) == OTHER_QUESTION


def test_where_the_model_said_what_the_sample_says_there_is_no_pair():
    """The sample's own answer breaks the rules then: a person looks at it, and there is nothing to compare."""
    same = Message("assistant", " No rain. ")
    after = following(replace(ASKED, rejected=(WRONG,)), ASKED, back(wrong=same))
    assert isinstance(after, Sample)
    assert after.rejected == ()
    assert following(ASKED, ASKED, back(wrong=same), pair=True) == SAME


def test_of_an_answer_with_calls_only_the_last_turn_is_another_one():
    call = Message("assistant", None, tool_calls=(ToolCall("look", "{}"),))
    long = Sample(
        (Message("user", "Rain?"), call, Message("tool", "wet"), Message("assistant", "Yes.")),
        extras={ANSWER: 3},
    )
    after = following(long, long, back(wrong=WRONG))
    assert isinstance(after, Sample)
    assert (after.messages, after.rejected) == (long.messages, (*long.messages[1:3], WRONG))


@given(st.text(max_size=40), st.text(max_size=40), st.booleans())
def test_whatever_a_model_says_the_question_stays_and_both_answers_differ(answer: str, said: str, pair: bool):
    before = replace(ASKED, messages=(*ASKED.messages[:-1], Message("assistant", answer)))
    after = following(before, before, back(wrong=Message("assistant", said)), pair=pair)
    if isinstance(after, Sample):
        assert after.messages == before.messages
        assert not after.rejected or after.rejected[0].text.strip() != answer.strip()
    else:
        assert after == SAME
        assert pair
    assert from_json(to_json(before)) == before
