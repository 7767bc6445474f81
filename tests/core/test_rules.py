"""Every rule finds its bad examples, leaves its good ones alone, and mends what it says it can mend."""

from __future__ import annotations

from dataclasses import replace

import pytest

from datasets_app.core import contracts, samples
from datasets_app.core.codecs import CODECS
from datasets_app.core.engine import Checker
from datasets_app.core.examples import chat, turns
from datasets_app.core.findings import Finding
from datasets_app.core.profiles import PROFILES
from datasets_app.core.rules import RULE_IDS, RULES
from datasets_app.core.rules.base import example_parts
from datasets_app.core.rules.sentence_count import sentences
from datasets_app.core.samples import Message, Sample, ToolCall
from ftstudio.errors import InvalidInput, Text

BROKEN_TOGETHER = {"no-complete-pair": {"first-turn-not-user"}}  # nobody can break the one without the other


def examples(kind: str) -> list:
    return list(_examples(kind))


def _examples(kind: str):
    for rule in RULES.values():
        for number, example in enumerate(getattr(rule, kind)):
            sample, data, setting = example_parts(example)
            yield pytest.param(rule, sample, (data, setting), id=f"{rule.name}-{number}")


def check(sample: Sample, data=None, profile: str = "local", **setting) -> tuple[Finding, ...]:
    if isinstance(data, tuple):
        data, setting = data
    return Checker(contracts.parse(data or {}), **{"profile": profile, **setting}).check(sample)


def names(*args, **kwargs) -> list[str]:
    return [finding.rule for finding in check(*args, **kwargs)]


def text_at(sample: Sample, path: str) -> str:
    """The text that a finding's offsets count in."""
    _, part, at, *rest = path.split("/")
    message = getattr(sample, part)[int(at)]
    return message.tool_calls[int(rest[1])].arguments if rest[0] == "tool_calls" else message.text


@pytest.mark.parametrize(("rule", "sample", "data"), examples("bad"))
def test_a_bad_example_breaks_exactly_its_rule(rule, sample, data):
    assert set(names(sample, data)) - BROKEN_TOGETHER.get(rule.name, set()) == {rule.name}


@pytest.mark.parametrize(("rule", "sample", "data"), examples("good"))
def test_a_good_example_does_not_break_its_rule(rule, sample, data):
    assert rule.name not in names(sample, data)


@pytest.mark.parametrize(("rule", "sample", "data"), examples("bad"))
def test_findings_point_at_text_that_is_there_and_their_fixes_mend_it(rule, sample, data):
    for finding in check(sample, data):
        assert isinstance(finding.message, Text)
        if finding.start is None:
            continue
        text = text_at(sample, finding.path)
        assert 0 <= finding.start <= finding.end <= len(text)
        if finding.fix:
            at = int(finding.path.split("/")[2])
            mended = list(sample.messages)
            mended[at] = replace(mended[at], content=finding.fix.apply(text))
            assert len(check(replace(sample, messages=tuple(mended)), data)) < len(check(sample, data))


def test_every_rule_explains_itself_and_has_a_public_name():
    for rule in RULES.values():
        assert rule.name in RULE_IDS
        assert isinstance(rule.title, Text)
        assert isinstance(rule.help, Text)
        assert rule.good
        assert rule.bad
        assert len(rule.title) <= 40
    assert len(set(RULE_IDS)) == len(RULE_IDS)


@pytest.mark.parametrize(
    ("record", "rule"),
    [
        ([{"role": "user"}, {"role": "assistant", "content": "b"}], "message-key-missing"),
        ([{"content": "a"}, {"role": "assistant", "content": "b"}], "message-key-missing"),
        ([{"role": "bot", "content": "a"}, {"role": "assistant", "content": "b"}], "role-unknown"),
        ([{"role": 5, "content": "a"}, {"role": "assistant", "content": "b"}], "role-unknown"),
        ([{"role": "user", "content": "a"}, {"role": "bot", "content": "b"}], "role-unknown"),
        ([{"role": "user", "content": None}, {"role": "assistant", "content": "b"}], "content-missing"),
        ([{"role": "user", "content": ""}, {"role": "assistant", "content": "b"}], "content-empty"),
        (
            [
                {"role": "user", "content": "a"},
                {"role": "system", "content": "s"},
                {"role": "assistant", "content": "b"},
            ],
            "system-not-first",
        ),
        (
            [
                {"role": "assistant", "content": "b"},
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b"},
            ],
            "first-turn-not-user",
        ),
        ([{"role": "user", "content": "a"}] * 2 + [{"role": "assistant", "content": "b"}], "turns-not-alternating"),
        ([{"role": "user", "content": "a"}], "no-assistant"),
        (
            [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b"},
                {"role": "user", "content": "a"},
            ],
            "last-turn-not-assistant",
        ),
    ],
)
def test_one_mistake_on_siliconflow_is_told_once_and_stops_the_job(record, rule):
    sample = CODECS["openai-chat"].decode({"messages": record})
    found = check(sample, profile="siliconflow")
    assert [(finding.rule, finding.severity) for finding in found] == [(rule, "error")]


