from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobs_app.core import metrics
from jobs_app.core.charts import LABELS, LETTERS, Mark, Overlaid, View, overlay_chart, run_chart, ticks

SVG = str


def draw(series, **more) -> SVG:
    return run_chart(series, title="Loss by step", description="It falls.", **more)


def parsed(svg: SVG) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  (our own output)


def of_class(svg: SVG, name: str) -> list[ElementTree.Element]:
    return [element for element in parsed(svg).iter() if element.get("class") == name]


def texts(svg: SVG) -> list[str]:
    return [element.text or "" for element in parsed(svg).iter() if element.tag.endswith("text")]


def test_a_reader_who_cannot_see_it_is_told_what_it_is():
    root = parsed(draw({"train_loss": [(1, 1.0)]}, ident="curve"))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "curve-t curve-d"
    assert [root[0].text, root[1].text] == ["Loss by step", "It falls."]
    assert [root[0].get("id"), root[1].get("id")] == ["curve-t", "curve-d"]


EVERYTHING = {
    "train_loss": [(n, 2.0 / n) for n in range(1, 31)],
    "valid_loss": [(10, 1.5), (20, 0.9), (30, 1.0)],
    "train_mean_token_accuracy": [(n, n / 31) for n in range(1, 31)],
    "learning_rate": [(n, 1e-4 * (1 - n / 40)) for n in range(1, 31)],
    "grad_norm": [(n, 3.0 / n) for n in range(1, 31)],
}
MARKS = [
    Mark(10, 0.717, low=0.63, high=0.79),
    Mark(20, 0.95, low=0.89, high=0.98),
    Mark(30, 0.908, "Label accuracy", n=120),
]


def test_nothing_in_it_is_a_style_a_script_or_an_event():
    svg = draw(EVERYTHING, checkpoints=[1, 2], marks=MARKS, best=20, view=View(log=True, smooth=0.6))
    assert not re.search(r"style|<script|\son\w+=|fill=|stroke=", svg)


def test_hostile_words_stay_words():
    labels = dict.fromkeys(LABELS, "\"><b>&'<i>")
    svg = run_chart({}, title="<script>", description='" onload="x', ident='"><b>', labels=labels)
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
    for view in (View(), View(log=True), View(by="epoch"), View(smooth=0.9)):
        svg = draw({"train_loss": points}, view=view)
        assert "nan" not in svg.lower()
        assert "inf" not in svg.lower()


def test_a_lone_point_is_marked_although_it_makes_no_line():
    svg = draw({"train_loss": [(3, 0.7)]})
    assert len(of_class(svg, "p-train")) == 1
    assert of_class(svg, "train") == []


def test_what_is_no_number_is_a_gap_and_so_is_zero_on_a_logarithmic_scale():
    broken = [(1, 2.0), (2, 1.5), (3, math.nan), (4, 1.0), (5, 0.5)]
    assert of_class(draw({"train_loss": broken}), "train")[0].get("d").count("M") == 2
    zero = [(1, 2.0), (2, 1.5), (3, 0.0), (4, 1.0), (5, 0.5)]
    svg = draw({"train_loss": zero}, view=View(log=True))
    assert of_class(svg, "train")[0].get("d").count("M") == 2
    assert "Loss (logarithmic)" in texts(svg)


def test_each_checkpoint_has_its_mark_and_says_its_step():
    marks = of_class(draw({"train_loss": [(1, 2.0), (30, 1.0)]}, checkpoints=[30, 10, 10]), "goal")
    assert [mark[0].text for mark in marks] == ["checkpoint 10", "checkpoint 30"]


def test_every_figure_has_its_panel_and_all_share_one_axis():
    svg = draw(EVERYTHING)
    assert [text for text in texts(svg) if text in LABELS.values() and text[0].isupper()] == [
        "Loss",
        "Token accuracy",
        "Learning rate",
        "Gradient norm",
    ]
    assert texts(svg).count("step") == 1


def test_the_lowest_validation_loss_is_flagged_until_the_task_itself_was_measured():
    assert "lowest validation loss" in texts(draw(EVERYTHING, best=20))
    measured = draw(EVERYTHING, best=20, marks=MARKS)
    assert "best by the task’s metric" in texts(measured)
    assert "lowest validation loss" not in texts(measured)
    assert len(of_class(measured, "p-score")) == 3
    assert len(of_class(measured, "whisk")) == 2
    assert {"71.7 %", "95.0 %", "90.8 %", "Label accuracy"} <= set(texts(measured))
    rule = float(of_class(measured, "rule")[0].get("x1"))
    assert rule == pytest.approx(float(of_class(measured, "p-score")[1].get("cx")), abs=0.1)


