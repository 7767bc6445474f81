"""Once a day every account is asked which models it lists; who rests on one that stops is told, once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from ftstudio.accounts.models import Notification, User
from jobs_app.models import Connection, Job, SeenModel
from jobs_app.pipeline import read_models as reading
from jobs_app.pipeline.read_models import due, read_models
from jobs_app.providers._openai_models import listed
from jobs_app.providers.base import Listed

pytestmark = pytest.mark.django_db
STOPS = date(2027, 1, 14)


class Account:
    """A provider that lists what it is told to."""

    def __init__(self, *models: Listed) -> None:
        self.listed = models

    def models(self) -> tuple[Listed, ...]:
        return self.listed

    def close(self) -> None:
        pass


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> Any:
    def show(*models: Listed) -> None:
        monkeypatch.setattr(reading, "client_of", lambda connection: Account(*models))

    return show


def a_day_later(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(models_at=timezone.now() - timedelta(hours=25))


def test_the_list_is_read_once_a_day_and_what_is_gone_goes(connection: Connection, lists: Any) -> None:
    assert due() == [connection.pk]
    lists(Listed("a", STOPS), Listed("b"))
    read_models(connection.pk)
    assert due() == []
    lists(Listed("c"))
    read_models(connection.pk)
    assert dict(SeenModel.objects.values_list("model", "sunset_at")) == {"a": STOPS, "b": None}
    a_day_later(connection)
    read_models(connection.pk)
    assert list(SeenModel.objects.values_list("model", flat=True)) == ["c"]
    a_day_later(connection)
    lists()
    read_models(connection.pk)
    assert SeenModel.objects.count() == 1


def test_leads_are_told_once_of_a_model_in_use_that_stops(
    alice: User, leo: User, bob: User, connection: Connection, lists: Any
) -> None:
    Job.objects.create(
        project=connection.project, connection=connection, name="j", marker="m", created_by=alice, base_model="a"
    )
    lists(Listed("a", STOPS), Listed("unused", STOPS))
    for _ in range(2):
        read_models(connection.pk)
        a_day_later(connection)
    told = Notification.objects.values_list("person__username", flat=True)
    assert sorted(told) == ["alice", "leo"]
    lists(Listed("a", STOPS - timedelta(days=30)))
    read_models(connection.pk)
    assert Notification.objects.count() == 4


def test_the_day_of_an_openai_model_is_read_and_nonsense_is_none() -> None:
    page = {"data": [{"id": "a", "shutdown_date": "2027-01-14"}, {"id": "b", "shutdown_date": "soon"}, {"id": ""}, 7]}
    assert [(model.id, model.until) for model in listed(page)] == [("a", STOPS), ("b", None)]
