from __future__ import annotations

import base64
import math

from hypothesis import example, given
from hypothesis import strategies as st

from jobs_app.core.metrics import NAMES, Point, downsample, from_csv, from_data, series, validation

CSV = b"step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n1,2.5,0.3,,\n2,2.0,0.4,2.2,0.35\n3,,,,\n"
READ = [
    Point(1, "train_loss", 2.5),
    Point(1, "train_mean_token_accuracy", 0.3),
    Point(2, "train_loss", 2.0),
    Point(2, "train_mean_token_accuracy", 0.4),
    Point(2, "valid_loss", 2.2),
    Point(2, "valid_mean_token_accuracy", 0.35),
]


def test_the_figures_of_a_metrics_event_are_read_and_the_rest_is_left():
    data = {"step": 88, "total_steps": 100, "train_loss": 0.478, "train_mean_token_accuracy": 0.924, "lr": 1e-4}
    assert from_data(data | {"batch_size": 8, "gpu": "x"}) == [
        Point(88, "train_loss", 0.478),
        Point(88, "train_mean_token_accuracy", 0.924),
        Point(88, "learning_rate", 1e-4),
    ]


def test_what_is_null_or_missing_is_absent_and_never_zero():
    assert from_data({"step": 1, "train_loss": None, "valid_loss": ""}) == []
    assert from_data(None) == from_data({}) == from_data("x") == from_data({"train_loss": 1.0}) == []


def test_a_loss_that_is_no_number_any_more_is_kept():
    (point,) = from_data({"step": 3, "train_loss": "NaN"})
    assert math.isnan(point.value)


def test_a_result_table_is_read_by_its_header():
    assert from_csv(CSV) == READ


def test_a_result_table_may_come_in_base64_with_other_headers_and_a_byte_order_mark():
    other = CSV.replace(b"train_accuracy", b"training_token_accuracy").replace(b"valid_loss", b"validation_loss")
    assert from_csv(base64.b64encode(other)) == READ
    assert from_csv(b"\xef\xbb\xbf" + CSV) == READ
    assert from_csv(base64.encodebytes(CSV)) == READ or from_csv(base64.encodebytes(CSV)) == []


def test_anything_else_is_no_table():
    for content in (b"", b"<html></html>", b"\xff\xfe\x00", b"{}", b"a,b\n1,2\n"):
        assert from_csv(content) == []


def test_where_the_whole_set_was_measured_the_mini_batches_are_left_out():
    """The provider's own example has 10.112 on a mini-batch beside 0.567 on the whole set."""
    lines = series(from_data({"step": 88, "train_loss": 0.478, "valid_loss": 10.112, "full_valid_loss": 0.567}))
    assert validation(lines) == [(88, 0.567)]
    assert "valid_loss" not in lines


def test_lines_are_in_the_order_of_their_steps_and_the_last_word_counts():
    points = [Point(3, "train_loss", 0.3), Point(1, "train_loss", 0.9), Point(3, "train_loss", 0.25)]
    assert series(points) == {"train_loss": [(1, 0.9), (3, 0.25)]}
    assert series([]) == {}
    assert validation({}) == []


values = (
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=6) | st.lists(st.integers(), max_size=2)
)


@given(st.dictionaries(st.sampled_from([*NAMES, "step", "Step", "loss"]) | st.text(max_size=6), values))
def test_whatever_a_provider_sends_is_read_without_an_accident(data):
    for point in from_data(data):
        assert point.name in NAMES
        assert point.step >= 0


@given(st.binary(max_size=300))
@example(b"\r\x00")  # a lone carriage return, which Python's reader refuses in the middle of a field
def test_no_result_file_is_strange_enough_to_break_the_reading(content):
    from_csv(content)
    from_csv(b"step,train_loss\n" + content)


@given(st.lists(st.floats(allow_nan=True), max_size=400), st.integers(2, 30))
def test_a_long_line_keeps_its_ends_its_order_and_its_peaks(ys, buckets):
    line = list(enumerate(ys))
    kept = downsample(line, buckets)
    assert len(kept) <= 2 * buckets
    assert [step for step, _ in kept] == sorted({step for step, _ in kept})
    assert {step for step, _ in kept} <= {step for step, _ in line}
    if line:
        assert (kept[0][0], kept[-1][0]) == (line[0][0], line[-1][0])
    finite = [y for y in ys if math.isfinite(y)]
    if finite:
        seen = [y for _, y in kept if math.isfinite(y)]
        assert (min(seen), max(seen)) == (min(finite), max(finite))
