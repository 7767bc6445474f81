"""Near duplicates: what was planted is found, clusters are clusters, and neither order nor size changes that."""

from __future__ import annotations

import random
import re
import tempfile
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datasets_app.core.examples import chat
from datasets_app.core.images import part_of
from datasets_app.core.samples import Message, Sample
from datasets_app.core.sets.grams import GRAM, LONGEST, bands, bare, comparable, sketches
from datasets_app.core.sets.joining import ALIKE
from datasets_app.core.sets.meeting import meet
from datasets_app.core.sets.near import NearIndex
from datasets_app.core.sets.sketch_file import SketchFile
from datasets_app.core.widths import nfkc

HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 2000)]


def clusters(texts: list[str], chunk: int = 500) -> list[int]:
    with NearIndex() as index:
        for at in range(0, len(texts), chunk):
            index.add(texts[at : at + chunk])
        return index.clusters().tolist()


def together(found: list[int]) -> set[frozenset[int]]:
    groups: dict[int, set[int]] = {}
    for at, first in enumerate(found):
        if first >= 0:
            groups.setdefault(first, set()).add(at)
    return {frozenset(group) for group in groups.values()}


def grams(text: str) -> set[str]:
    return {text[at : at + GRAM] for at in range(len(text) - GRAM + 1)} or {text}


def jaccard(one: str, other: str) -> float:
    a, b = grams(one), grams(other)
    return len(a & b) / len(a | b)


def planted(count: int, pairs: int, seed: int = 7) -> tuple[list[str], list[tuple[int, int]]]:
    """Texts of 40 to 120 characters, and which of them are edited copies (one character in 20 changed)."""
    chance = random.Random(seed)
    texts = ["".join(chance.choices(HAN, k=chance.randint(40, 120))) for _ in range(count)]
    known = []
    for at in range(pairs):
        copy = list(texts[at])
        for place in chance.sample(range(len(copy)), max(1, len(copy) // 20)):
            copy[place] = chance.choice(HAN)
        known.append((at, len(texts)))
        texts.append("".join(copy))
    return texts, known


def test_planted_near_duplicates_are_found_and_nothing_else():
    texts, pairs = planted(1500, 200)
    pairs = [pair for pair in pairs if jaccard(texts[pair[0]], texts[pair[1]]) >= ALIKE]
    found = clusters(texts)
    hits = sum(found[a] >= 0 and found[a] == found[b] for a, b in pairs)
    assert hits / len(pairs) >= 0.95
    for group in together(found):
        first, *rest = sorted(group)
        assert all(jaccard(texts[first], texts[one]) > ALIKE - 0.2 for one in rest)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(alphabet="abc雨天", max_size=12), max_size=40), st.randoms(use_true_random=False))
def test_clusters_are_the_same_whatever_the_order_of_the_rows(texts: list[str], chance: random.Random):
    order = list(range(len(texts)))
    chance.shuffle(order)
    here = together(clusters(texts))
    there = together(clusters([texts[at] for at in order]))
    assert {frozenset(order[at] for at in group) for group in there} == here


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(alphabet="abc雨天", max_size=12), max_size=40))
def test_each_member_names_the_first_of_its_cluster_and_equal_texts_are_together(texts: list[str]):
    found = clusters(texts, chunk=7)
    for at, first in enumerate(found):
        assert first == -1 or (first <= at and found[first] == first)
        assert found.count(first) > 1 or first == -1
    for at, text in enumerate(texts):
        same = [other for other, one in enumerate(texts) if one == text and text]
        if len(same) > 1:
            assert found[at] >= 0
            assert {found[other] for other in same} == {found[at]}


def test_a_text_with_nothing_to_compare_stands_alone():
    assert clusters(["", "", "雨"]) == [-1, -1, -1]
    assert comparable(chat("！？", "……")) == ""


def test_the_system_prompt_width_case_and_punctuation_make_no_difference():
    one = chat("What is ＡＢＣ?", "It is abc.", system="You are A.")
    other = chat("what is ABC", "It is ABC!", system="You are quite another assistant.")
    assert comparable(one) == comparable(other) == "whatisabcitisabc"


def beside(*shown: str, question: str = "这张图里会下雨吗？", answer: str = "会下雨") -> Sample:
    content = [*map(part_of, shown), {"type": "text", "text": question}]
    return Sample((Message("user", content), Message("assistant", answer)))


def test_the_same_question_about_different_pictures_is_no_near_duplicate():
    asked = [comparable(beside(f"image:{number:064x}")) for number in range(40)]
    assert clusters(asked) == [-1] * 40
    assert jaccard(asked[0], asked[1]) == 0


def test_of_the_same_pictures_the_texts_are_compared_as_always():
    alike = [beside("a.png", "b.png"), beside("a.png", "b.png", answer="会下雨！"), beside("b.png", "a.png")]
    assert clusters([comparable(sample) for sample in alike]) == [0, 0, -1]
    one, other = chat("今天会下雨吗", "会下雨"), chat("今天不会下雨吗", "会下雨")
    seen = [comparable(beside("a.png", question=sample.messages[0].text)) for sample in (one, other)]
    assert jaccard(*seen) == jaccard(comparable(one), comparable(other)) > 0


@given(st.lists(st.text(st.one_of(st.characters(), st.sampled_from("雨， 𠀀𝒜_é\u0301\ud800"))), max_size=5))
def test_of_many_texts_at_once_the_same_is_left_as_of_each(texts: list[str]) -> None:
    assert bare(texts) == [re.sub(r"[\W_]+", "", text) for text in texts]


