"""One correction is a pair in every format for pairs, and a request to correct in `contrast`."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.codecs import CODECS, CodecError, Setting
from datasets_app.core.codecs.base import canonical
from datasets_app.core.codecs.contrast import TEMPLATE, check_template
from datasets_app.core.samples import Message, Sample, ToolCall
from ftstudio.errors import InvalidInput

OPENAI, ARK, DASHSCOPE = CODECS["openai-preference"], CODECS["ark-dpo"], CODECS["dashscope-dpo"]
CONTRAST = CODECS["contrast"]
PAIR = Sample(
    (
        Message("system", "Copy part numbers."),
        Message("user", "Any grout?"),
        Message("assistant", "Yes"),
        Message("user", "Which one?"),
        Message("assistant", "Sika-609"),
    ),
    rejected=(Message("assistant", "Sika - 609"),),
)
PROMPT = [{"role": message.role, "content": message.content} for message in PAIR.messages[:-1]]


def test_one_correction_is_a_row_of_each_platform():
    right, wrong = {"role": "assistant", "content": "Sika-609"}, {"role": "assistant", "content": "Sika - 609"}
    assert OPENAI.encode(PAIR) == {
        "input": {"messages": PROMPT},
        "preferred_output": [right],
        "non_preferred_output": [wrong],
    }
    assert DASHSCOPE.encode(PAIR) == {"messages": PROMPT, "chosen": right, "rejected": wrong}
    assert ARK.encode(PAIR) == {
        "messages": [
            *PROMPT,
            {
                "role": "assistant",
                "content": [{"text": "Sika-609", "score": 1.0}, {"text": "Sika - 609", "score": 0.0}],
            },
        ]
    }


PREFERENCES = [codec for codec in CODECS.values() if codec.pairs and codec.name not in ("csv", "xlsx", "parquet")]


@pytest.mark.parametrize("codec", PREFERENCES, ids=lambda codec: codec.name)
def test_a_pair_format_has_a_place_for_both_answers(codec):
    simple = Sample(PAIR.messages[-2:], rejected=PAIR.rejected)
    assert codec.losses(simple) == ()
    said = str(codec.rows(simple))
    assert "Sika-609" in said
    assert "Sika - 609" in said


@pytest.mark.parametrize(("one", "other"), list(permutations([OPENAI, ARK, DASHSCOPE, CONTRAST], 2)))
def test_a_pair_goes_from_platform_to_platform_and_back(one, other):
    there = other.encode(canonical(one.decode(one.encode(PAIR))))
    assert one.decode(one.encode(canonical(other.decode(there)))) == PAIR


@pytest.mark.parametrize("codec", [OPENAI, ARK, DASHSCOPE, CONTRAST], ids=lambda codec: codec.name)
@pytest.mark.parametrize("sample", [Sample(PAIR.messages), Sample(PAIR.messages[:-1], rejected=PAIR.rejected)])
def test_half_a_pair_is_refused_in_clear_words(codec, sample):
    with pytest.raises(CodecError, match="right answer") as caught:
        codec.encode(sample)
    assert caught.value.code == "preference-missing"


def test_of_scored_candidates_the_best_is_the_answer_the_worst_is_rejected_and_the_others_stay():
    record = ARK.examples[1]
    sample = ARK.decode(record)
    assert (sample.answer.content, sample.rejected[0].content) == ("Canberra", "Sydney")
    assert {"text": "It is Canberra", "score": 0.6, "by": "li"} in sample.extras["candidates"]
    assert ARK.encode(canonical(sample)) == record
    assert OPENAI.encode(canonical(sample))["candidates"] == sample.extras["candidates"]


def test_an_edited_answer_keeps_the_scores_of_its_list():
    sample = ARK.decode(ARK.examples[1])
    edited = Sample(
        (*sample.messages[:-1], Message("assistant", "Canberra!")), rejected=sample.rejected, extras=sample.extras
    )
    content = ARK.encode(edited)["messages"][-1]["content"]
    assert [(item["text"], item["score"]) for item in content] == [
        ("Sydney", 0.1),
        ("It is Canberra", 0.6),
        ("Canberra!", 0.9),
    ]


@given(
    st.lists(
        st.fixed_dictionaries(
            {"text": st.text(max_size=3), "score": st.sampled_from([0, 0.0, 0.5, 1, 1.0, -2])},
            optional={"by": st.text(max_size=2)},
        ),
        min_size=2,
        max_size=4,
    ),
    st.booleans(),
)
def test_any_list_of_candidates_comes_back_as_it_was(candidates, turned):
    if turned:
        candidates = [dict(reversed(item.items())) for item in candidates]
    record = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": candidates}]}
    sample = ARK.decode(record)
    assert str(ARK.encode(canonical(sample))) == str(record)
    best = max(item["score"] for item in candidates)
    assert sample.answer.content == next(item["text"] for item in candidates if item["score"] == best)


@pytest.mark.parametrize(
    "candidate", [{"text": "a"}, {"score": 1.0}, {"text": "a", "score": True}, {"text": 1, "score": 1.0}]
)
def test_a_candidate_without_a_text_or_a_score_is_refused_with_its_place(candidate):
    content = [{"text": "b", "score": 0.0}, candidate]
    with pytest.raises(CodecError) as caught:
        ARK.decode({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": content}]})
    assert caught.value.path == "/messages/1/content/1"


def test_a_single_candidate_is_an_answer_without_a_rejected_one():
    content = [{"text": "b", "score": 1.0}]
    sample = ARK.decode({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": content}]})
    assert (sample.answer.content, sample.rejected) == ("b", ())


def test_an_answer_of_several_turns_is_whole_where_it_can_be_and_refused_elsewhere():
    sample = canonical(OPENAI.decode(OPENAI.examples[1]))
    assert len(OPENAI.encode(sample)["preferred_output"]) == 3
    for codec in (ARK, DASHSCOPE, CONTRAST):
        assert "answer_turns" in codec.losses(sample)
        with pytest.raises(CodecError):
            codec.reduce(sample)


def test_a_chat_format_writes_the_right_answer_and_reports_the_rejected_one():
    chat = CODECS["openai-chat"]
    assert chat.losses(PAIR) == ("rejected",)
    assert chat.encode(chat.reduce(PAIR))["messages"][-1]["content"] == "Sika-609"
    with pytest.raises(CodecError, match="right one"):
        chat.reduce(Sample(PAIR.messages[:-1], rejected=PAIR.rejected))


@pytest.mark.parametrize(
    ("record", "path"),
    [
        ({"input": "a"}, "/input"),
        ({"input": {"messages": [{"role": "user", "content": "a"}]}, "preferred_output": "b"}, "/preferred_output"),
        (
            {
                "input": {"messages": [{"role": "user", "content": "a"}]},
                "preferred_output": [{"role": "user", "content": "b"}],
            },
            "/preferred_output",
        ),
        ({"input": {"messages": [{"role": "user", "content": "a"}], "tools": []}, "tools": []}, "/tools"),
    ],
)
def test_a_preference_row_that_cannot_be_read_says_where(record, path):
    with pytest.raises(CodecError) as caught:
        OPENAI.decode(record)
    assert caught.value.path == path


# Contrast


def test_the_request_to_correct_holds_the_input_and_the_error_and_the_answer_is_the_corrected_one():
    record = CONTRAST.encode(PAIR)
    assert record["messages"][3]["content"] == TEMPLATE.format(input="Which one?", wrong="Sika - 609")
    assert record["messages"][4]["content"] == "Sika-609"
    assert [turn["content"] for turn in record["messages"][:3]] == [turn["content"] for turn in PROMPT[:3]]
    assert CONTRAST.decode(record) == PAIR


def test_the_datasets_template_is_used_and_its_rows_are_read_as_the_chats_they_are():
    record = CONTRAST.encode(PAIR, Setting(contrast="Mend “{wrong}”, asked: {input}"))
    assert record["messages"][3]["content"] == "Mend “Sika - 609”, asked: Which one?"
    assert CONTRAST.decode(record).rejected == ()


def test_texts_that_contain_the_templates_words_are_refused():
    said = TEMPLATE.partition("{input}")[2].partition("{wrong}")[0]
    sample = Sample((Message("user", f"a{said}b"), Message("assistant", "c")), rejected=(Message("assistant", "d"),))
    with pytest.raises(CodecError, match="another template"):
        CONTRAST.encode(sample)


def test_braces_in_the_texts_are_only_texts():
    sample = Sample(
        (Message("user", "{wrong}"), Message("assistant", "c")), rejected=(Message("assistant", "{input}"),)
    )
    assert CONTRAST.decode(CONTRAST.encode(sample)) == sample


def test_a_picture_beside_the_question_stays_and_a_tool_result_is_no_input():
    parts = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "https://a/b.png"}}]
    sample = Sample((Message("user", parts), Message("assistant", "c")), rejected=(Message("assistant", "d"),))
    assert CONTRAST.decode(CONTRAST.encode(sample)) == sample
    calls = (ToolCall("look", "{}", "c1"),)
    turns = (
        Message("user", "a"),
        Message("assistant", None, tool_calls=calls),
        Message("tool", "b", tool_call_id="c1"),
    )
    with pytest.raises(CodecError, match="user's"):
        CONTRAST.encode(Sample((*turns, Message("assistant", "c")), rejected=(Message("assistant", "d"),)))


def test_what_a_wrong_answer_has_beside_its_text_is_named():
    wrong = Message("assistant", "d", reasoning="because", weight=0)
    sample = Sample((Message("user", "a"), Message("assistant", "c")), rejected=(wrong,))
    for codec in (CONTRAST, ARK):
        assert set(codec.losses(sample)) == {"reasoning_content", "weight"}
        assert codec.decode(codec.encode(codec.reduce(sample))).rejected == (Message("assistant", "d"),)


@pytest.mark.parametrize("text", ["", TEMPLATE, "{wrong} → {input}", "Mend {wrong} for {input}: {json}"])
def test_a_template_with_both_places_is_taken(text):
    assert check_template(text) == text


@pytest.mark.parametrize(
    "text", ["{input}", "Mend it", "{input} {input} and {wrong}", "{input}{wrong}", "{input}\n{wrong}", "x" * 5000]
)
def test_a_template_that_would_lose_a_text_is_refused(text):
    with pytest.raises(InvalidInput):
        check_template(text)