def test_what_only_some_providers_demand_is_a_warning_without_a_provider():
    found = check(turns(("user", "a"), ("user", "a"), ("assistant", "b")))
    assert [(finding.rule, finding.severity) for finding in found] == [("turns-not-alternating", "warning")]


def test_a_tool_conversation_is_fine_locally_and_not_on_siliconflow():
    sample = CODECS["openai-chat"].decode(CODECS["openai-chat"].examples[1])
    assert names(sample) == []
    assert {"role-unknown", "message-key-unknown"} <= set(names(sample, profile="siliconflow"))


def test_half_a_weight_is_fine_locally_and_wrong_at_openai():
    sample = Sample((Message("user", "a"), Message("assistant", "b", weight=0.5)))
    assert names(sample) == []
    assert names(sample, profile="openai") == ["weight-invalid"]


def test_a_result_with_another_calls_id_leaves_the_call_unanswered():
    call = Message("assistant", None, tool_calls=(ToolCall("w", "{}", "c1"), ToolCall("w", "{}", "c2")))
    tool = ({"type": "function", "function": {"name": "w"}},)
    sample = Sample(
        (Message("user", "a"), call, Message("tool", "x", tool_call_id="c1"), Message("assistant", "b")), tool
    )
    assert [finding.path for finding in check(sample)] == ["/messages/1/tool_calls/1"]


ECHO = {"text": {"no_echo": True}}


@pytest.mark.parametrize(
    ("word", "answer", "repeated"),
    [
        ("山竹", "外表如山般坚硬，内心如竹。", False),
        ("山竹", "这颗山竹很甜。", True),
        (" 山竹\n", "这颗山竹很甜。", True),
        ("AI", "The AI said so", True),
        ("AI", "It was said again", False),
        ("AI", "MAIN and AI", True),
        ("AI", "用AI写作", True),
        ("ai", "The AI", False),
        ("C++", "C++17 is newer", True),
        ("", "anything", False),
    ],
)
def test_the_input_word_counts_as_written_and_not_inside_a_latin_word(word, answer, repeated):
    assert ("echo" in names(chat(word, answer), ECHO)) is repeated


def test_only_the_last_question_is_what_must_not_be_repeated():
    assert names(chat("雨伞", "好。", "山竹", "雨伞。"), ECHO) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("一句话。", 1),
        ("一句，没有句号", 1),
        ("真的？！好。", 2),
        ("他说：“好。”", 1),
        ("等等……再说。", 1),
        ("第一行\n第二行", 2),
        ("Version 1.2.3 is out.", 1),
        ("One. Two! Three?", 3),
        ("J. Smith came.", 1),
        ("。。", 0),
        ("", 0),
    ],
)
def test_sentences_are_counted_as_readers_count_them(text, count):
    assert len(sentences(text)) == count


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("好。。", "好。"),
        ("好，。", "好。"),
        ("好！。", "好！"),
        ("好，，坏。", "好，坏。"),
        ("好……", None),
        ("好？！", None),
        ("wait...", None),
        ("a,, b", "a, b"),
    ],
)
def test_doubled_punctuation_is_mended_to_the_mark_that_was_meant(text, mended):
    data = {"text": {"no_repeated_punctuation": True}}
    found = [finding for finding in check(chat("q", text), data) if finding.rule == "repeated-punctuation"]
    if mended is None:
        assert not found
    else:
        assert found[0].fix.apply(text) == mended


def test_a_full_stop_is_added_after_a_word_and_never_in_place_of_another_mark():
    data = {"text": {"ends_with": ["。"]}}
    assert check(chat("q", "好"), data)[0].fix.apply("好") == "好。"
    assert check(chat("q", "好！"), data)[0].fix is None
    assert names(chat("q", "好。 "), data) == ["trailing-space"]


def test_a_rule_inside_a_json_answer_points_into_the_json_text():
    data = {"json": {"schema": {"type": "object"}}, "text": {"at": "/reply", "ends_with": ["。"]}}
    answer = '{"word": "伞", "reply": "晴天被遗忘"}'
    (finding,) = check(chat("q", answer), data)
    assert finding.path == "/messages/1/content"
    assert finding.fix.apply(answer) == '{"word": "伞", "reply": "晴天被遗忘。"}'
    assert "/reply" in finding.message


