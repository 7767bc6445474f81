"""Correcting a sample: the pair it becomes, the people who meet on it, and what a list knows afterwards."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets_app.core import samples as core
from datasets_app.core.codecs import CODECS, CodecError
from datasets_app.models import Dataset, FindingRow, Revision, Sample
from datasets_app.services import browse, contents, datasets, samples
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from tests import make
from tests.conftest import BY_CHANCE

CONTRACT = {"text": {"no_echo": True, "ends_with": ["。"]}}


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    return make.dataset(alice, project, contract=CONTRACT)


@pytest.fixture
def umbrella(alice: Any, rain: Any) -> Any:
    return make.sample(alice, rain, "伞", "伞是雨的朋友")


def save(actor: Any, sample: Any, answer: str, base: int = 1, **how: Any) -> Any:
    return samples.save(actor=actor, sample=sample, base_revision=base, messages=make.corrected(sample, answer), **how)


def test_a_corrected_answer_keeps_the_imported_one_as_the_rejected(bob: Any, rain: Any, umbrella: Any) -> None:
    saved = save(bob, umbrella, "替你淋雨。", reason="它重复了输入")
    assert (saved.revision_number, saved.has_rejected, saved.worst, saved.findings_total) == (2, True, 0, 0)
    content = make.content_of(saved)
    assert content["messages"][-1]["content"] == "替你淋雨。"
    assert content["rejected"] == [{"role": "assistant", "content": "伞是雨的朋友"}]
    newest = samples.history(saved)[0]
    assert (newest.author, newest.origin, newest.reason) == (bob, "edit", "它重复了输入")
    assert datasets.counts(rain) == make.counted(rain)


def test_the_next_correction_leaves_the_pair_as_it_is(bob: Any, umbrella: Any) -> None:
    save(bob, umbrella, "替你淋雨。")
    saved = save(bob, umbrella, "替人挡风遮雨。", base=2)
    assert make.content_of(saved)["rejected"][0]["content"] == "伞是雨的朋友"


def test_going_back_to_the_imported_answer_ends_the_pair(bob: Any, umbrella: Any) -> None:
    save(bob, umbrella, "替你淋雨。")
    saved = save(bob, umbrella, "伞是雨的朋友", base=2)
    assert "rejected" not in make.content_of(saved)
    assert not saved.has_rejected


def test_a_person_may_say_that_there_is_no_pair(bob: Any, umbrella: Any) -> None:
    assert "rejected" not in make.content_of(save(bob, umbrella, "替你淋雨。", rejected=[]))


def test_a_changed_question_makes_no_pair(bob: Any, umbrella: Any) -> None:
    turns = make.turns_of(umbrella)
    saved = samples.save(
        actor=bob, sample=umbrella, base_revision=1, messages=[{"role": "user", "content": "雨伞"}, turns[-1]]
    )
    assert not saved.has_rejected
    assert saved.title == "雨伞"


def test_saving_what_is_there_already_makes_no_revision(bob: Any, umbrella: Any) -> None:
    saved = samples.save(actor=bob, sample=umbrella, base_revision=1, messages=make.turns_of(umbrella))
    assert saved.revision_number == 1
    assert Revision.objects.filter(sample=umbrella).count() == 1


def test_two_people_on_one_sample_lose_nothing(alice: Any, bob: Any, umbrella: Any) -> None:
    save(alice, umbrella, "替你淋雨。")
    with pytest.raises(Conflict) as refusal:
        samples.save(
            actor=bob, sample=umbrella, base_revision=1,
            messages=[{"role": "user", "content": "伞"}, {"role": "assistant", "content": "撑起一片天。"}],
        )  # fmt: skip
    assert refusal.value.code == "stale"
    details = refusal.value.details
    answers = {name: details[name]["messages"][-1]["content"] for name in ("base", "mine", "theirs")}
    assert answers == {"base": "伞是雨的朋友", "mine": "撑起一片天。", "theirs": "替你淋雨。"}
    assert details["revision"] == 2
    assert Revision.objects.filter(sample=umbrella).count() == 2


def test_a_request_that_is_sent_twice_counts_once(bob: Any, umbrella: Any) -> None:
    turns = make.corrected(umbrella, "替你淋雨。")
    for _ in range(2):
        saved = samples.save(actor=bob, sample=umbrella, base_revision=1, messages=turns, client_id="tab-1")
        assert saved.revision_number == 2
    assert Revision.objects.filter(sample=umbrella).count() == 2


def test_findings_of_older_revisions_are_kept_as_history(bob: Any, umbrella: Any) -> None:
    save(bob, umbrella, "伞下无雨")
    rows = FindingRow.objects.filter(sample=umbrella).order_by("revision__number", "rule")
    assert list(rows.values_list("revision__number", "rule", "current")) == [
        (1, "echo", False),
        (1, "terminal-punctuation", False),
        (2, "echo", True),
        (2, "terminal-punctuation", True),
    ]


@pytest.mark.parametrize(("answer", "status"), [("替你淋雨。", "accepted"), ("替你淋雨", "pending")])
def test_an_accepted_sample_stays_so_only_without_errors(
    answer: str, status: str, rita: Any, rain: Any, umbrella: Any
) -> None:
    samples.decide(actor=rita, sample=umbrella, decision="accept", revision=1, reason="好")
    assert save(rita, umbrella, answer).status == status
    assert datasets.counts(rain) == make.counted(rain)


def test_a_rejected_sample_stays_rejected_when_it_is_edited(bob: Any, rain: Any, umbrella: Any) -> None:
    samples.decide(actor=bob, sample=umbrella, decision="reject", revision=1)
    assert save(bob, umbrella, "替你淋雨。").status == "rejected"
    assert datasets.counts(rain) == make.counted(rain)


def test_search_finds_the_new_text_and_no_longer_the_old(bob: Any, rain: Any, umbrella: Any) -> None:
    save(bob, umbrella, "替你淋雨。", rejected=[])
    found = {}
    for text in ("替你淋", "的朋友", "淋雨。"):
        found[text] = len(browse.page(dataset=rain, filters=browse.Filters(q=text)).rows)
    assert found == {"替你淋": 1, "的朋友": 0, "淋雨。": 1}


def test_an_edit_can_end_a_repetition_and_begin_another(alice: Any, rain: Any) -> None:
    same = make.chat("风", "无形的手。")
    make.imported(alice, rain, [same, same, make.chat("雪", "白色的梦。")])
    first, second, third = Sample.objects.filter(dataset=rain).order_by("position")

    def repeated() -> list[int]:
        rows = FindingRow.objects.current().filter(rule="duplicate", dataset=rain)
        return sorted(rows.values_list("sample__position", flat=True))

    assert repeated() == [2]
    save(alice, first, "看不见的手。", rejected=[])
    assert repeated() == []
    samples.save(actor=alice, sample=third, base_revision=1, messages=make.turns_of(second), rejected=[])
    assert repeated() == [3]
    assert datasets.counts(rain) == make.counted(rain)


def test_a_whole_day_of_edits_leaves_the_counters_exact(alice: Any, rita: Any, rain: Any) -> None:
    make.imported(alice, rain, [make.chat(q, a) for q in ("伞", "雪", "风") for a in ("伞和雪", "很美。", "很美。")])
    for number, sample in enumerate(Sample.objects.filter(dataset=rain).select_related("dataset__project")):
        saved = save(rita, sample, ["很美。", "雪。", "无"][number % 3], tags=["诗", f"t{number % 2}"])
        verdict = ["accept", "reject", "skip", "flag"][number % 4]
        samples.decide(actor=rita, sample=saved, decision=verdict, revision=saved.revision_number, reason="看过")
        if number % 3 == 0:
            samples.undo(actor=rita, sample=saved)
        samples.tag(actor=rita, sample=saved, names=["诗"])
    assert datasets.counts(rain) == make.counted(rain)


def test_tags_are_tidied_and_counted(bob: Any, rain: Any, umbrella: Any) -> None:
    assert samples.tag(actor=bob, sample=umbrella, names=["  too  long ", "诗", "诗", ""]) == ["too long", "诗"]
    assert datasets.counts(rain)["tag"] == {"too long": 1, "诗": 1}
    samples.tag(actor=bob, sample=umbrella, names=[])
    assert datasets.counts(rain)["tag"] == {}
    with pytest.raises(InvalidInput):
        samples.tag(actor=bob, sample=umbrella, names=["x" * 41])


@pytest.mark.parametrize(
    "messages",
    [
        [],
        "text",
        [1],
        [{"content": "no role"}],
        [{"role": "user", "content": 5}],
        [{"role": "user", "content": "x", "surprise": 1}],
        [{"role": "user", "content": "half \ud83d"}],
        [{"role": "user", "content": "x", "tool_calls": [{"name": "f"}]}],
        [{"role": "user", "content": "x", "weight": True}],
        [{"role": "user", "content": "x", "extras": []}],
        [{"role": "user", "content": "x", "name": 3}],
    ],
)
def test_content_that_cannot_be_stored_is_refused_by_name(messages: Any, bob: Any, umbrella: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        samples.save(actor=bob, sample=umbrella, base_revision=1, messages=messages)
    assert "messages" in refusal.value.fields
    assert Revision.objects.filter(sample=umbrella).count() == 1


def test_a_revision_that_never_was_is_refused(bob: Any, umbrella: Any) -> None:
    with pytest.raises(InvalidInput):
        samples.save(actor=bob, sample=umbrella, base_revision=7, messages=make.turns_of(umbrella))


def test_a_stranger_may_not_save(mallory: Any, umbrella: Any) -> None:
    with pytest.raises(NotAllowed):
        save(mallory, umbrella, "替你淋雨。")


def test_the_live_check_says_what_saving_would_say(rain: Any, umbrella: Any) -> None:
    data = {"messages": make.corrected(umbrella, "伞。"), "rejected": [make.turns_of(umbrella)[-1]]}
    seen = samples.preview(dataset=rain, data=data)
    assert [finding.rule for finding in seen.findings] == ["echo"]
    assert [met for _, met, _ in seen.requirements].count(False) == 1
    assert len(seen.tokens) == 2
    assert seen.distance == 5
    assert "".join(op.text for op in seen.ops if op.kind != "delete") == "伞。"
    assert Revision.objects.filter(sample=umbrella).count() == 1


def test_the_live_check_compares_with_the_text_it_is_given(rain: Any, umbrella: Any) -> None:
    data = {"messages": make.turns_of(umbrella)}
    assert samples.preview(dataset=rain, data=data, against="伞是风的朋友").distance == 1
    assert samples.preview(dataset=rain, data=data).ops == []


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | texts, lambda inner: st.lists(inner, max_size=3), max_leaves=5
)
turn = st.fixed_dictionaries(
    {"role": texts, "content": st.none() | texts | st.lists(st.fixed_dictionaries({"type": texts}), max_size=2)},
    optional={
        "name": texts, "reasoning": texts, "weight": st.floats(0, 1), "extras": st.dictionaries(texts, json_values),
    },
)  # fmt: skip
keys = texts | st.sampled_from(["role", "content"])
anything = json_values | st.lists(st.dictionaries(keys, json_values, max_size=4))


@given(messages=st.lists(turn, min_size=1, max_size=3))
def test_whatever_is_accepted_is_stored_without_loss(messages: list[dict[str, Any]]) -> None:
    sample = contents.changed(core.Sample(()), messages=messages)
    assert core.from_json(core.to_json(sample)) == sample


@given(messages=anything)
def test_whatever_is_sent_is_stored_or_refused_never_a_crash(messages: Any) -> None:
    with contextlib.suppress(InvalidInput):
        core.to_json(contents.changed(core.Sample(()), messages=messages))


@given(key=st.sampled_from(["$keys", "$form", "$answer", "$raw"]), value=json_values | st.just({"input": 5, "at": "x"}))
def test_no_client_makes_up_what_a_format_remembers_so_every_export_goes_on(key: str, value: Any) -> None:
    call = {"name": "rain", "arguments": "{}", "extras": {key: value, "index": 0}}
    asked = {"role": "user", "content": "雨？", "extras": {key: value, "note": "a"}}
    sent = [asked, {"role": "assistant", "content": None, "tool_calls": [call]}]
    with contextlib.suppress(InvalidInput):
        contents.changed(core.Sample(()), messages=sent)
    sample = contents.changed(core.Sample(()), messages=[asked, {"role": "assistant", "content": '{"a": 1}'}])
    sample = contents.changed(sample, rejected=[{"role": "assistant", "content": "b", "extras": {key: value}}])
    assert sample.messages[0].extras["note"] == "a"
    for codec in CODECS.values():
        with contextlib.suppress(CodecError):
            codec.rows(codec.reduce(sample))


def test_what_a_format_remembers_comes_back_with_the_edit_that_was_made_of_it() -> None:
    line = {"messages": [{"content": "雨？", "role": "user"}, {"role": "assistant", "content": "会"}]}
    before = CODECS["openai-chat"].decode(line)
    turns = core.to_data(before)["messages"]
    assert turns[0]["extras"]
    after = contents.changed(before, messages=[turns[0], {"role": "assistant", "content": "不会"}])
    assert list(CODECS["openai-chat"].encode(after)["messages"][0]) == ["content", "role"]


def test_what_a_client_puts_beside_a_call_is_exported_and_a_call_that_cannot_be_written_refused() -> None:
    def of(extras: Any) -> core.Sample:
        call = {"name": "rain", "arguments": "{}", "id": "c1", "extras": extras}
        return contents.changed(
            core.Sample(()), messages=[{"role": "assistant", "content": None, "tool_calls": [call]}]
        )

    [call] = CODECS["openai-chat"].encode(of({"index": 0}))["messages"][0]["tool_calls"]
    assert (call["index"], call["function"]["name"]) == (0, "rain")
    for extras in ({"$raw": 5}, {"$raw": {}}, {"$raw": {"function": {}}}, {"function": {}}, {"id": 5}):
        with pytest.raises(InvalidInput):
            of(extras)


@settings(max_examples=15, deadline=None, suppress_health_check=[*BY_CHANCE, HealthCheck.function_scoped_fixture])
@given(answers=st.lists(st.sampled_from(["雨。", "雪。", "伞", "风是风。"]), min_size=1, max_size=5))
def test_counters_never_drift(answers: list[str], alice: Any, project: Any) -> None:
    dataset = Dataset.objects.filter(project=project).first() or make.dataset(alice, project, contract=CONTRACT)
    for answer in answers:
        sample = Sample.objects.select_related("dataset__project").filter(dataset=dataset).first()
        if sample is None or answer == "伞":
            sample = make.sample(alice, dataset, "风", answer)
        save(alice, sample, answer + "？", base=sample.revision_number)
    assert datasets.counts(dataset) == make.counted(dataset)
