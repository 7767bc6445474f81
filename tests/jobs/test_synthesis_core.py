"""What a model proposes is read whatever it looks like, and only what the contract lets pass counts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets_app.core import contracts
from datasets_app.core.engine import Checker
from datasets_app.core.samples import Message, Sample
from ftstudio.errors import InvalidInput
from jobs_app.core import candidates
from jobs_app.core import synthesis as core
from jobs_app.rehearsal import synthesis as rehearsed

DOMAINS = ("technical", "dialogue", "terminology")
SYMBOLS = Checker(contracts.parse({"symbols": {"tight": ["-", "/"], "verbatim": True}}))


def row(wrong: str = "AW30 - 02 is dry.", right: str = "AW30-02 is dry.", domain: str = "technical") -> str:
    pair = {"domain": domain, "question": "How is AW30-02 stored?", "wrong": wrong, "right": right}
    return json.dumps(pair, ensure_ascii=False)


def judged(answer: str) -> list[str]:
    """For each line its reason, "" for one that counts."""
    found = []
    for line in candidates.parse(answer, DOMAINS):
        found.append(line.reason or (candidates.verify(line.pair, SYMBOLS).reason if line.pair else "none"))
    return found


def test_answers_are_read_as_models_write_them() -> None:
    pretty = json.dumps(json.loads(row()), indent=2)
    table = {
        row(): [""],
        f"Here you are:\n```jsonl\n{row()}\n{row()}\n```\nEnjoy!": ["", ""],
        f"1. {row()}\n2. {row()},": ["", ""],
        f"[{row()}, {row()}]": ["", ""],
        f"```json\n{pretty}\n```": [""],
        row(domain=" Technical "): [""],
        row()[:40] + "\n" + row(): ["unreadable", ""],
        row(domain="poetry"): ["domain"],
        row(wrong="AW30-02 is dry. "): ["same"],
        row(wrong="AW30-02 is wet."): ["harmless"],
        row(right="AW30–02 is dry."): ["contract"],
        row(right="AW30 - 02 is dry.", wrong="aw30-02 is dry."): ["contract"],
        '{"domain": "technical", "question": "a", "wrong": 1, "right": "b"}': ["unreadable"],
        '{"domain": "technical", "question": "", "wrong": "a", "right": "b"}': ["unreadable"],
        '{"domain": "technical", "question": "\\ud800", "wrong": "a", "right": "b"}': ["unreadable"],
        "I cannot do that.": ["unreadable"],
        "[" * 5000 + "{" * 5000: ["unreadable"],
        '{"a":' * 5000: ["unreadable"],
        "  \n": [],
    }
    assert {answer: judged(answer) for answer in table} == table
    assert candidates.parse(None, DOMAINS) == []


pieces = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(["AW30-02", "AW30 - 02", "AW30–02", "```", "\n", "{", "}", '"', ",", row(), "\ud800", "\x00"]),
        st.builds(row, st.text(max_size=20), st.text(max_size=20), st.sampled_from(DOMAINS)),
    ),
    max_size=8,
).map("".join)


@settings(max_examples=60, deadline=None)
@given(pieces)
def test_nothing_counts_that_breaks_the_contract_whatever_comes(answer: str) -> None:
    for line in candidates.parse(answer, DOMAINS):
        line.raw.encode()
        if line.reason or line.pair is None:
            assert line.reason in candidates.REASONS
            continue
        assert line.pair.domain in DOMAINS
        verdict = candidates.verify(line.pair, SYMBOLS, "Answer.")
        if verdict.reason:
            assert verdict.reason in candidates.REASONS
            continue
        right = Sample((Message("user", line.pair.question), Message("assistant", line.pair.right)))
        assert not [one for one in SYMBOLS.check(right) if one.severity == "error" or one.rule.startswith("symbol")]
        assert verdict.findings


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 500), st.lists(st.sampled_from("abcdef"), min_size=1, unique=True), st.data())
def test_an_ask_wants_what_is_missing_and_never_more(wanted: int, domains: list[str], data: st.DataObject) -> None:
    have = {name: data.draw(st.integers(0, 90)) for name in domains}
    asked = core.shares(wanted, domains, have)
    assert sum(asked.values()) == min(core.BATCH, max(0, wanted - sum(have.values())))
    assert set(asked) <= set(domains)


def test_the_template_is_filled_once_and_has_to_be_readable() -> None:
    assert core.check_template(core.TEMPLATE.replace("\n", "\r\n")) == core.TEMPLATE.strip()
    for wrong in ("", "x" * 20_001, "no place", core.TEMPLATE.replace('"right"', "right"), core.TEMPLATE + "\x00"):
        with pytest.raises(InvalidInput):
            core.check_template(wrong)
    pair = candidates.Pair("technical", "{rules}?", "wrong", "right")
    prompt = core.fill(
        core.TEMPLATE, rules=["No {known}."], system_prompt="", examples=[candidates.sample_of(pair)],
        asked={"technical": 4}, known=["Seen\nbefore?"],
    )  # fmt: skip
    assert "- No {known}." in prompt
    assert '{"question": "{rules}?", "wrong": "wrong", "right": "right"}' in prompt
    assert "- technical: 4" in prompt
    assert "- Seen before?" in prompt
    assert core.check_domains([" a  b ", "A B", "", "c"]) == ["a b", "c"]
    for names in ([], ["x" * 41], [str(n) for n in range(13)]):
        with pytest.raises(InvalidInput):
            core.check_domains(names)
    with pytest.raises(InvalidInput) as refused:
        core.read_wishes(wanted=501, seed="x", temperature=0)
    assert set(refused.value.fields) == {"wanted", "seed", "temperature"}


def test_a_rehearsed_model_brings_pairs_that_mostly_count() -> None:
    prompt = core.fill(
        core.TEMPLATE, rules=[], system_prompt="", examples=[], asked={"technical": 6, "dialogue": 4}
    )  # fmt: skip
    assert rehearsed.wants_pairs(prompt)
    assert not rehearsed.wants_pairs("Will it rain?")
    answer = rehearsed.pairs(prompt)
    assert answer == rehearsed.pairs(prompt)
    reasons = judged(answer)
    assert len(reasons) == 10
    assert reasons.count("") >= 7
    assert reasons.count("contract") == 2