def test_a_rule_about_a_missing_place_says_nothing_because_the_schema_does():
    data = {"json": {"schema": {"required": ["reply"]}}, "text": {"at": "/reply/0/x", "ends_with": ["。"]}}
    assert names(chat("q", "{}"), data) == ["schema-violation"]


def test_a_fenced_answer_is_told_to_lose_its_fence_and_its_inside_is_judged():
    data = {"json": {"schema": {"type": "object", "required": ["a"]}}}
    found = check(chat("q", "```json\n{}\n```"), data)
    assert sorted(finding.rule for finding in found) == ["markdown-fence", "schema-violation"]
    fix = next(finding.fix for finding in found if finding.rule == "markdown-fence")
    assert fix.apply("```json\n{}\n```") == "{}"


def test_formats_count_and_patterns_are_ecma():
    schema = {"properties": {"d": {"format": "date"}, "h": {"pattern": r"^\p{Script=Han}+$"}}}
    assert names(chat("q", '{"d": "2026-01-01", "h": "雨"}'), {"json": {"schema": schema}}) == []
    assert names(chat("q", '{"d": "soon", "h": "r"}'), {"json": {"schema": schema}}) == ["schema-violation"] * 2


@pytest.mark.parametrize(
    ("schema", "answer", "said"),
    [
        ({"properties": {"a/b": {"properties": {"c~d": {"type": "string"}}}}}, '{"a/b": {"c~d": 1}}',
         "/a~1b/c~0d breaks the schema: must be of type string."),
        ({"oneOf": [{"type": "object"}, {"required": ["a"]}]}, '{"a": 1}',
         "/ breaks the schema: fits more than one of the allowed forms."),
        ({"oneOf": [{"type": "string"}]}, "{}", "/ breaks the schema: fits none of the allowed forms."),
        ({"not": {"required": ["a"]}}, '{"a": 1}', "/ breaks the schema: has a form that is not allowed."),
        ({"prefixItems": [{"type": "string"}], "unevaluatedItems": False}, '["a", 2]',
         "/ breaks the schema: has more entries than it may."),
        ({"$ref": "#/$defs/n", "$defs": {"n": {"properties": {"c": {"items": {"$ref": "#/$defs/n"}}},
                                               "required": ["v"]}}}, '{"v": 1, "c": [{"v": 2}, {}]}',
         "/c/1 breaks the schema: “v” is missing."),
    ],
)  # fmt: skip
def test_what_breaks_a_schema_is_said_with_its_json_pointer(schema, answer, said):
    [finding] = check(chat("q", answer), {"json": {"schema": schema}})
    assert finding.message == said


@pytest.mark.parametrize(
    "answer",
    ['{"n": 1e400}', '{"n": NaN}', '{"n": ' + "9" * 5000 + "}", "[" * 10_000 + "]" * 10_000, '{"a":' * 10_000],
)
def test_what_no_reader_can_keep_is_refused_and_breaks_nothing(answer):
    assert names(chat("q", answer), {"json": {"schema": {}}}) == ["json-invalid"]


@pytest.mark.parametrize(("answer", "right"), [("1.0", True), ("1", True), ("1.5", False), ("9" * 30, True)])
def test_a_whole_number_is_one_however_it_is_written(answer, right):
    assert bool(names(chat("q", answer), {"json": {"schema": {"type": "integer"}}})) is not right


def test_an_answer_of_null_is_judged_by_the_schema():
    assert names(chat("q", "null"), {"json": {"schema": {"type": "null"}}}) == []
    assert names(chat("q", "null"), {"json": {"schema": {"type": "object"}}}) == ["schema-violation"]


def test_arguments_of_task_response_are_the_answer_of_a_json_contract():
    call = Message("assistant", None, tool_calls=(ToolCall("task_response", '{"age": "x"}'),))
    sample = Sample((Message("user", "q"), call), ({"type": "function", "function": {"name": "task_response"}},))
    data = {"json": {"schema": {"properties": {"age": {"type": "integer"}}}, "written_as": "task-response"}}
    (finding,) = check(sample, data)
    assert (finding.rule, finding.path) == ("schema-violation", "/messages/1/tool_calls/0/arguments")


def test_a_label_is_matched_after_the_normalisers():
    data = {"labels": {"values": ["A-1"]}, "symbols": {"tight": ["-"]}, "severity": {"symbol-spacing": "off"}}
    assert names(chat("q", "A - 1"), data) == ["label-unknown"]
    assert names(chat("q", "A - 1"), {**data, "normalisers": ["symbol-spacing"]}) == []


