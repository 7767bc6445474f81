"""Workers killed with -9 while they send a message to a hook or have pairs proposed: nothing lost, nothing hidden."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.wrappers import Request, Response

from jobs_app.core import standard_webhooks

from .house import Foreman, House
from .rehearsal import Rehearsal, rehearsal_server
from .rehearsal_server import serve
from .senders import SECRET

# What is remembered before what is the same on every database; submit and poll are killed on each of them.
pytestmark = [pytest.mark.killing, pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def reached() -> list[str]:
    return []


@pytest.fixture
def rehearsal(tmp_path: Path, reached: list[str]) -> Iterator[Rehearsal]:
    with rehearsal_server(tmp_path / "rehearsal", reached=reached) as running:
        yield running


@pytest.fixture
def house(foreman: Foreman, rehearsal: Rehearsal) -> House:
    return House(foreman, rehearsal)


def test_killed_at_any_moment_of_a_delivery_the_message_arrives_and_is_known_again(house: House) -> None:
    """It may come twice, where the answer was there and nobody had written it down; never not at all."""
    got: list[str] = []

    @Request.application
    def listener(request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        standard_webhooks.verify(request.get_data(), headers, secret=SECRET, now=time.time())
        got.append(headers["webhook-id"])
        return Response(status=204)

    job, moment, died, twice = house.job, 0, True, 0
    with serve(listener) as address:
        while died:
            house.job = job
            house.job = house.run("message", address)
            got.clear()
            died = house.dies_in("send", moment)
            told = house.run("sent")
            assert told == {"state": "delivered", "status": 204, "tries": 1, "held": False}, moment
            assert len(set(got)) == 1, moment
            assert len(got) <= 2, moment
            twice += len(got) == 2
            moment += 1
    assert moment > 4
    assert twice  # a moment between the answer and the note was among them


def test_killed_at_any_moment_of_a_synthesis_no_ask_is_paid_for_unseen(house: House, reached: list[str]) -> None:
    """Each request that reached the provider is among the asks, of which there is a most; no candidate stands twice."""
    job, moment, died = house.job, 0, True
    while died:
        house.job = job
        house.job = house.run("propose")
        reached.clear()
        died = house.dies_in("synthesise", moment)
        told = house.run("proposed")
        assert (told["state"], told["held"]) == ("done", False), moment
        assert told["counted"] == told["kept"], moment
        assert told["counted"][0] >= told["wanted"], moment
        assert told["numbers"] == list(range(1, len(told["numbers"]) + 1)), moment
        assert len(set(told["questions"])) == len(told["questions"]), moment
        assert told["asks"] >= sum("chat" in line for line in reached) >= 1, moment
        moment += 1
    assert moment > 8
