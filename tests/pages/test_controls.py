"""The quick drawing of controls says what Django's templates say."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe

from ftstudio.web.controls import Renderer

CHOICES = [
    ("", "Any <rule> & more"),
    ("a\"b'c", mark_safe("<b>bold</b>")),
    (7, 1000),
    ("Chats", [("x", "乙"), ("y", "two")]),
    ("<Pairs>", []),
]
ATTRS: dict[str, Any] = {"class": "mono", "hidden": True, "autofocus": False, "data-x": '"<&', "maxlength": 60}


@pytest.mark.parametrize("value", [None, "", "a\"b'c", "x", 7, "not there"])
@pytest.mark.parametrize(
    "widget",
    [
        forms.Select(choices=CHOICES), forms.SelectMultiple(choices=CHOICES), forms.TextInput(), forms.NumberInput(),
        forms.HiddenInput(), forms.SearchInput(), forms.PasswordInput(render_value=True), forms.FileInput(),
    ],
    ids=lambda widget: type(widget).__name__,
)  # fmt: skip
def test_a_control_is_drawn_as_django_draws_it(widget: forms.Widget, value: Any) -> None:
    drawn = [widget.render("na<me", value, ATTRS, renderer=renderer) for renderer in (Renderer(), DjangoTemplates())]
    assert drawn[0] == drawn[1]