def test_smoothing_is_off_at_first_and_says_so_when_on_with_the_true_line_behind_it():
    assert of_class(draw(EVERYTHING), "train raw") == []
    svg = draw(EVERYTHING, view=View(smooth=0.6))
    assert len(of_class(svg, "train raw")) == 3
    assert {"training smoothed 0.6", "Token accuracy, smoothed 0.6", "Gradient norm, smoothed 0.6"} <= set(texts(svg))
    assert "Learning rate" in texts(svg), "what was set is never smoothed"
    assert not any("validation smoothed" in text for text in texts(svg)), "three points are not smoothed"


def test_the_axis_can_count_epochs_or_tokens_where_the_run_says_them():
    by_epoch = texts(draw(EVERYTHING, view=View(by="epoch"), epochs=3, last_step=30))
    assert {"epoch", "0", "3"} <= set(by_epoch)
    assert "step" not in by_epoch
    by_tokens = texts(draw(EVERYTHING, view=View(by="tokens"), tokens=2_400_000, last_step=30))
    assert {"tokens", "2M"} <= set(by_tokens)
    assert "step" in texts(draw(EVERYTHING, view=View(by="tokens")))


def test_epochs_reported_beside_the_steps_are_taken_as_they_are():
    at = metrics.position({"epoch": [(10, 0.5), (20, 1.0)]}, "epoch")
    assert [at(0), at(15), at(40)] == [0.0, 0.75, 2.0]
    assert metrics.position({}, "epoch") is None


def test_eight_runs_have_eight_letters_and_eight_strokes():
    runs = [Overlaid({"train_loss": [(1, 2.0), (9, 1.0 + n / 10)], "valid_loss": [(9, 1.0)]}) for n in range(8)]
    svg = overlay_chart(runs, title="Runs", description="Eight.")
    assert [len(of_class(svg, f"r{n}")) for n in range(8)] == [1] * 8
    for letter in LETTERS:
        assert texts(svg).count(letter) == 2  # validation and training
    heights = sorted(float(e.get("y")) for e in parsed(svg).iter() if e.text == "A" or e.text == "B")
    assert len(set(heights)) == len(heights), "names do not lie on each other"
    with pytest.raises(ValueError, match="at most 8"):
        overlay_chart([*runs, runs[0]], title="", description="")
    assert "Loss" in texts(overlay_chart([], title="", description=""))


def test_what_a_person_wants_to_see_is_in_the_address_and_nonsense_there_does_no_harm():
    assert View.parse({"by": "epoch", "scale": "log", "smooth": "0.6"}) == View("epoch", True, 0.6)
    assert View("epoch", True, 0.6).query(log=False) == "by=epoch&smooth=0.6"
    assert View().query() == ""
    for nonsense in ({"by": "x"}, {"smooth": "nan"}, {"smooth": "2"}, {"smooth": "x"}, {"scale": "1"}):
        assert View.parse(nonsense) == View()


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
    st.tuples(st.integers(0, 10**6), st.floats(-1e12, 1e12) | st.sampled_from([math.nan, math.inf, 1.7e308])),
    max_size=60,
).map(lambda found: sorted(found, key=lambda point: point[0]))


@settings(max_examples=30)
@example([], [(0, 2.0), (0, 1.1e-308)], True, 0.0)
@example([], [(0, 5e-324)], True, 0.0)
@example([(0, 1.7e308), (1, -1.7e308)], [(0, 1.7e308)], False, 0.6)
@given(points, points, st.booleans(), st.sampled_from([0.0, 0.6]))
def test_whatever_the_figures_the_picture_is_well_formed_and_inside_its_frame(train, valid, log, smooth):
    series = {"train_loss": train, "valid_loss": valid, "learning_rate": valid, "train_mean_token_accuracy": train}
    svg = draw(series, view=View(log=log, smooth=smooth), best=10, marks=[Mark(5, 0.5)])
    height = float(parsed(svg).get("viewBox").split()[3])
    for ring in of_class(svg, "p-train"):
        assert 55.9 <= float(ring.get("cx")) <= 884.05
        assert 27.9 <= float(ring.get("cy")) <= height


@given(st.lists(st.tuples(st.integers(0, 100), st.floats(-1e6, 1e6)), max_size=50), st.floats(0, 0.99))
def test_a_smoothed_line_stays_between_the_extremes_of_the_true_one(line, factor):
    smoothed = metrics.smooth(line, factor)
    assert [at for at, _ in smoothed] == [at for at, _ in line]
    for _at, value in smoothed:
        assert min(v for _, v in line) - 1e-3 <= value <= max(v for _, v in line) + 1e-3
