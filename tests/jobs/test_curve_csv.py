from __future__ import annotations

import base64
import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftstudio.errors import InvalidInput
from jobs_app.core import curve_csv
from jobs_app.core.metrics import NAMES, Point

S1 = b"step,loss\n0,2.5\n100,0.3\n150,0.2\n2500,0.19\n"
READ = [
    Point(0, "train_loss", 2.5),
    Point(100, "train_loss", 0.3),
    Point(150, "train_loss", 0.2),
    Point(2500, "train_loss", 0.19),
]


def test_the_four_points_of_the_weather_run_are_read():
    table = curve_csv.read(S1)
    assert table.points == READ
    assert table.columns == {"step": "step", "loss": "train_loss"}


def test_one_table_in_every_wrapping_a_trainer_or_a_spreadsheet_gives_it():
    text = S1.decode()
    for wrapped in (
        base64.b64encode(S1),
        base64.encodebytes(S1),
        b"\xef\xbb\xbf" + S1,
        text.encode("utf-16"),
        text.replace(",", ";").replace("\n", "\r\n").encode(),
        text.replace(",", "\t").encode(),
        text.replace("step", "步数").replace("loss", "训练损失").encode("gb18030"),
        b"\n\n" + S1.replace(b"\n", b"\n\n"),
        b"Wall time;Global Step;Train/Loss\n" + b"".join(b"1;%d;%r\n" % (p.step, p.value) for p in READ),
    ):
        assert curve_csv.read(wrapped).points == READ, wrapped


def test_the_log_of_a_local_trainer_with_its_holes_is_read():
    log = b"epoch,step,loss,grad_norm,learning_rate,eval_loss,eval_runtime\n0.5,10,1.2,3.4,0.0002,,\n1,20,,,,0.9,7\n"
    table = curve_csv.read(log)
    assert Point(20, "valid_loss", 0.9) in table.points
    assert Point(10, "grad_norm", 3.4) in table.points
    assert table.ignored == ("eval_runtime",)


def test_a_table_that_counts_passes_has_passes_for_steps():
    table = curve_csv.read(b"epoch,accuracy,loss,val_accuracy,val_loss\n0,0.5,1.0,0.4,1.1\n1,0.6,0.8,0.5,0.9\n")
    assert table.counted_in == "epoch"
    assert Point(1, "valid_loss", 0.9) in table.points


def test_a_person_says_what_the_columns_are_where_the_headers_do_not():
    exported = b"Wall time,Step,Value\n1.5,10,0.7\n"
    table = curve_csv.read(exported, {"Value": "valid_loss"})
    assert table.points == [Point(10, "valid_loss", 0.7)]
    both = b"step,loss,train_loss\n1,0.5,0.6\n"
    assert curve_csv.read(both, {"train_loss": ""}).points == [Point(1, "train_loss", 0.5)]


@pytest.mark.parametrize(
    ("content", "mapping", "says"),
    [
        (b"", {}, "empty"),
        (b"step,loss\n", {}, "no figures"),
        (b"a,b\n1,2\n", {}, "No column says the step. The file has a, b"),
        (b"step,gpu\n1,2\n", {}, "No column says a loss"),
        (b"step,loss\n1,0.5\n2500,<0.2\n", {}, "Line 3: “<0.2” is no number."),
        (b"step,loss\nx,0.5\n1.5,1\n-1,1\n", {}, "Line 2: “x” is no step. Line 3: “1.5” is no step. Line 4: “-1”"),
        (b"step,loss,train_loss\n1,2,3\n", {}, "“loss” and “train_loss” are both read as train_loss"),
        (b"step,loss\n1,2\n", {"lose": "train_loss"}, "no column “lose”"),
        (b"step,loss\n1,2\n", {"loss": "happiness"}, "“happiness” is not one of"),
        (b"\x89PNG\r\n\x1a\n\0\0", {}, "no text file"),
        (b'step,loss\n"1,2\n', {}, "is not CSV"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(content, mapping, says):
    with pytest.raises(InvalidInput) as refused:
        curve_csv.read(content, mapping)
    assert says in refused.value.message


figures = st.floats(allow_nan=False) | st.just(math.inf)
points = st.lists(
    st.builds(Point, st.integers(0, 2**31 - 1), st.sampled_from(NAMES), figures),
    min_size=1,
    unique_by=lambda point: (point.step, point.name),
).filter(lambda found: any(point.name not in ("epoch", "tokens") for point in found))


@given(points)
def test_what_is_written_is_read_again(points):
    written = curve_csv.write(points)
    assert written.startswith("step,train_loss,valid_loss,full_valid_loss,")
    assert curve_csv.read(written.encode()).points == sorted(points)
    assert curve_csv.write(curve_csv.read(written.encode()).points) == written


def test_several_runs_share_a_table_and_no_name_is_a_formula():
    table = curve_csv.write_several([("1", "=HYPERLINK(1)", READ[:1]), ("2", "雨", READ[:1])])
    assert table.splitlines()[0].startswith("run,name,step,train_loss,")
    assert table.splitlines()[1].startswith("1,'=HYPERLINK(1),0,2.5,")
    assert table.splitlines()[2].startswith("2,雨,0,2.5,")


@given(st.binary(max_size=200))
def test_no_file_is_strange_enough_for_an_accident(content):
    for given_file in (content, b"step,loss\n" + content):
        with contextlib.suppress(InvalidInput):
            curve_csv.read(given_file)
