"""Between any two formats a sample is carried whole, or what would be lost is named: nothing goes in silence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core import json_text, samples
from datasets_app.core.codecs import CODECS, CodecError
from datasets_app.core.codecs._answers import with_text
from datasets_app.core.codecs._pairs import turns_of_answer
from datasets_app.core.codecs._thinking import split_thinking
from datasets_app.core.codecs.base import ANSWER, FORM, KEYS, canonical
from datasets_app.core.samples import Message, Sample, ToolCall

NAMES = list(CODECS)


def meaning(sample: Sample) -> Sample:
    """The sample with what formats may write in two ways written in one: <think> text and the spacing of JSON."""
    bare = canonical(sample)
    if not bare.rejected or turns_of_answer(bare) == 1:  # where an answer begins matters beside a rejected one only
        bare = replace(bare, extras={key: value for key, value in bare.extras.items() if key != ANSWER})
    return replace(
        bare,
        messages=tuple(_said(message, last=message is bare.messages[-1]) for message in bare.messages),
        rejected=tuple(_said(message, last=False) for message in bare.rejected),
    )


def _said(message: Message, *, last: bool) -> Message:
    text = message.content
    if text == "" and message.tool_calls:
        return replace(message, content=None)  # beside a call both say that nothing is said
    if message.role != "assistant" or not isinstance(text, str):
        return message
    if message.reasoning is None and (found := split_thinking(text)):
        message = replace(message, reasoning=found[0], content=found[1])
    tidied = json_text.tidy(message.content) if last else None
    return replace(message, content=tidied) if tidied is not None else message


def written(codec, sample: Sample) -> Sample | None:
    """What is read back of the sample; None when the format refuses it. A refusal names what `losses` names."""
    lost = codec.losses(sample)
    if lost:
        with pytest.raises(CodecError) as refused:
            codec.rows(sample)
        assert refused.value.fields == lost
        return None
    try:
        rows = codec.rows(sample)
    except CodecError:
        return None  # it lacks what the format is made of
    read = [codec.decode(row) for row in rows]
    if len(read) == 1:
        return read[0]
    right, wrong = read  # a pair in two rows
    assert right.rejected == ()
    assert wrong.answer is None
    return replace(right, rejected=wrong.rejected)


def check(codec, sample: Sample) -> None:
    back = written(codec, sample)
    if back is not None:
        assert meaning(back) == meaning(sample)
        assert samples.from_json(samples.to_json(back)) == back
        return
    try:
        reduced = codec.reduce(sample)
    except CodecError:
        return  # nothing useful would be left
    assert codec.losses(reduced) == ()
    if written(codec, reduced) is not None:
        assert meaning(written(codec, reduced)) == meaning(reduced)
    if codec.name in ("json-content", "task-response"):  # a call that answers is what it says
        sample, reduced = with_text(sample), with_text(reduced)
    kept_as_it_was(sample, reduced, set(codec.losses(sample)))


def kept_as_it_was(sample: Sample, reduced: Sample, lost: set[str]) -> None:
    """A reduction leaves out what was named and nothing else."""
    if "system" in lost and sample.messages[0] == Message("system", ""):
        sample = replace(sample, messages=sample.messages[1:])
    assert [message.role for message in reduced.messages] == [message.role for message in sample.messages]
    if reduced.rejected:
        assert len(reduced.rejected) == len(sample.rejected)
    pairs = [*zip(sample.messages, reduced.messages, strict=True)]
    pairs += [*zip(sample.rejected, reduced.rejected, strict=False)]
    for before, after in pairs:
        fields = {
            "content": {"content", "images"},
            "reasoning": {"reasoning_content"},
            "tool_calls": {"tool_calls", "tool_call_id"},
        }
        for field in ("content", "name", "tool_calls", "tool_call_id", "reasoning", "weight"):
            if not lost & fields.get(field, {field}):
                kept, was = getattr(after, field), getattr(before, field)
                assert kept == was or (field == "content" and not kept and not was)
        gone = {key for key in before.extras if key not in after.extras}
        assert gone <= lost | {KEYS, FORM}
    if "tools" not in lost:
        assert reduced.tools == sample.tools
    if "rejected" not in lost:
        assert len(reduced.rejected) == len(sample.rejected)
    gone = {key for key in sample.extras if key not in reduced.extras}
    assert gone <= lost | {KEYS, FORM, ANSWER}


@pytest.mark.parametrize("target", NAMES)
@pytest.mark.parametrize("source", NAMES)
def test_each_formats_examples_go_into_every_other_whole_or_with_their_losses_named(source, target):
    for example in CODECS[source].examples:
        check(CODECS[target], canonical(CODECS[source].decode(example)))
        check(CODECS[target], CODECS[source].decode(example))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
TEXTS = st.text(max_size=6) | st.sampled_from(
    [
        '{"a": 1.50}',
        '{"b":[1e30]}',
        "[1]",
        "7",
        "```json\n{}\n```",
        "<think>\na\n</think>\n\nb",
        "<image>",
        "\n</think>\n\n",
    ]
)
PARTS = st.lists(
    st.one_of(
        st.builds(lambda text: {"type": "text", "text": text}, TEXTS),
        st.builds(
            lambda url: {"type": "image_url", "image_url": {"url": url}},
            st.sampled_from(["https://a/b.png", "data:image/png;base64,AA==", "image:" + "0" * 64, "b.png"]),
        ),
        st.sampled_from(
            [
                {"type": "image_url", "image_url": {"url": "b.png", "detail": "low"}},
                {"type": "image_url", "image_url": "b.png"},
                {"type": "input_audio", "input_audio": {}},
                {"video": "v.mp4"},
                {"text": "a"},
                {"image": "b.png"},
                {"type": "text"},
                {},
            ]
        ),
    ),
    max_size=3,
)
CALLS = st.lists(
    st.builds(
        ToolCall,
        st.sampled_from(["rain", "task_response"]),
        st.sampled_from(["{}", '{"a":1.50}', "no json", ""]),
        st.none() | st.sampled_from(["c1", "c2"]),
    ),
    max_size=2,
).map(tuple)
ROLES = st.sampled_from(["system", "user", "assistant", "tool"]) | st.sampled_from(["", "developer", "human", "gpt"])
SURPRISES = st.dictionaries(
    st.sampled_from(
        ["note", "role", "content", "name", "weight", "loss_weight", "tool_calls", "reasoning_content", "from", "value"]
    )
    | st.text(max_size=3),
    VALUES,
    max_size=2,
)
TURNS = st.builds(
    Message,
    role=ROLES,
    content=TEXTS | st.none() | PARTS,
    name=st.none() | st.text(max_size=2),
    tool_calls=st.just(()) | CALLS,
    tool_call_id=st.none() | st.sampled_from(["", "c1"]),
    reasoning=st.none() | TEXTS,
    weight=st.none() | st.sampled_from([0, 1, 0.0, 1.0, 0.5, 2, -1]),
    extras=st.just({}) | SURPRISES,
)
SIMPLE = st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXTS)
ANSWERS = st.builds(Message, st.just("assistant"), TEXTS, reasoning=st.none() | TEXTS)
TOOLS = st.lists(
    st.sampled_from(
        [
            {"type": "function", "function": {"name": "rain", "parameters": {"type": "object"}}},
            {"type": "function", "function": {"name": "task_response"}},
            {"name": "bare"},
        ]
    )
    | VALUES,
    max_size=2,
).map(tuple)
BESIDE = st.dictionaries(
    st.sampled_from(
        [
            "id", "messages", "tools", "input", "preferred_output", "chosen", "rejected", "candidates", "prompt",
            ANSWER, "label", "instruction", "output", "history", "system", "conversations", "images", "weight",
            "completion", "parallel_tool_calls",
        ]
    )
    | st.text(max_size=3),
    VALUES | st.just({"a": 1}) | st.just([{"score": 1.0, "is": "answer"}, {"score": 0, "is": "rejected"}]),
    max_size=2,
)  # fmt: skip
SAMPLES = st.builds(
    Sample,
    messages=st.one_of(
        st.lists(TURNS, min_size=1, max_size=4).map(tuple),
        st.tuples(SIMPLE, ANSWERS),
        st.tuples(st.builds(Message, st.just("system"), TEXTS), st.builds(Message, st.just("user"), TEXTS), ANSWERS),
    ),
    tools=st.just(()) | TOOLS,
    rejected=st.just(()) | st.tuples(ANSWERS) | st.lists(TURNS, min_size=1, max_size=2).map(tuple),
    extras=st.just({}) | BESIDE,
)


@pytest.mark.parametrize("name", NAMES)
@given(sample=SAMPLES)
def test_whatever_the_sample_a_format_carries_it_whole_or_names_what_it_cannot(name, sample):
    check(CODECS[name], sample)
