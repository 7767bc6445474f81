"""Pessimism about data: workers that oversleep, files that vanish, checks that crash, many hands at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from datasets_app.models import Dataset, Decision, Export, Revision, Sample, Scan, SnapshotEntry, Upload
from datasets_app.pipeline import check as checking
from datasets_app.pipeline import ingest as ingesting
from datasets_app.pipeline import upload_chunks
from datasets_app.pipeline import write_export as exporting
from datasets_app.services import datasets, decisions, exports, samples, snapshots
from datasets_app.tasks import sweep
from ftstudio.accounts.models import User
from ftstudio.accounts.services import invitations
from ftstudio.errors import Conflict, StudioError
from ftstudio.turns import write_turn
from tests import make
from tests.conftest import api_of

CONTRACT = {"text": {"ends_with": ["。"]}}


@pytest.fixture
def rain(alice: Any, project: Any) -> Dataset:
    return make.dataset(alice, project, contract=CONTRACT)


def lease_runs_out(row: Any) -> None:
    type(row).objects.filter(pk=row.pk).update(leased_until=timezone.now() - timedelta(minutes=5))


def at_once(*works: Callable[[], Any]) -> list[Exception]:
    """Do all of it in threads that start together; what they raised that is no refusal."""
    start = threading.Barrier(len(works))
    raised: list[Exception] = []

    def run(work: Callable[[], Any]) -> None:
        try:
            start.wait(timeout=180)
            work()
        except StudioError:
            pass  # a refusal is an answer
        except Exception as error:  # noqa: BLE001  (the test says what it was)
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=180)
        assert not thread.is_alive(), "it does not end"
    return raised


def assert_sound(dataset: Dataset) -> None:
    """Counters equal a recount, positions are 1…n, and every sample shows its newest revision."""
    dataset.refresh_from_db()
    rows = list(Sample.objects.filter(dataset=dataset).order_by("position"))
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    assert (dataset.samples_total, dataset.next_position) == (len(rows), len(rows) + 1)
    counted = {kind: {k: n for k, n in keys.items() if n} for kind, keys in datasets.counts(dataset).items()}
    assert counted == make.counted(dataset)
    for row in rows:
        numbers = sorted(Revision.objects.filter(sample=row).values_list("number", flat=True))
        assert numbers == list(range(1, row.revision_number + 1))


# One worker stalls, another takes over, the first wakes.


def test_an_import_that_slept_through_its_lease_doubles_nothing(
    alice: Any, rain: Dataset, settings: Any, monkeypatch: Any
) -> None:
    settings.INGEST_CHUNK_ROWS = 3
    upload = make.upload(alice, rain, make.jsonl(make.chats(10)))
    real, slept = upload_chunks._store, []

    def sleepy(part: Any, key: str, reading: Any, **how: Any) -> Any:
        chunk = reading()
        slept.append(part.number)
        if len(slept) == 2:  # the second chunk is read, and not yet written; so may be the third
            for held in part.upload.chunks.exclude(lease_key=""):
                lease_runs_out(held)
            ingesting.ingest(upload.pk)
        return real(part, key, lambda: chunk, **how)

    monkeypatch.setattr(upload_chunks, "_store", sleepy)
    ingesting.ingest(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.rows_total, upload.rows_accepted) == ("done", 10, 10)
    assert_sound(rain)


def test_an_export_that_slept_through_its_lease_leaves_the_written_file_alone(
    alice: Any, rain: Dataset, monkeypatch: Any
) -> None:
    make.imported(alice, rain, make.chats(4))
    export = exports.create(actor=alice, snapshot=make.snapshot(alice, rain), codec="openai-chat")
    real, slept = exporting.write_lines, []

    def sleepy(*args: Any, **how: Any) -> Any:
        written = real(*args, **how)
        if not slept:
            slept.append(True)
            lease_runs_out(export)
            exporting.write_export(export.pk)
        return written

    monkeypatch.setattr(exporting, "write_lines", sleepy)
    exporting.write_export(export.pk)
    export = Export.objects.get(pk=export.pk)
    assert export.state == "done"
    with exports.file_of(export) as file:
        assert len(file.read().splitlines()) == 4
    folder, name = export.file.name.rsplit("/", 1)
    assert [one for one in export.file.storage.listdir(folder)[1] if one.startswith(str(export.pk))] == [name]


# What breaks says so, once.


def test_a_check_that_breaks_is_not_tried_for_ever_and_says_so(
    alice: Any, pages: Any, rain: Dataset, monkeypatch: Any
) -> None:
    make.imported(alice, rain, make.chats(3))
    datasets.update(actor=alice, dataset=rain, contract={"text": {"ends_with": ["！"]}})
    with monkeypatch.context() as broken:
        broken.setattr("datasets_app.pipeline.regrade.look", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            checking.check(rain.pk)
    rain.refresh_from_db()
    assert rain.check_broke
    assert rain.leased_until is None
    assert not Dataset.objects.to_check().exists()
    monkeypatch.setattr("datasets_app.tasks.check_dataset.delay", lambda *_: pytest.fail("taken up again"))
    Scan.objects.all().delete()  # the import asked for one
    assert sweep() == 0
    assert "broke on our side" in pages.get(f"/datasets/{rain.pk}/").content.decode()
    datasets.update(actor=alice, dataset=rain, contract=rain.contract)
    checking.check(rain.pk)
    rain.refresh_from_db()
    assert not rain.check_broke
    assert datasets.counts(rain)["rule"] == {"terminal-punctuation": 3}
    assert_sound(rain)


def test_files_that_have_vanished_are_named_as_such(alice: Any, rain: Dataset) -> None:
    upload = make.imported(alice, rain, make.jsonl(make.chats(2)) + b"{\n")
    export = make.export(alice, make.snapshot(alice, rain))
    for file in (upload.file, export.file):
        file.storage.delete(file.name)
    api = api_of(alice)
    for path in (f"uploads/{upload.pk}/rejected/", f"exports/{export.pk}/file/"):
        answer = api.get(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["code"]) == (409, "file_missing")


def test_an_error_does_not_slip_back_in_as_accepted(bob: Any, alice: Any, rain: Dataset) -> None:
    """Bob accepts a clean sample, flags it, breaks it, and takes the flag back."""
    one = make.sample(alice, rain)
    samples.decide(actor=bob, sample=one, decision="accept", revision=1)
    samples.decide(actor=bob, sample=one, decision="flag", revision=1)
    samples.save(actor=bob, sample=one, base_revision=1, messages=make.corrected(one, "没有句号"))
    one = samples.undo(actor=bob, sample=one)
    assert one.status == "pending"
    assert_sound(rain)


def test_the_past_is_exported_whatever_happened_since(alice: Any, rain: Dataset) -> None:
    records = make.chats(5)
    make.imported(alice, rain, records)
    frozen = make.snapshot(alice, rain)
    for one in Sample.objects.filter(dataset=rain).select_related("dataset"):
        samples.save(actor=alice, sample=one, base_revision=1, messages=make.corrected(one, "后来改的。"))
        samples.decide(actor=alice, sample=one, decision="reject", revision=2)
    export = make.export(alice, frozen)
    with exports.file_of(export) as file:
        assert file.read() == make.jsonl(records)


def test_a_stale_save_stays_stale_when_it_is_sent_again(alice: Any, bob: Any, rain: Dataset) -> None:
    one = make.sample(alice, rain)
    samples.save(actor=alice, sample=one, base_revision=1, messages=make.corrected(one, "一。"))
    for _ in range(2):
        with pytest.raises(Conflict) as refused:
            samples.save(
                actor=bob, sample=one, base_revision=1, messages=make.corrected(one, "二。"), client_id="same-request"
            )
        assert refused.value.code == "stale"
    assert Revision.objects.filter(sample=one).count() == 2


# Many hands at once, on SQLite and (make test-services) on PostgreSQL.


@pytest.mark.django_db(transaction=True)
def test_saves_decisions_imports_and_checks_at_once_leave_everything_sound(
    alice: Any, bob: Any, rita: Any, project: Any, settings: Any
) -> None:
    settings.INGEST_CHUNK_ROWS = 7
    rain = make.dataset(alice, project, contract=CONTRACT)
    make.imported(alice, rain, [*make.chats(20), *make.chats(5)])
    first = list(Sample.objects.filter(dataset=rain).select_related("dataset").order_by("position"))
    arrived = [make.upload(alice, rain, make.jsonl(make.chats(n))) for n in (18, 23)]
    datasets.update(actor=alice, dataset=rain, contract={"text": {"ends_with": ["！"], "no_echo": True}})

    def edit(person: Any, answer: str) -> None:
        for one in first:
            now = Sample.objects.select_related("dataset").get(pk=one.pk)
            try:
                turns = make.corrected(now, answer)
                samples.save(actor=person, sample=now, base_revision=now.revision_number, messages=turns, tags=[answer])
            except Conflict:
                continue

    def decide(person: Any, verdicts: tuple[str, ...]) -> None:
        for n, one in enumerate(first):
            now = Sample.objects.select_related("dataset").get(pk=one.pk)
            try:
                decisions.decide(
                    actor=person, sample=now, decision=verdicts[n % len(verdicts)], revision=now.revision_number,
                    client_id=f"{n}", reason="why not",
                )  # fmt: skip
                if n % 3 == 0:
                    decisions.undo(actor=person, sample=now)
            except StudioError:
                continue

    raised = at_once(
        lambda: edit(bob, "甲。"),
        lambda: edit(alice, "乙！"),
        lambda: decide(rita, ("accept", "flag")),
        lambda: decide(bob, ("reject", "skip", "accept")),
        *(lambda upload=upload: ingesting.ingest(upload.pk) for upload in (*arrived, arrived[0])),
        lambda: checking.check(rain.pk),
    )
    assert raised == []
    for upload in arrived:
        ingesting.ingest(upload.pk)
    checking.check(rain.pk)
    assert [one.state for one in Upload.objects.filter(dataset=rain)] == ["done"] * 3
    assert Sample.objects.filter(dataset=rain).count() == 25 + 18 + 23
    assert_sound(rain)


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_that_is_built_during_saves_holds_each_sample_once_as_it_was_at_one_moment(
    alice: Any, bob: Any, project: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("datasets_app.pipeline.freeze.CHUNK", 4)
    rain = make.dataset(alice, project, contract=CONTRACT)
    make.imported(alice, rain, make.chats(20))
    rows = list(Sample.objects.filter(dataset=rain).select_related("dataset"))
    made: list[Any] = []

    def edit() -> None:
        for one in rows:
            samples.save(actor=bob, sample=one, base_revision=1, messages=make.corrected(one, "没有句号"))

    def freeze() -> None:
        made.append(make.snapshot(alice, rain))

    assert at_once(edit, freeze) == []
    [frozen] = made
    assert frozen.state == "ready"
    entries = list(SnapshotEntry.objects.filter(snapshot=frozen).select_related("revision"))
    assert [entry.position for entry in entries] == list(range(1, 21))
    for entry in entries:  # grade and content belong together: the edit is an error, the import was clean
        assert entry.worst == (3 if entry.revision.number == 2 else 0)
    assert frozen.counts["errors"] == sum(entry.worst == 3 for entry in entries)
    assert sum(sum(rules.values()) for rules in frozen.counts["rules"].values()) == frozen.counts["errors"]


@pytest.mark.django_db(transaction=True)
def test_the_same_file_and_the_same_verdict_sent_twice_at_once_count_once(alice: Any, bob: Any, project: Any) -> None:
    rain = make.dataset(alice, project)
    one = make.sample(alice, rain)
    data = make.jsonl(make.chats(3))
    verdict = {"actor": bob, "sample": one, "decision": "accept", "revision": 1, "client_id": "click"}
    edit = {"actor": bob, "sample": one, "base_revision": 1, "client_id": "save"}
    turns = make.corrected(one, "不会。")
    assert at_once(*[lambda: make.upload(alice, rain, data)] * 3) == []
    assert at_once(*[lambda: decisions.decide(**verdict)] * 3) == []
    assert at_once(*[lambda: samples.save(**edit, messages=turns)] * 3) == []
    assert at_once(*[lambda: snapshots.freeze(actor=alice, dataset=rain)] * 3) == []
    assert Upload.objects.filter(dataset=rain).count() == 2
    assert Decision.objects.filter(sample=one).count() == 1
    assert Revision.objects.filter(sample=one).count() == 2
    assert sorted(rain.snapshots.values_list("number", flat=True)) == [1, 2, 3]
    assert_sound(rain)


@pytest.mark.parametrize("client_id", ["x" * 41, "a\x00b"])
def test_a_requests_own_id_is_refused_when_it_cannot_be_kept(
    client_id: str, pages: Any, alice: Any, rain: Dataset
) -> None:
    one = make.sample(alice, rain)
    for verb in ("save", "decide"):
        sent = {"base": 1, "turn": "a", "a-from": 1, "a-text": "会。", "decision": "accept", "client_id": client_id}
        answer = pages.post(f"/samples/{one.pk}/{verb}/", sent)
        assert answer.status_code < 500
    with pytest.raises(StudioError):
        samples.save(
            actor=alice, sample=one, base_revision=1, messages=make.corrected(one, "不。"), client_id=client_id
        )
    assert Revision.objects.filter(sample=one).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_link_that_many_use_at_once_lets_one_in(leo: Any, project: Any) -> None:
    _invitation, secret = invitations.invite(actor=leo, project=project, role="annotator")

    def join(n: int) -> None:
        invitations.accept(secret=secret, username=f"n{n}", email=f"n{n}@example.org", password="correct horse 17")

    assert at_once(*(lambda n=n: join(n) for n in range(4))) == []
    assert project.memberships.filter(role="annotator").count() == 1
    assert User.objects.filter(username__startswith="n").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_waits_in_the_queue_of_writers_for_its_work_instead_of_being_told_that_the_file_is_locked(
    alice: Any, rain: Dataset
) -> None:
    upload = make.upload(alice, rain, make.jsonl(make.chats(1)))
    order: list[str] = []

    def writes() -> None:
        with write_turn():
            both.wait(timeout=180)
            with write_turn():  # who has the turn may ask for it again
                order.extend("write" for _ in range(3) if Upload.objects.filter(pk=upload.pk).update(codec=""))

    def claims() -> None:
        both.wait(timeout=180)
        if Upload.objects.claim(upload.pk, "worker"):
            order.append("claim")

    both = threading.Barrier(2)
    assert at_once(writes, claims) == []
    assert sorted(order) == ["claim", "write", "write", "write"]
    if connection.vendor == "sqlite":
        assert order[-1] == "claim"
