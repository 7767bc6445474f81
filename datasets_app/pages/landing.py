"""Where a refusal lands: on the form that was sent, with the status that the API would answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django import forms

from ftstudio.errors import Conflict
from ftstudio.web.refusals import refusals_on
from ftstudio.web.texts import say


@contextmanager
def landing_on(form: forms.Form) -> Iterator[None]:
    """`refusals_on`, and conflicts too where a form can say them better than a page of their own."""
    try:
        with refusals_on(form):
            yield
    except Conflict as error:
        form.conflict = error  # type: ignore[attr-defined]
        if not error.fields:
            form.add_error(None, say(error.message))
        for name, text in error.fields.items():
            form.add_error(name if name in form.fields else None, say(text))


def status_of(form: forms.Form) -> int:
    """200 for a form without errors, 409 after a conflict, else 422."""
    if getattr(form, "conflict", None):
        return 409
    return 422 if form.errors else 200
