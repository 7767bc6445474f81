"""Python's own search for garbage rests while a chunk is worked on, and only then."""

import gc
import weakref

import pytest

from ftstudio.sweeping import as_usual, put_off, rarely


class Held:
    me: object = None


def circle() -> weakref.ref[Held]:
    one = Held()
    one.me = one
    return weakref.ref(one)


def test_what_holds_only_itself_is_gone_after_the_chunk_and_the_search_goes_on() -> None:
    with put_off():
        assert not gc.isenabled()
        with put_off():
            inner = circle()
        assert inner() is None, "whoever leaves looks through what is young, though another one is still within"
        assert not gc.isenabled()
        outer = circle()
    assert outer() is None
    assert gc.isenabled()


def test_a_chunk_that_fails_does_not_end_the_search_for_good() -> None:
    with pytest.raises(ValueError, match="broken"), put_off():
        raise ValueError("broken")
    assert gc.isenabled()


def test_a_process_searches_rarely_while_it_loads_and_as_before_when_it_has() -> None:
    tests, frozen = gc.get_threshold(), gc.get_freeze_count()
    try:
        as_usual()
        before = gc.get_threshold()
        rarely()
        assert gc.isenabled()
        assert gc.get_threshold() > before
        loaded = Held()
        as_usual()
        assert gc.get_freeze_count() > frozen
        assert not any(one is loaded for one in gc.get_objects()), "what was there is not searched again"
        assert gc.get_threshold() == before
    finally:
        gc.set_threshold(*tests)
