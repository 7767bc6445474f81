"""@name in comments, with and without spaces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_app.core.mentions import mentioned

TEAM = ("bob", "bobby", "rita", "小王", "小王子", "a.b+c")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@bob please look", ["bob"]),
        ("@bob请看这一条", ["bob"]),
        ("＠小王，结尾缺句号", ["小王"]),
        ("@小王子和@小王", ["小王子", "小王"]),
        ("@bobby, not the other", ["bobby"]),
        ("@bobbing", []),
        ("write to rita@example.com", []),
        ("@Rita @rita", ["rita"]),
        ("(@a.b+c)", ["a.b+c"]),
        ("@", []),
        ("", []),
    ],
)
def test_who_is_meant(text, meant):
    assert mentioned(text, TEAM) == meant


@given(st.text(max_size=30))
def test_nobody_is_called_who_is_not_in_the_team(text):
    assert set(mentioned(text, TEAM)) <= set(TEAM)
