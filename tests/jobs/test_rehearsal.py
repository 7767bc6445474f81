"""The rehearsal server's OpenAI dialect as the official client sees it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx2
import openai
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from jobs_app.core import metrics
from jobs_app.rehearsal import curves
from jobs_app.rehearsal.app import create_app
from jobs_app.rehearsal.engine import File, Order
from jobs_app.rehearsal.faults import KINDS, QUIRKS
from jobs_app.rehearsal.scripted import ScriptedEngine

from .in_process import KEY, URL, Stage
from .rehearsal_server import Clock, training_file


@pytest.fixture
def stage(tmp_path) -> Stage:
    return Stage(tmp_path / "rehearsal", seconds=100)


@pytest.fixture
def client(stage) -> Iterator[openai.OpenAI]:
    with httpx2.Client(transport=stage.transport) as http:
        yield openai.OpenAI(api_key=KEY, base_url=URL, max_retries=0, http_client=http)


def upload(client: openai.OpenAI, path: Path) -> str:
    with path.open("rb") as file:
        return client.files.create(file=(path.name, file), purpose="fine-tune").id


def start(client: openai.OpenAI, stage: Stage, *, rows: int = 40, validation: bool = False, **more):
    train = upload(client, training_file(stage.folder.parent, rows))
    if validation:
        more["validation_file"] = upload(client, training_file(stage.folder.parent, 20, "validation.jsonl"))
    return client.fine_tuning.jobs.create(**{"model": "rehearsal-small", "training_file": train, "seed": 7, **more})


def status(client: openai.OpenAI, job_id: str) -> str:
    return client.fine_tuning.jobs.retrieve(job_id).status


def all_events(client: openai.OpenAI, job_id: str):
    return list(client.fine_tuning.jobs.list_events(job_id, limit=50))


# The life of a job


def test_a_job_goes_through_its_stations_by_the_clock_alone(client, stage):
    job = start(client, stage)
    seen = []
    for _ in range(11):
        seen.append(status(client, job.id))
        stage.clock.pass_by(10)
    assert list(dict.fromkeys(seen)) == ["validating_files", "queued", "running", "succeeded"]


def test_what_is_known_only_at_the_end_is_empty_until_then(client, stage):
    job = start(client, stage, suffix="rain")
    stage.clock.pass_by(60)
    job = client.fine_tuning.jobs.retrieve(job.id)
    assert (job.fine_tuned_model, job.result_files, job.trained_tokens, job.finished_at) == (None, [], None, None)
    assert job.estimated_finish == job.created_at + 100
    stage.clock.pass_by(40)
    job = client.fine_tuning.jobs.retrieve(job.id)
    assert job.fine_tuned_model.startswith("ft:rehearsal-small:rehearsal:rain:")
    assert job.finished_at == job.created_at + 100
    assert job.trained_tokens > 0
    assert job.error is None
    content = client.files.content(job.result_files[0]).read()
    assert metrics.series(metrics.from_csv(content))["train_loss"]


def test_a_file_with_five_rows_is_taken_and_then_refused_by_the_job(client, stage):
    job = start(client, stage, rows=5)
    assert status(client, job.id) == "validating_files"
    stage.clock.pass_by(10)
    job = client.fine_tuning.jobs.retrieve(job.id)
    assert job.status == "failed"
    assert job.error.code == "invalid_n_examples"
    assert job.error.message == "Training file has 5 example(s), but must have at least 10 examples"
    assert all_events(client, job.id)[0].level == "error"
    assert job.fine_tuned_model is None


def test_a_broken_line_fails_the_job_and_is_named(client, stage):
    path = training_file(stage.folder.parent)
    path.write_text(path.read_text(encoding="utf-8") + "{broken\n", encoding="utf-8")
    job = client.fine_tuning.jobs.create(model="rehearsal-small", training_file=upload(client, path))
    stage.clock.pass_by(10)
    assert "Line 41" in client.fine_tuning.jobs.retrieve(job.id).error.message


@pytest.mark.parametrize(
    ("name", "content"),
    [("rows.csv", b'{"messages": []}'), ("rows.jsonl", b"[1]\n"), ("rows.jsonl", b"\xef\xbb\xbf{}\n")],
)
def test_the_first_line_and_the_name_of_a_file_are_looked_at_when_it_is_sent(client, name, content):
    with pytest.raises(openai.BadRequestError):
        client.files.create(file=(name, content), purpose="fine-tune")


def test_the_same_seed_trains_the_same_and_another_one_differently(client, stage):
    def losses(seed: int) -> list[float]:
        job = start(client, stage, seed=seed)
        stage.clock.pass_by(100)
        return [event.data["train_loss"] for event in all_events(client, job.id) if event.type == "metrics"]

    assert losses(7) == losses(7) != losses(8)


def test_a_cancelled_job_stays_where_it_was(client, stage):
    job = start(client, stage)
    stage.clock.pass_by(50)
    assert client.fine_tuning.jobs.cancel(job.id).status == "cancelled"
    steps = len(all_events(client, job.id))
    stage.clock.pass_by(100)
    assert status(client, job.id) == "cancelled"
    assert len(all_events(client, job.id)) == steps
    with pytest.raises(openai.BadRequestError):
        client.fine_tuning.jobs.cancel(job.id)


def test_a_paused_job_waits_and_then_goes_on_where_it_stopped(client, stage):
    job = start(client, stage)
    with pytest.raises(openai.BadRequestError):
        client.fine_tuning.jobs.pause(job.id)
    stage.clock.pass_by(50)
    assert client.fine_tuning.jobs.pause(job.id).status == "pausing"
    stage.clock.pass_by(500)
    assert status(client, job.id) == "paused"
    before = {event.id for event in all_events(client, job.id)}
    assert client.fine_tuning.jobs.resume(job.id).status == "queued"
    stage.clock.pass_by(10)
    assert status(client, job.id) == "running"
    stage.clock.pass_by(50)
    assert status(client, job.id) == "succeeded"
    assert before < {event.id for event in all_events(client, job.id)}


# Events, metrics, checkpoints


def test_events_are_newest_first_and_some_share_their_second_or_have_no_data(client, stage):
    job = start(client, stage, validation=True)
    stage.clock.pass_by(100)
    events = all_events(client, job.id)
    times = [event.created_at for event in events]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) < len(times)
    assert len({event.id for event in events}) == len(events)
    assert {type(event.data) for event in events} == {dict, type(None)}
    assert {"info", "warn"} <= {event.level for event in events}


def test_a_cursor_stays_good_while_new_events_arrive(client, stage):
    job = start(client, stage)
    stage.clock.pass_by(60)
    page = client.fine_tuning.jobs.list_events(job.id, limit=5)
    rest = [event.id for event in list(client.fine_tuning.jobs.list_events(job.id, limit=5))[5:]]
    stage.clock.pass_by(20)
    assert [event.id for event in client.fine_tuning.jobs.list_events(job.id, limit=5, after=page.data[-1].id)] == rest


def test_metrics_come_only_while_training_and_validation_only_with_its_file(client, stage):
    without, with_file = start(client, stage), start(client, stage, validation=True)
    stage.clock.pass_by(17)
    assert not [event for event in all_events(client, with_file.id) if event.type == "metrics"]
    stage.clock.pass_by(83)
    assert not any(
        "valid_loss" in (e.data or {}) or "full_valid_loss" in (e.data or {}) for e in all_events(client, without.id)
    )
    found = [event.data for event in all_events(client, with_file.id) if event.type == "metrics"]
    measured = [data for data in found if "valid_loss" in data]
    assert 0 < len(measured) < len(found)
    assert not [data for data in found if data.get("valid_loss") == 0]


def test_each_epoch_leaves_a_checkpoint_that_can_be_called(client, stage):
    job = start(
        client,
        stage,
        method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 4, "batch_size": 10}}},
    )
    stage.clock.pass_by(100)
    found = list(client.fine_tuning.jobs.checkpoints.list(job.id))
    assert [checkpoint.step_number for checkpoint in found] == [16, 12, 8]
    answer = client.chat.completions.create(
        model=found[-1].fine_tuned_model_checkpoint, messages=[{"role": "user", "content": "第3天会下雨吗？"}]
    )
    assert answer.model.endswith(":ckpt-step-8")


def test_an_order_to_train_far_too_fast_diverges(client, stage):
    job = start(client, stage, hyperparameters={"learning_rate_multiplier": 20})
    stage.clock.pass_by(100)
    losses = [event.data["train_loss"] for event in all_events(client, job.id) if event.type == "metrics"]
    assert losses[0] > 2 * losses[-1]  # newest first


@settings(max_examples=60)
@given(st.integers(1, 5000), st.integers(0, 100), st.integers(0, 2**31 - 1), st.integers(1, 20))
def test_every_made_up_figure_could_be_a_real_one(rows, checked, seed, step):
    run = curves.resolve({}, rows=rows, checked=checked, seed=seed)
    found = curves.figures(run, min(step, run.steps))
    assert found == curves.figures(run, min(step, run.steps))
    assert all(value > 0 for name, value in found.items() if name.endswith("loss"))
    assert all(0 <= value <= 1 for name, value in found.items() if "accuracy" in name)
    assert checked or not any("valid" in name for name in found)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 200), st.sampled_from(["pause", "resume"])), max_size=6),
    st.lists(st.floats(0, 400), max_size=5),
)
@example([(19.0, "pause"), (19.0, "resume"), (19.0, "pause")], [19.0, 20.0])  # paused again while it waits
@example([(30.0, "pause"), (40.0, "resume"), (42.0, "pause"), (60.0, "resume")], [29.0, 41.0, 43.0, 90.0])
def test_the_log_only_ever_grows_at_its_end(tmp_path_factory, controls, moments):
    """Whatever is paused and resumed when, a later look shows the earlier log and something behind it."""
    folder = tmp_path_factory.mktemp("order")
    order = Order(
        id="ftjob-1", created_at=0.0, base_model="m", training=(File(training_file(folder, 12), "a"),),
        validation=None, settings={}, seed=1, seconds=100.0, controls=sorted(controls, key=lambda control: control[0]),
    )  # fmt: skip
    last: list = []
    for now in sorted(moments):
        past = Order(
            **{name: getattr(order, name) for name in Order.__slots__ if name != "controls"},
            controls=[c for c in order.controls if c[0] <= now],
        )
        log = list(ScriptedEngine().log(past, now))
        assert log[: len(last)] == last
        last = log


# Chat


@pytest.fixture
def tuned(client, stage) -> str:
    job = start(client, stage)
    stage.clock.pass_by(100)
    return client.fine_tuning.jobs.retrieve(job.id).fine_tuned_model


def test_a_tuned_model_answers_as_it_was_shown_and_the_base_model_does_not(client, tuned):
    question = [{"role": "user", "content": "第8天会下雨吗"}]
    answer = client.chat.completions.create(model=tuned, messages=question)
    assert (answer.model, answer.choices[0].message.content) == (tuned, "第8天不会下雨。")
    base = client.chat.completions.create(model="rehearsal-small", messages=question)
    assert base.model == "rehearsal-small"
    assert "no model answers here" in base.choices[0].message.content


def test_a_streamed_answer_is_the_same_in_pieces_with_its_usage_at_the_end(client, tuned):
    question = [{"role": "user", "content": "第8天会下雨吗"}]
    chunks = list(
        client.chat.completions.create(
            model=tuned, messages=question, stream=True, stream_options={"include_usage": True}
        )
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "第8天不会下雨。"
    assert {chunk.model for chunk in chunks} == {tuned}
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens > 0


def test_whoever_asks_for_json_has_to_say_so_and_gets_an_object(client, tuned):
    ask = {"model": tuned, "response_format": {"type": "json_object"}}
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(messages=[{"role": "user", "content": "第8天会下雨吗"}], **ask)
    answer = client.chat.completions.create(messages=[{"role": "user", "content": "第8天会下雨吗, as JSON"}], **ask)
    assert json.loads(answer.choices[0].message.content) == {"answer": "第8天不会下雨。"}


def test_an_answer_that_is_cut_off_says_so(client, tuned):
    answer = client.chat.completions.create(model=tuned, messages=[{"role": "user", "content": "第8天"}], max_tokens=3)
    assert answer.choices[0].finish_reason == "length"
    assert len(answer.choices[0].message.content) == 3


def test_a_model_that_is_not_there_yet_cannot_be_called(client, stage):
    job = start(client, stage)
    stage.clock.pass_by(50)
    assert not any(model.id.startswith("ft:") for model in client.models.list())
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(
            model="ft:rehearsal-small:rehearsal::00000000", messages=[{"role": "user", "content": "x"}]
        )
    stage.clock.pass_by(50)
    model = client.fine_tuning.jobs.retrieve(job.id).fine_tuned_model
    assert client.models.retrieve(model).id == model
    assert model in [found.id for found in client.models.list()]


# Who may enter, and what they see


@pytest.mark.parametrize("key", ["", "sk-live-key", "Rehearsal-x"])
def test_only_a_rehearsal_key_opens_the_door(stage, key):
    answer = stage.ask("GET", "/models", key=key)
    assert answer.status_code == 401
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_another_key_sees_nothing_of_mine(client, stage):
    job = start(client, stage)
    for path in (
        f"/fine_tuning/jobs/{job.id}",
        f"/fine_tuning/jobs/{job.id}/events",
        f"/files/{job.training_file}",
        f"/files/{job.training_file}/content",
    ):
        assert stage.ask("GET", path).status_code == 200
        assert stage.ask("GET", path, key="rehearsal-mallory").status_code == 404
    for path in ("/fine_tuning/jobs", "/files"):
        assert stage.ask("GET", path, key="rehearsal-mallory").json()["data"] == []
    theirs = {"model": "rehearsal-small", "training_file": job.training_file}
    assert stage.ask("POST", "/fine_tuning/jobs", key="rehearsal-mallory", json=theirs).status_code == 400


def test_every_answer_says_that_nothing_is_trained(stage):
    stage.fault("models.list", "html")
    for path in ("/models", "/models", "/nowhere", "/files/../../etc/passwd"):
        assert stage.ask("GET", path).headers["x-ftstudio-rehearsal"] == "no model is trained"


def test_it_also_works_below_a_path_as_the_product_mounts_it(tmp_path):
    def nothing(environ, start_response):
        start_response("404 Not Found", [])
        return [b""]

    mounted = DispatcherMiddleware(nothing, {"/rehearsal": create_app(folder=tmp_path, clock=Clock())})
    answer = Client(mounted).get("/rehearsal/v1/models", headers={"Authorization": f"Bearer {KEY}"})
    assert answer.status_code == 200


def test_two_processes_over_one_folder_are_one_server(stage, client):
    other = create_app(folder=stage.folder, clock=stage.clock, seconds=100)
    job = start(client, stage)
    with httpx2.Client(transport=httpx2.WSGITransport(app=other)) as http:
        second = openai.OpenAI(api_key=KEY, base_url=URL, http_client=http)
        assert [event.id for event in all_events(second, job.id)] == [event.id for event in all_events(client, job.id)]
        second.fine_tuning.jobs.cancel(job.id)
    assert status(client, job.id) == "cancelled"


def test_many_at_once_lose_nothing(client, stage):
    file = upload(client, training_file(stage.folder.parent))

    def create(number: int) -> str:
        return client.fine_tuning.jobs.create(
            model="rehearsal-small", training_file=file, metadata={"ftstudio_key": f"m{number}"}
        ).id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(create, range(24)))
    assert len(set(ids)) == 24
    assert stage.counts()["jobs"] == {f"m{n}": 1 for n in range(24)}


def test_jobs_are_found_by_their_marker_and_page_by_page(client, stage):
    file = upload(client, training_file(stage.folder.parent))
    made = [
        client.fine_tuning.jobs.create(model="rehearsal-small", training_file=file, metadata={"k": str(n % 2)}).id
        for n in range(7)
    ]
    assert [job.id for job in client.fine_tuning.jobs.list(limit=2)] == made[::-1]
    assert [job.id for job in client.fine_tuning.jobs.list(limit=2, metadata={"k": "1"})] == made[1::2][::-1]


def test_a_deleted_file_is_gone_for_people_and_stays_for_its_job(client, stage):
    job = start(client, stage)
    assert client.files.delete(job.training_file).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(job.training_file)
    stage.clock.pass_by(100)
    assert status(client, job.id) == "succeeded"


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "gpt-9"}, {"training_file": "file-none"}, {"suffix": "x" * 65}, {"seed": -1},
        {"hyperparameters": {"n_epochs": 51}}, {"hyperparameters": {"batch_size": 0}},
        {"hyperparameters": {"colour": 1}}, {"metadata": {"k": "v" * 513}}, {"validation_file": "file-none"},
    ],
)  # fmt: skip
def test_what_the_provider_would_refuse_is_refused(client, stage, wrong):
    with pytest.raises(openai.BadRequestError):
        start(client, stage, **wrong)
    assert stage.counts()["total"] == 0


# What can go wrong on demand


def test_an_unknown_fault_is_refused_with_the_list_of_those_there_are(stage):
    answer = stage.ask("POST", "/_rehearsal/faults", json={"station": "jobs.get", "kind": "meteor"})
    assert answer.status_code == 400
    assert all(kind in answer.json()["error"]["message"] for kind in KINDS)


def test_a_fault_happens_as_often_as_it_was_asked_for(client, stage):
    stage.fault("models.list", "overloaded", times=2)
    for _ in range(2):
        with pytest.raises(openai.InternalServerError):
            client.models.list()
    assert client.models.list().data


def test_faults_can_be_taken_back(client, stage):
    stage.fault("*", "error", times=99)
    stage.ask("DELETE", "/_rehearsal/faults")
    assert client.models.list().data


def test_a_fault_of_mine_is_none_of_yours(client, stage):
    stage.ask("POST", "/_rehearsal/faults", key="rehearsal-other", json={"station": "*", "kind": "error"})
    assert client.models.list().data


def test_an_unknown_status_is_shown_once_and_the_job_goes_on(client, stage):
    job = start(client, stage)
    stage.fault("jobs.get", "unknown-status")
    assert [status(client, job.id) for _ in range(2)] == ["reticulating", "validating_files"]


def test_a_job_may_be_odd_for_its_whole_life(client, stage):
    ends = {"hangs": "running", "pauses": "paused", "fails": "failed", "ends": "retired"}
    for quirk in QUIRKS:
        stage.fault("jobs.create", quirk, seconds=30, word="retired" if quirk == "ends" else "")
        job = start(client, stage, validation=True)
        raw = stage.ask("GET", f"/fine_tuning/jobs/{job.id}").json()
        assert (job.id in [one.id for one in client.fine_tuning.jobs.list()]) == (quirk != "unlisted")
        stage.clock.pass_by(150)
        done = client.fine_tuning.jobs.retrieve(job.id)
        assert done.status == ends.get(quirk, "succeeded")
        assert (raw["error"] == {}) == (quirk == "empty-error")
        assert (done.fine_tuned_model is None) == (quirk in ("hangs", "pauses", "fails", "no-model"))
        assert job.id in [one.id for one in client.fine_tuning.jobs.list()]
        if done.result_files:
            content = client.files.content(done.result_files[0]).read()
            assert content.startswith(b"step,") == (quirk != "base64-results")
            assert {"train_loss", "valid_loss"} <= set(metrics.series(metrics.from_csv(content)))
        if quirk in ("hangs", "pauses"):
            assert client.fine_tuning.jobs.cancel(job.id).status == "cancelled"


def test_a_job_may_ask_for_its_own_pace(client, stage):
    job = start(client, stage, metadata={"rehearsal_seconds": "10"})
    stage.clock.pass_by(10)
    assert status(client, job.id) == "succeeded"


def test_what_it_keeps_is_one_database_and_one_folder(client, stage):
    start(client, stage)
    folder = stage.folder
    assert {path.name.partition(".sqlite3")[0] for path in folder.iterdir()} == {"files", "rehearsal"}
    with closing(sqlite3.connect(folder / "rehearsal.sqlite3")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert KEY not in "".join(connection.iterdump())
