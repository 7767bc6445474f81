"""Work in several processes: as if one had done it.

Each case runs in a program of its own, as the commands do: nothing is forked beside threads, and a test runner has
some.
"""

import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from ftstudio.forks import in_order

HEAD = "import os, signal, sys\nfrom ftstudio.forks import in_order\n"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")


def alone(code: str) -> str:
    """What the code prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", HEAD + textwrap.dedent(code)],
        cwd=Path(__file__).parent.parent, capture_output=True, text=True, timeout=180, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_results_come_in_the_order_of_the_pieces_from_several_processes():
    said = alone("""
        found = list(in_order(lambda piece: (piece, os.getpid()), range(20), 3))
        print([piece for piece, _ in found] == list(range(20)), len({process for _, process in found} - {os.getpid()}))
    """)
    assert said == "True 3"


def test_large_pieces_and_large_results_do_not_wait_for_each_other():
    said = alone("""
        print([len(one) for one in in_order(lambda piece: piece * 2, [b"x" * 3_000_000] * 5, 2)])
    """)
    assert said == str([6_000_000] * 5)


def test_no_more_pieces_are_taken_than_are_worked_on_and_the_next_for_each_process():
    said = alone("""
        taken = []
        def pieces():
            for piece in range(100):
                taken.append(piece)
                yield piece
        first = in_order(lambda piece: piece, pieces(), 2)
        assert next(first) == 0
        first.close()
        print(len(taken) <= 5)
    """)
    assert said == "True"


def test_what_goes_wrong_elsewhere_is_raised_here():
    said = alone("""
        def work(piece):
            if piece == 3:
                raise ValueError("three")
            return piece
        try:
            list(in_order(work, range(10), 2))
        except ValueError as error:
            print(error)
    """)
    assert said == "three"


def test_a_process_that_is_killed_is_told_of():
    said = alone("""
        try:
            list(in_order(lambda _: os.kill(os.getpid(), signal.SIGKILL), range(3), 2))
        except ChildProcessError:
            print("told")
    """)
    assert said == "told"


def test_nothing_is_forked_beside_threads():
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    try:
        assert list(in_order(lambda piece: threading.get_ident(), range(4), 2)) == [threading.get_ident()] * 4
    finally:
        stop.set()
        other.join()
