from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs_app.core.charts import loss_chart, ticks

SVG = str


def draw(series, **more) -> SVG:
    return loss_chart(series, title="Loss by step", description="It falls.", **more)


def parsed(svg: SVG) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  (our own output)


def of_class(svg: SVG, name: str) -> list[ElementTree.Element]:
    return [element for element in parsed(svg).iter() if element.get("class") == name]


def test_a_reader_who_cannot_see_it_is_told_what_it_is():
    root = parsed(draw({"train_loss": [(1, 1.0)]}, name="curve"))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "curve-t curve-d"
    assert [root[0].text, root[1].text] == ["Loss by step", "It falls."]
    assert [root[0].get("id"), root[1].get("id")] == ["curve-t", "curve-d"]


def test_nothing_in_it_is_a_style_a_script_or_an_event():
    svg = draw({"train_loss": [(1, 2.0), (2, 1.0)], "valid_loss": [(2, 1.5)]}, checkpoints=[1, 2])
    assert not re.search(r"style|<script|\son\w+=|fill=|stroke=", svg)


def test_hostile_words_stay_words():
    svg = loss_chart({}, title="<script>", description='" onload="x', name='"><b>', labels={
        "loss": "<b>", "step": "&", "train": "'", "valid": '"', "checkpoint": "<i>",
    })  # fmt: skip
    assert parsed(svg)[0].text == "<script>"
    assert "<b>" not in svg


def test_training_is_rings_on_a_line_and_validation_squares_on_a_dashed_one():
    svg = draw({"train_loss": [(1, 2.0), (2, 1.0)], "full_valid_loss": [(1, 1.5), (2, 1.4)]})
    assert len(of_class(svg, "train")) == len(of_class(svg, "valid")) == 1
    assert len(of_class(svg, "p-train")) == len(of_class(svg, "p-valid")) == 2


@pytest.mark.parametrize(
    "points", [[], [(1, 0.5)], [(5, 0.5), (6, 0.5)], [(0, 0.0)], [(1, -2.0), (2, 1e9)], [(1, math.nan)]]
)
def test_it_can_be_drawn_from_next_to_nothing(points):
    svg = draw({"train_loss": points})
    assert "nan" not in svg.lower()
    assert "inf" not in svg.lower()


def test_a_lone_point_is_marked_although_it_makes_no_line():
    svg = draw({"train_loss": [(3, 0.7)]})
    assert len(of_class(svg, "p-train")) == 1
    assert of_class(svg, "train") == []


def test_what_is_no_number_is_a_gap():
    (path,) = of_class(draw({"train_loss": [(1, 2.0), (2, 1.5), (3, math.nan), (4, 1.0), (5, 0.5)]}), "train")
    assert path.get("d").count("M") == 2


def test_each_checkpoint_has_its_mark_and_says_its_step():
    marks = of_class(draw({"train_loss": [(1, 2.0), (30, 1.0)]}, checkpoints=[30, 10, 10]), "goal")
    assert [mark[0].text for mark in marks] == ["checkpoint 10", "checkpoint 30"]


def test_a_run_of_fifty_thousand_steps_stays_a_small_picture():
    assert len(draw({"train_loss": [(n, 2 / (n + 1) + n % 7) for n in range(50_000)]})) < 20_000


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_round_enclose_the_data_and_are_few(low, span):
    found = ticks(low, low + span)
    gap = found[1] - found[0]
    assert found == sorted(found)
    assert 2 <= len(found) <= 12
    assert found[0] <= low + gap * 1e-6
    assert found[-1] >= low + span - gap * 1e-6


points = st.lists(
    st.tuples(st.integers(0, 10**6), st.floats(-1e12, 1e12) | st.sampled_from([math.nan, math.inf])), max_size=60
)


@given(points, points)
def test_whatever_the_figures_the_picture_is_well_formed_and_inside_its_frame(train, valid):
    svg = draw({"train_loss": sorted(train, key=lambda p: p[0]), "valid_loss": sorted(valid, key=lambda p: p[0])})
    for ring in of_class(svg, "p-train"):
        assert 52 <= float(ring.get("cx")) <= 706.05
        assert 21.9 <= float(ring.get("cy")) <= 232.05