def test_a_forbidden_text_is_pointed_at():
    (finding,) = check(chat("q", "abc ``` d"), {"text": {"forbid": ["```"]}})
    assert (finding.rule, finding.start, finding.end) == ("forbidden-text", 4, 7)


def test_a_copy_with_another_dash_is_mended_to_the_inputs_spelling():
    data = {"symbols": {"tight": ["-"], "verbatim": True}}
    (finding,) = check(chat("AW30-02 呢？", "请用 AW30—02。"), data)
    assert finding.fix.apply("请用 AW30—02。") == "请用 AW30-02。"


def test_spaces_alone_are_one_finding_not_two():
    data = {"symbols": {"tight": ["-"], "verbatim": True}}
    assert names(chat("AW30-02 呢？", "请用 AW30 - 02。"), data) == ["symbol-spacing"]


def test_own_patterns_say_what_must_be_copied():
    data = {"symbols": {"verbatim": ["[A-Z]{2}[0-9]+"]}}
    assert names(chat("用 AB12 吗？", "用 ab12。"), data) == ["symbol-altered"]
    assert names(chat("用 AB12 吗？", "用 AB12。"), data) == []


def test_the_contract_has_the_last_word_on_severity_and_can_switch_a_rule_off():
    sample = turns(("user", "a"), ("user", "a"), ("assistant", "b"))
    assert check(sample, {"severity": {"turns-not-alternating": "hint"}}, "siliconflow")[0].severity == "hint"
    assert check(sample, {"severity": {"turns-not-alternating": "off"}}, "siliconflow") == ()


def test_findings_come_gravest_first_then_in_reading_order():
    sample = Sample(
        (
            Message("user", "a\u200b"),
            Message("assistant", "b<|im_end|>"),
            *(Message("user", "a") for _ in range(10)),
            Message("assistant", " "),
        )
    )
    found = check(sample)
    assert [finding.rule for finding in found][:2] == ["content-empty", "invisible-character"]
    places = [int(finding.path.split("/")[2]) for finding in found if finding.severity == "warning"]
    assert places == sorted(places)


def test_the_version_changes_with_contract_and_profile_and_nothing_else():
    one = contracts.parse(ECHO)
    assert Checker(one).version == Checker(contracts.parse(ECHO)).version
    assert len(Checker(one).version) == 12
    assert len({Checker(one).version, Checker().version, Checker(one, "openai").version}) == 3


def test_the_panel_says_of_each_requirement_whether_it_is_met():
    data = {"text": {"ends_with": ["。"], "no_echo": True}, "labels": {"values": ["雨伞"]}}
    told = Checker(contracts.parse(data)).requirements(chat("雨伞", "雨伞"))
    assert [(ok, rule) for _, ok, rule in told] == [
        (True, "label-unknown"),
        (False, "terminal-punctuation"),
        (False, "echo"),
    ]
    unanswered = Checker(contracts.parse(data)).requirements(turns(("user", "雨伞")))
    assert not any(ok for _, ok, _ in unanswered)


def test_an_unknown_profile_is_refused_with_the_names_there_are():
    with pytest.raises(InvalidInput, match="siliconflow"):
        Checker(profile="acme")


def test_every_profile_names_only_rules_that_exist():
    for profile in PROFILES.values():
        assert set(profile.severity) <= set(RULE_IDS)
        assert names(chat("France?", "Paris"), profile=profile.name) == []


def test_a_text_in_parts_is_checked_and_pointed_at():
    content = [
        {"type": "text", "text": "一"},
        {"type": "image_url", "image_url": {"url": "x"}},
        {"type": "text", "text": "b\u200b"},
    ]
    sample = Sample((Message("user", content), Message("assistant", "好")))
    (finding,) = check(sample)
    assert samples.to_data(sample)["messages"][0]["content"] == content
    assert (finding.path, finding.start) == ("/messages/0/content", 3)


def test_a_result_without_an_id_answers_a_call_without_one_unless_the_provider_wants_ids():
    call = Message("assistant", None, tool_calls=(ToolCall("w", "{}"),))
    tool = ({"type": "function", "function": {"name": "w"}},)
    sample = Sample((Message("user", "a"), call, Message("tool", "x"), Message("assistant", "b")), tool)
    assert names(sample) == []
    assert names(sample, profile="openai") == ["tool-call-unanswered"]
    twice = replace(sample, messages=(*sample.messages[:3], Message("tool", "y"), sample.messages[3]))
    assert names(twice) == ["tool-call-unanswered"]
