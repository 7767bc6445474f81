"""The shared bits: what they write is what a page shows, and never what a person typed unescaped."""

from __future__ import annotations

import pytest
from django import forms
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from ftstudio.errors import Text
from ftstudio.web.icons import ICONS
from ftstudio.web.states import STATES
from ftstudio.web.templatetags import ui
from ftstudio.web.texts import from_row, say, to_row

EVIL = '<script>alert("x")</script>'


def shown(template: str, **context: object) -> str:
    return Template("{% load ui %}" + template).render(Context(context))


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_look_that_can_be_drawn(state: str) -> None:
    look = STATES[state]
    assert look.icon in ("", *ICONS)
    assert look.tone in ("", "ok", "error", "warning", "hint", "live")
    assert str(look.word) in shown("{% badge state %}", state=state)


@pytest.mark.parametrize(
    ("share", "says"),
    [(0.3876, "38.8 %"), (0, "0.0 %"), (1e-17, "0.0 %"), (0.00026, "< 0.1 %"), (0.0005, "0.1 %"), (0.9994, "99.9 %"),
     (0.99974, "> 99.9 %"), (1, "100.0 %"), (None, "–")],
)  # fmt: skip
def test_what_is_little_is_not_said_to_be_none_nor_almost_all_to_be_all(share: float | None, says: str) -> None:
    assert ui.percent(share) == says


def test_text_of_people_is_escaped_everywhere() -> None:
    for template in (
        "{% badge x %}", "{% face x %}", "{% bar 0.5 'accent' x %}", "{{ x|say }}", "{{ x|initials }}",
        "{% empty 'tray' x x %}{{ x }}{% endempty %}", "{% notice 'error' %}<p>{{ x }}</p>{% endnotice %}",
    ):  # fmt: skip
        assert "<script" not in shown(template, x=EVIL), template


def test_a_notice_says_its_tone_without_colour() -> None:
    assert '<span class="sr">error</span>' in shown("{% notice 'error' %}<p>No.</p>{% endnotice %}")
    assert 'role="alert"' in shown("{% notice 'error' %}<p>No.</p>{% endnotice %}")
    assert 'role="status"' in shown("{% notice 'success' %}<p>Yes.</p>{% endnotice %}")


@given(st.floats(-1, 2), st.floats(-1, 2), st.floats(-1, 2))
def test_a_range_never_leaves_its_track(value: float, low: float, high: float) -> None:
    drawn = ui.range_bar(value, min(low, high), max(low, high))
    for part in ("at", "start", "width"):
        assert 0 <= float(drawn[part].rstrip("%")) <= 100


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "–"),
        (0, "0"),
        (999, "999"),
        (1846, "1,846"),
        (99_999, "99,999"),
        (123_456, "123 k"),
        (1_200_000, "1.2 M"),
    ],
)
def test_counts_are_short_and_readable(number: int | None, text: str) -> None:
    assert ui.kilo(number) == text


@pytest.mark.parametrize(
    ("name", "face"), [("Lin Yue", "LY"), ("林悦", "悦"), ("alice", "AL"), ("", "?"), ("a b c", "AC")]
)
def test_a_face_shows_initials(name: str, face: str) -> None:
    assert ui.initials(name) == face


@given(st.text(), st.integers())
def test_a_sentence_survives_its_row(word: str, number: int) -> None:
    text = Text("{word} stands {n} times", word=word, n=number)
    assert str(from_row(to_row(text))) == str(text)
    assert say(from_row(to_row(text))) == str(text)
    assert ui.say(to_row(text)) == str(text)
    plain = to_row(word)
    assert str(from_row(plain)) == word


class Small(forms.Form):
    name = forms.CharField(help_text="What you are called.")
    tick = forms.BooleanField(required=False)
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_field_ties_label_help_and_error_together() -> None:
    body = shown("{% fields form %}", form=Small({"name": ""}))
    assert '<label for="id_name">' in body
    assert 'aria-describedby="id_name_helptext id_name_error"' in body
    assert 'id="id_name_helptext"' in body
    assert 'id="id_name_error"' in body
    assert 'aria-invalid="true"' in body
    assert body.count("<fieldset") == 1
    assert 'type="hidden"' in body
