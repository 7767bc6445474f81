"""While the broker is away (stopped, unreachable, or up and silent) people go on working, and nothing waits for it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, Task
from django.core.cache.backends.redis import RedisCache
from django.test import Client, override_settings

from ftstudio import queue
from ftstudio.cache import SoftRedisCache
from ftstudio.patience import broker
from tests.conftest import PASSWORD


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody has failed yet; and what fails is left alone until the test is over, however slow the machine is."""
    monkeypatch.setattr(broker, "seconds", 600)
    broker.answered()
    yield
    broker.answered()


@pytest.fixture
def nowhere(tmp_path: Path) -> str:
    """A socket that nobody listens on."""
    return str(tmp_path / "gone.sock")


class Silent:
    """A socket whose server takes every call and says nothing."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(path)
        self._door.listen(64)
        self._door.setblocking(False)
        self._calls: list[socket.socket] = []

    def calls(self) -> int:
        """How often somebody has called so far."""
        with suppress(BlockingIOError):
            while True:
                self._calls.append(self._door.accept()[0])
        return len(self._calls)

    def close(self) -> None:
        for one in (*self._calls, self._door):
            one.close()


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Silent]:
    with closing(Silent(str(tmp_path / "silent.sock"))) as server:
        yield server


def task_over(path: str) -> Task:
    app = Celery("away", broker=f"redis+socket://{path}", set_as_current=False)
    app.conf.broker_transport_options = {"socket_connect_timeout": 2}

    @app.task(name="away.task")
    def nothing(pk: str) -> str:
        return pk

    return nothing


def cache_over(path: str) -> SoftRedisCache:
    return SoftRedisCache(f"unix://{path}", {"OPTIONS": {"socket_timeout": 0.3, "socket_connect_timeout": 0.3}})


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that kombu and the Redis client pause for between two tries; they do not pause here."""
    pauses: list[float] = []
    for module in ("kombu.utils.functional", "redis.retry"):
        monkeypatch.setattr(f"{module}.sleep", pauses.append)
    return pauses


def test_handing_over_work_does_not_wait_for_a_broker_that_is_gone(nowhere: str, slept: list[float]) -> None:
    queue.send(task_over(nowhere), ("1",))
    assert not broker.may_be_asked()
    assert sum(slept) == 0


def test_after_one_failure_nobody_waits_for_a_silent_broker_again(silent: Silent) -> None:
    task = task_over(silent.path)
    queue.send(task, ("1",))
    before = silent.calls()
    assert before
    for _ in range(20):
        queue.send(task, ("2",))
    assert silent.calls() == before
    assert not broker.may_be_asked()


def test_a_throttle_still_counts_while_the_cache_is_away(nowhere: str) -> None:
    cache = cache_over(nowhere)
    assert cache.add("tries", 1)
    assert not cache.add("tries", 1)
    assert cache.incr("tries") == 2
    assert cache.get("tries") == 2
    assert cache.get_many(["tries"]) == {"tries": 2}
    cache.set("tries", 7)
    cache.delete("tries")
    assert cache.get("tries", "none") == "none"


def test_one_slow_answer_of_the_cache_is_the_last_one_waited_for(silent: Silent) -> None:
    cache = cache_over(silent.path)
    cache.get("a")
    before = silent.calls()
    assert before
    for _ in range(20):
        cache.get("a")
    assert silent.calls() == before


def test_every_way_of_asking_the_cache_is_soft() -> None:
    asks = {name for name in vars(RedisCache) if not name.startswith("_") and callable(vars(RedisCache)[name])}
    assert asks - {"get_backend_timeout"} <= set(vars(SoftRedisCache))


def test_people_sign_in_and_are_throttled_while_the_broker_is_away(nowhere: str, alice: Any) -> None:
    away = {"default": {"BACKEND": "ftstudio.cache.SoftRedisCache", "LOCATION": f"unix://{nowhere}"}}
    limits = {"login": "30/m/ip", "login_failed": "20/m/ip,2/5m/key"}
    with override_settings(CACHES=away, ACCOUNT_RATE_LIMITS=limits):
        answers = [
            Client().post("/account/login/", {"login": "alice", "password": password})
            for password in (PASSWORD, "wrong", "wrong", "wrong", PASSWORD)
        ]
    assert answers[0].status_code == 302
    assert [answer.status_code for answer in answers[1:3]] == [200, 200]
    assert "Too many failed" in answers[4].content.decode()
