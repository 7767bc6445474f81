"""The strategy advisor: every decision, every end, every way through, and what measured facts say on the way."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftstudio.errors import InvalidInput
from jobs_app.core import advisor, advisor_facts
from jobs_app.core.advisor import walk
from jobs_app.core.advisor_drawing import PLACES, edges, mermaid, picture
from jobs_app.core.advisor_facts import Arm, Facts, Rate
from jobs_app.core.advisor_table import CONSTRAINTS, DECISIONS, ENDS, START, STEPS, STRATEGIES

WAYS = [dict(zip(DECISIONS, answers, strict=True)) for answers in product(("yes", "no"), repeat=len(DECISIONS))]
# Each end with one way to it, as the flowchart has them.
TO = {
    "prompt": {"prompt-ok": "yes"},
    "collect": {"prompt-ok": "no", "new-pattern": "yes", "enough-data": "no"},
    "deploy": {"prompt-ok": "no", "new-pattern": "yes", "enough-data": "yes", "target-met": "yes"},
    "sft-dpo": {
        "prompt-ok": "no", "new-pattern": "yes", "enough-data": "yes", "target-met": "no",
        "preference-after-sft": "yes",
    },
    "dpo": {"prompt-ok": "no", "new-pattern": "no", "ability-lacking": "yes", "preference": "yes"},
    "better-prompt": {"prompt-ok": "no", "new-pattern": "no", "ability-lacking": "yes", "preference": "no"},
    "redefine": {"prompt-ok": "no", "new-pattern": "no", "ability-lacking": "no"},
}  # fmt: skip


def test_there_are_seven_decisions_and_seven_ends_and_each_is_reached() -> None:
    assert len(DECISIONS) == len(ENDS) == len(TO) == 7
    assert {walk(answers).at for answers in WAYS} == set(ENDS)
    assert {one.decision.id for answers in WAYS for one in walk(answers).taken} == set(DECISIONS)
    for end, answers in TO.items():
        path = walk(answers)
        assert (path.at, path.asks, path.ended) == (end, None, True)
        assert [one.decision.id for one in path.taken] == list(answers)


def test_no_line_of_the_chart_is_dead() -> None:
    stations = {*DECISIONS, *STEPS, *ENDS}
    assert {end for _, end, _ in edges()} | {START} == stations == set(PLACES)
    assert {edge for answers in WAYS for edge in walk(answers).edges} == {(a, b) for a, b, _ in edges()}
    # The talk's chart has no "no" here: an ability that is good enough while the target is missed means another task.
    assert DECISIONS["ability-lacking"].no == "redefine"


def test_four_strategies_can_come_out() -> None:
    assert {ENDS[end].strategy for end in TO} - {""} == set(STRATEGIES)
    assert {advisor.chosen_option(end) for end in (*ENDS, *STEPS)} == {"prompt", "sft", ""}


def test_training_is_a_stop_on_the_way_where_a_record_can_be_filed() -> None:
    path = walk({"prompt-ok": "no", "new-pattern": "yes", "enough-data": "yes"})
    assert path.at == "sft"
    assert path.asks is DECISIONS["target-met"]
    assert path.may_file
    assert not path.ended
    assert not walk({}).may_file
    assert walk({}).asks is DECISIONS[START]


@given(
    st.dictionaries(st.sampled_from([*DECISIONS, "other"]), st.one_of(st.text(max_size=3), st.none(), st.just("no")))
)
def test_any_answers_lead_to_a_question_or_to_an_end(answers: dict[str, object]) -> None:
    path = walk(answers)
    assert path.ended is (path.asks is None)
    assert len({one.decision.id for one in path.taken}) == len(path.taken) <= len(DECISIONS)


@given(st.lists(st.sampled_from(["yes", "no"]), min_size=7, max_size=7))
def test_whoever_goes_on_answering_comes_to_an_end(answers: list[str]) -> None:
    given_so_far: dict[str, str] = {}
    for answer in answers:
        if (asked := walk(given_so_far).asks) is None:
            break
        given_so_far[asked.id] = answer
    assert walk(given_so_far).ended


def test_every_question_says_what_it_asks_why_it_matters_and_which_facts_answer_it() -> None:
    for decision in DECISIONS.values():
        assert all((decision.short, decision.question, decision.help, decision.why))
        assert decision.facts in advisor_facts.READINGS
    assert set(CONSTRAINTS) == {"compute", "time", "data_quality", "governance"}


def arm(name: str, passed: int, n: int, lenient: int | None = None) -> Arm:
    return Arm(name, Rate(passed, n), Rate(passed if lenient is None else lenient, n))


@pytest.mark.parametrize(
    ("decision", "facts", "answer"),
    [
        ("prompt-ok", Facts(), ""),
        ("prompt-ok", Facts(target=0.9, arms=(arm("zero-shot", 100, 100),)), "yes"),
        ("prompt-ok", Facts(target=0.95, arms=(arm("zero-shot", 50, 100),)), "no"),
        ("prompt-ok", Facts(target=0.95, arms=(arm("zero-shot", 19, 20),)), ""),  # 76 to 99 %: too few cases to tell
        ("prompt-ok", Facts(target=0.9, arms=(arm("zero-shot", 1, 100), arm("few-shot", 99, 100))), "yes"),
        ("new-pattern", Facts(arms=(arm("zero-shot", 5, 50), arm("few-shot", 45, 50))), "no"),
        ("new-pattern", Facts(arms=(arm("zero-shot", 2, 50),)), "yes"),
        ("new-pattern", Facts(arms=(arm("zero-shot", 30, 50),)), ""),
        ("enough-data", Facts(rows=600, clean=500), "yes"),
        ("enough-data", Facts(rows=600, clean=5), "no"),
        ("enough-data", Facts(rows=42, clean=42), ""),
        ("ability-lacking", Facts(target=0.95, arms=(arm("zero-shot", 80, 100),)), "yes"),
        ("ability-lacking", Facts(target=0.9, arms=(arm("zero-shot", 100, 100),)), "no"),
        ("preference", Facts(pairs=120), "yes"),
        ("preference", Facts(pairs=3), ""),
        ("target-met", Facts(target=0.9, arms=(arm("zero-shot", 0, 100), arm("tuned", 100, 100))), "yes"),
        ("target-met", Facts(arms=(arm("zero-shot", 100, 100),)), ""),
        ("preference-after-sft", Facts(pairs=500, arms=(arm("tuned", 2, 50),)), "no"),
    ],
)
def test_facts_answer_only_what_they_can_tell(decision: str, facts: Facts, answer: str) -> None:
    found = advisor_facts.reading(decision, facts)
    assert found.answer == answer
    assert found.because


def test_the_conclusion_cites_the_measurement_or_says_that_there_is_none() -> None:
    measured = Facts(arms=(arm("zero-shot", 31, 50), arm("tuned", 50, 50)))
    assert "31 of 50" in advisor_facts.cited(measured)
    assert "62 %" in advisor_facts.cited(measured)
    assert "48.2" in advisor_facts.cited(measured)
    assert "95 %" in advisor_facts.cited(measured)
    assert "opinion" in advisor_facts.cited(Facts())


def test_a_rehearsal_is_no_measurement() -> None:
    facts = Facts(arms=(Arm("zero-shot", Rate(50, 50), Rate(50, 50), rehearsal=True),))
    assert advisor_facts.reading("prompt-ok", facts).answer == ""
    assert "rehears" in advisor_facts.reading("prompt-ok", facts).because
    assert "opinion" in advisor_facts.cited(facts)


def test_an_answer_against_the_facts_is_named() -> None:
    facts = Facts(target=0.9, arms=(arm("zero-shot", 100, 100),))
    ((taken, fact),) = advisor.disagreements(walk({"prompt-ok": "no"}), facts)
    assert (taken.decision.id, fact.answer) == ("prompt-ok", "yes")
    assert not advisor.disagreements(walk({"prompt-ok": "yes"}), facts)


def test_fenced_answers_are_told_apart_from_wrong_ones() -> None:
    found = advisor_facts.reading("new-pattern", Facts(arms=(arm("zero-shot", 1, 2, lenient=2),)))
    assert "50 %" in found.because
    assert "100 %" in found.because


def test_answers_are_kept_with_their_reasons_and_foreign_words_are_refused() -> None:
    kept = advisor.read_answer("prompt-ok", "no", ["too-complex", "no-domain-data"], " a note ")
    assert kept == {"answer": "no", "reasons": ["no-domain-data", "too-complex"], "note": "a note"}
    assert walk({"prompt-ok": kept}).taken[0].reasons == ("no-domain-data", "too-complex")
    assert advisor.read_answer("prompt-ok", "yes", ["too-complex"])["reasons"] == []  # reasons belong to the no
    for wrong in (
        ("x", "yes"),
        ("prompt-ok", "maybe"),
        ("prompt-ok", "no", ["x"]),
        ("prompt-ok", "no", [], "x" * 1001),
    ):
        with pytest.raises(InvalidInput):
            advisor.read_answer(*wrong)  # type: ignore[arg-type]


def test_the_chart_is_drawn_and_exported_with_the_path_in_it() -> None:
    path = walk(TO["redefine"])
    text = mermaid(path, words=("是", "否"))
    assert text.startswith("flowchart TD\n")
    assert "prompt_ok ==>|否| new_pattern" in text
    assert "new_pattern -->|是| enough_data" in text
    assert "class prompt_ok" in text
    drawn = picture(path, title="<Way>", description="…", say=lambda word: word.upper())
    assert drawn.count("<rect") == len(PLACES)
    assert drawn.count('class="edge taken"') == 3
    assert "&lt;Way&gt;" in drawn
    assert "style=" not in drawn
    walked_on = walk(TO["deploy"])
    assert ("sft", "target-met") in walked_on.edges