@given(st.text(), st.text())
@example("雨" * LONGEST, "晴")
@example(" \u0301e", "\u0301 Ｅ")
def test_what_is_compared_is_the_whole_conversation_made_equal(question: str, answer: str) -> None:
    whole = nfkc(f"{question}\n{answer}"[:LONGEST]).casefold()
    assert comparable(chat(question, answer)) == re.sub(r"[\W_]+", "", whole)


def test_sketches_are_the_same_in_every_process_and_do_not_depend_on_the_neighbours():
    alone, beside = sketches(["明天会下雨"]), sketches(["别的", "明天会下雨", "还有"])
    assert np.array_equal(alone[0], beside[1])
    assert int(alone[0, 0]) == FIRST
    assert np.array_equal(bands(alone)[0], bands(beside)[1])


FIRST = 362295497  # the first value of the first sketch above


def test_the_estimate_is_close_to_the_exact_similarity():
    base = planted(1, 0)[0][0]
    for cut in (5, 10, 20, 30):
        other = base[:-cut] + "".join(HAN[-cut:])
        rows = sketches([base, other])
        assert abs((rows[0] == rows[1]).mean() - jaccard(base, other)) < 0.15


def test_ten_thousand_texts_from_one_template_stay_within_memory_and_end():
    texts = [f"请根据下面的订单信息判断是否需要退款订单号{n:06d}金额{n * 7 % 1000}元" for n in range(10_000)]
    tracemalloc.start()
    try:
        found = clusters(texts)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 60 << 20
    assert sum(first >= 0 for first in found) > 9_000


def test_rows_of_a_sketch_file_are_those_of_an_array_whatever_their_order_and_number(monkeypatch):
    monkeypatch.setattr("datasets_app.core.sets.sketch_file.PIECE", 4096)  # a file of many pieces
    chance = np.random.default_rng(7)
    values = chance.integers(0, 256, (1000, 24), dtype=np.uint8)
    with tempfile.TemporaryFile() as file:
        file.write(values.tobytes())
        for held in (1 << 20, 0):  # read whole, and mapped
            monkeypatch.setattr("datasets_app.core.sets.sketch_file.HELD", held)
            sketches = SketchFile(file, *values.shape)
            for count in (0, 1, 128, 129, 5000):
                wanted = chance.integers(0, len(values), count, dtype=np.int32)
                assert np.array_equal(sketches.rows(wanted).view(np.uint8), values[wanted])


def test_several_threads_find_the_same_clusters(monkeypatch):
    texts, _ = planted(600, 60)
    texts += [texts[at % 7] + HAN[at] for at in range(300)]
    alone = clusters(texts)
    for held in (1 << 20, 0):
        monkeypatch.setattr("datasets_app.core.sets.sketch_file.HELD", held)
        with NearIndex() as index:
            index.add(texts)
            assert index.clusters(threads=3).tolist() == alone


FROM_TEMPLATES = st.lists(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(
            ["第几号工地可以施工吗请检查基层", "请检查基层第几号工地可以施工吗含水率", "含水率达标后再涂刷两遍底涂"]
        ),
        st.text(alphabet="012雨风", max_size=6),
        st.sampled_from(["", "每遍间隔两小时", "注意边角处理每遍间隔"]),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=20)
@given(FROM_TEMPLATES, st.sampled_from([1, 2, 1 << 17]))
def test_pairs_that_are_looked_at_together_are_joined_as_they_would_be_one_by_one(texts: list[str], remembered: int):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datasets_app.core.sets.joining.REMEMBERED", remembered)
        together = clusters(texts)
        patch.setattr("datasets_app.core.sets.joining.BLOCK", 1)
        assert clusters(texts) == together


def test_to_forget_which_clusters_are_too_different_costs_time_and_no_near_duplicate(monkeypatch):
    texts, _ = planted(600, 120)
    known = clusters(texts)
    monkeypatch.setattr("datasets_app.core.sets.joining._Pairs.hold", lambda self, one, other: np.zeros(len(one), bool))
    assert clusters(texts) == known


def met(some: list[str], others: list[str]) -> list[bool]:
    with NearIndex() as asked, NearIndex() as known:
        for index, texts in ((asked, some), (known, others)):
            for at in range(0, len(texts), 100):
                index.add(texts[at : at + 100])
        return meet(asked, known).tolist()


def test_texts_meet_those_of_another_set_that_are_nearly_the_same_and_no_others():
    texts, pairs = planted(600, 150)
    originals, copies = texts[:600], texts[600:]
    close = [jaccard(originals[a], texts[b]) >= ALIKE for a, b in pairs]
    found = met(copies, originals)
    assert sum(here and there for here, there in zip(found, close, strict=True)) >= 0.95 * sum(close)
    assert not any(met(originals[300:], originals[:300]))


def test_whether_a_text_meets_another_set_does_not_depend_on_its_own_kind():
    texts, _ = planted(200, 10)
    known, some = texts[:100], [*texts[200:], *texts[195:200], "", texts[3]]
    together = met(some, [*known, ""])
    assert together == [met([one], known)[0] for one in some]
    assert together[-2:] == [False, True]
    assert met([], known) == met([], []) == []
    assert met(some[:2], []) == [False, False]


def test_a_text_meets_a_set_that_is_all_alike():
    known = [f"请根据下面的订单信息判断是否需要退款订单号{n:06d}金额{n * 7 % 1000}元" for n in range(3000)]
    assert met(["请根据下面的订单信息判断是否需要退款订单号912345金额77元", "今天下午三点开会讨论预算"], known) == [
        True,
        False,
    ]
