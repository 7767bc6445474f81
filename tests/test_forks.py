"""Work in several processes: as if one had done it."""

import os
import threading
from signal import SIGKILL

import pytest

from ftstudio.forks import in_order


def test_results_come_in_the_order_of_the_pieces_from_several_processes():
    found = list(in_order(lambda piece: (piece, os.getpid()), range(20), 3))
    assert [piece for piece, _ in found] == list(range(20))
    assert len({process for _, process in found} - {os.getpid()}) == 3


def test_large_pieces_and_large_results_do_not_wait_for_each_other():
    assert [len(one) for one in in_order(lambda piece: piece * 2, [b"x" * 3_000_000] * 5, 2)] == [6_000_000] * 5


def test_no_more_pieces_are_taken_than_are_worked_on():
    taken: list[int] = []

    def pieces():
        for piece in range(100):
            taken.append(piece)
            yield piece

    first = in_order(lambda piece: piece, pieces(), 2)
    assert next(first) == 0
    first.close()
    assert len(taken) <= 3


def test_what_goes_wrong_elsewhere_is_raised_here():
    def work(piece: int) -> int:
        if piece == 3:
            raise ValueError("three")
        return piece

    with pytest.raises(ValueError, match="three"):
        list(in_order(work, range(10), 2))


def test_a_process_that_is_killed_is_told_of():
    with pytest.raises(ChildProcessError):
        list(in_order(lambda _: os.kill(os.getpid(), SIGKILL), range(3), 2))


def test_nothing_is_forked_beside_threads():
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    try:
        assert set(in_order(lambda _: os.getpid(), range(4), 2)) == {os.getpid()}
    finally:
        stop.set()
        other.join()
