"""Looking through a dataset: pages, filters from a closed set, and text search in any language."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets_app.models import Sample
from datasets_app.pipeline import searching, selecting, walking
from datasets_app.services import browse, samples
from ftstudio.errors import InvalidInput
from tests import make
from tests.conftest import BY_CHANCE


@pytest.fixture
def rain(alice: Any, project: Any) -> Any:
    dataset = make.dataset(alice, project, contract={"text": {"no_echo": True, "ends_with": ["。"]}})
    make.imported(
        alice,
        dataset,
        [
            make.chat("伞", "伞下无雨。"),
            make.chat("明天下雨吗？", "明天会下雨"),
            make.chat("Will it rain in Hangzhou?", 'It "will", 100% sure_ly。'),
            make.chat("雪", "白色的梦。", system="你是诗人"),
        ],
    )
    return dataset


def found(dataset: Any, **filters: str) -> list[int]:
    return [row.position for row in browse.page(dataset=dataset, filters=browse.Filters.parse(filters)).rows]


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("下雨吗", [2]),
        ("下雨", [2]),
        ("雨", [1, 2]),
        ("雨。", [1]),
        ("下雨吗？", [2]),
        ("吗？", [2]),
        ("诗人", [4]),
        ("hangzhou", [3]),
        ("HANG", [3]),
        ("HA", [3]),
        ("h", [3]),
        ('"will"', [3]),
        ('"', [3]),
        ("100%", [3]),
        ("0%", [3]),
        ("%", [3]),
        ("_", [3]),
        ("e_l", [3]),
        ("sure_ly", [3]),
        ("sureXly", []),
        ("晴天白云", []),
        ("晴", []),
        ("ly。明天", []),
        ("NOT OR", []),
        ("*", []),
        ("text:雨", []),
    ],
)
def test_text_is_found_wherever_it_stands_and_read_as_nothing_else(text: str, positions: list[int], rain: Any) -> None:
    assert found(rain, q=text) == positions


def test_one_and_two_signs_whose_small_letter_is_another_sign_are_found(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [make.chat("Is it 5 \u00b5m wide?", "ΑΣ ας is Greek.")])  # a micro sign, no mu
    assert [found(rain, q=text) for text in ("\u00b5", "\u00b5m", "ΑΣ", "ας", "\ud7ff")] == [[5], [5], [5], [5], []]


@pytest.mark.parametrize("few", [False, True])
@pytest.mark.parametrize("word", ["Москва", "ÉtÉ", "Straße", "Ωmega", "Łódź"])
def test_mixed_cases_are_found_by_the_index_and_by_reading(few: bool, word: str, alice: Any, rain: Any) -> None:
    make.imported(alice, rain, [make.chat(f"Is it {word}?", "It is.")])
    rows = Sample.objects.filter(dataset=rain)
    first = word.upper() if "ß" not in word else word.upper().replace("SS", "ß")
    for asked in (word, word.lower(), first, word[:2].lower(), word[-2:].lower(), f"{word[0].lower()}{first[1:]}"):
        assert 5 in searching.matching(rows, asked, few=few).values_list("position", flat=True), asked
    assert not searching.matching(rows, f"{word}x", few=few).exists()


@settings(max_examples=40, deadline=None, suppress_health_check=[*BY_CHANCE, HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=("Cs",)), max_size=6))
def test_no_text_breaks_the_search(text: str, rain: Any) -> None:
    found(rain, q=text)


@settings(max_examples=30, deadline=None, suppress_health_check=[*BY_CHANCE, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_piece_of_a_text_finds_it(data: Any, rain: Any) -> None:
    text = data.draw(st.sampled_from(["明天会下雨", "Will it rain in Hangzhou?", "你是诗人", "伞下无雨。"]))
    start = data.draw(st.integers(0, len(text) - 1))
    piece = text[start : data.draw(st.integers(start + 1, len(text)))].strip()
    positions = {"明天会下雨": 2, "Will it rain in Hangzhou?": 3, "你是诗人": 4, "伞下无雨。": 1}
    assert not piece or positions[text] in found(rain, q=piece)


def test_filters_by_status_rule_worst_and_tag(alice: Any, rita: Any, rain: Any) -> None:
    sample = Sample.objects.select_related("dataset__project").get(dataset=rain, position=4)
    samples.decide(actor=rita, sample=sample, decision="accept", revision=1)
    samples.tag(actor=rita, sample=sample, names=["诗"])
    assert found(rain, status="accepted") == [4]
    assert found(rain, rule="echo") == [1]
    assert found(rain, rule="terminal-punctuation") == [2]
    assert found(rain, worst="error") == [1, 2]
    assert found(rain, worst="clean") == [3, 4]
    assert found(rain, tag="诗") == [4]
    assert found(rain, tag="x") == []
    assert found(rain, status="pending", worst="clean") == [3]
    assert found(rain, q="雨", rule="echo") == [1]


def test_a_frequent_rule_is_asked_of_each_sample_with_the_same_result(rain: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(selecting, "FEW", 0)
    assert found(rain, rule="echo") == [1]
    assert found(rain, q="雨", rule="terminal-punctuation") == [2]


def test_filters_by_the_side_of_the_newest_snapshot(alice: Any, rain: Any) -> None:
    make.snapshot(alice, rain, shares={"train": 0, "validation": 100, "test": 0})
    assert found(rain, split="validation") == [1, 2, 3, 4]
    assert found(rain, split="train") == []


@pytest.mark.parametrize(
    "filters",
    [
        {"status": "pending__in"},
        {"rule": "no-such-rule"},
        {"split": "dataset__project__members"},
        {"worst": "3"},
        {"tag": "x" * 41},
        {"q": "x" * 201},
    ],
)
def test_what_is_not_in_the_list_of_filters_is_refused(filters: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        browse.Filters.parse(filters)
    assert list(refusal.value.fields) == list(filters)


def test_lookups_that_a_client_sends_go_nowhere(rain: Any) -> None:
    assert len(found(rain, dataset__project__created_by__password__startswith="md5")) == 4


def test_pages_lead_to_the_end_and_back(alice: Any, rain: Any) -> None:
    make.imported(alice, rain, make.chats(6))
    filters = browse.Filters()
    first = browse.page(dataset=rain, filters=filters, size=4)
    second = browse.page(dataset=rain, filters=filters, cursor=first.later, size=4)
    third = browse.page(dataset=rain, filters=filters, cursor=second.later, size=4)
    shown = [[row.position for row in page.rows] for page in (first, second, third)]
    assert shown == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    assert (first.earlier, third.later) == ("", "")
    back = browse.page(dataset=rain, filters=filters, cursor=third.earlier, size=4)
    assert [row.position for row in back.rows] == [5, 6, 7, 8]


def test_a_page_costs_one_query_and_reads_no_content(rain: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1) as queries:
        rows = browse.page(dataset=rain, filters=browse.Filters(status="pending")).rows
        assert rows[0].title == "伞"
    sql = queries[0]["sql"]
    assert "payload" not in sql
    assert "COUNT" not in sql


def test_totals_come_from_counters_where_one_knows(alice: Any, rain: Any) -> None:
    def total(**filters: str) -> int | None:
        return browse.total(dataset=rain, filters=browse.Filters(**filters))

    assert (total(), total(rule="echo"), total(worst="clean"), total(status="accepted")) == (4, 1, 2, 0)
    assert (total(q="雨"), total(rule="echo", status="pending")) == (None, None)


def test_a_search_never_shows_what_another_dataset_holds(alice: Any, project: Any, rain: Any) -> None:
    other = make.dataset(alice, project, name="Elsewhere")
    make.imported(alice, other, [make.chat("伞下雨吗？", "下雨吗。")])
    make.imported(alice, rain, [make.chat("今天下雨吗？", "不。")])
    assert found(rain, q="下雨吗") == [2, 5]
    assert found(rain, q="下雨") == [2, 5]
    assert found(other, q="下雨吗") == [1]


@pytest.mark.parametrize("few", [0, 2000])
def test_pages_of_a_search_lead_to_the_end_and_back(few: int, alice: Any, project: Any, monkeypatch: Any) -> None:
    for module in (selecting, walking):
        monkeypatch.setattr(module, "FEW", few)
        monkeypatch.setattr(module, "READ", few)
    monkeypatch.setattr(walking, "FIRST", 2)
    dataset = make.dataset(alice, project, contract={"text": {"ends_with": ["！"]}})
    make.imported(alice, dataset, [make.chat(f"{n}？", "下雨。" if n % 3 else "晴天！") for n in range(1, 31)])
    wet = [n for n in range(1, 31) if n % 3]
    for chosen in ({"q": "下雨。"}, {"q": "雨"}, {"rule": "terminal-punctuation"}, {"q": "雨", "status": "pending"}):
        filters = browse.Filters(**chosen)
        page, seen = browse.page(dataset=dataset, filters=filters, size=7), []
        while True:
            seen += [row.position for row in page.rows]
            if not page.later:
                break
            page = browse.page(dataset=dataset, filters=filters, cursor=page.later, size=7)
        assert seen == wet
        back = browse.page(dataset=dataset, filters=filters, cursor=page.earlier, size=7)
        assert [row.position for row in back.rows] == wet[7:14]


def test_a_text_that_few_who_break_a_rule_have_is_looked_for_among_these_and_not_among_all(
    alice: Any, project: Any, monkeypatch: Any
) -> None:
    for name, value in (("FEW", 0), ("FIRST", 2), ("IN_VAIN", 1)):
        monkeypatch.setattr(walking, name, value)
    dataset = make.dataset(alice, project, contract={"text": {"ends_with": ["！"]}})
    make.imported(alice, dataset, [make.chat(f"{n}？", "下雨。" if n < 19 else "晴天。") for n in range(1, 21)])
    filters = browse.Filters(rule="terminal-punctuation", q="晴天")
    keys = walking.screen(dataset, filters, beyond=None, back=False, size=7)
    if connection.vendor == "sqlite":
        assert keys is not None, "what breaks the rule leads there"
    assert [row.position for row in browse.page(dataset=dataset, filters=filters, size=6).rows] == [19, 20]
