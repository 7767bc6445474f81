"""With what the answer is worked on at the desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse

from datasets_app.core import samples as core
from datasets_app.models import Sample
from datasets_app.models.dataset import Desk
from datasets_app.services.datasets import checker_of
from datasets_app.services.desks import desk_of
from ftstudio.accounts import preferences
from ftstudio.accounts.models import User
from ftstudio.web.requests import PersonRequest

from .answer_forms import answer_form, raw_of, sent_raw
from .checking import Checked
from .edits import Edit
from .pairing import pair_context
from .shown_turns import Turn

MOST_LABELS = 500  # that stand on the desk; more are typed


def answer_context(
    sample: Sample,
    user: User,
    content: core.Sample,
    turns: Sequence[Turn],
    rejected: Turn | None,
    seen: Checked,
    sent: Mapping[str, str],
    *,
    editing: bool,
) -> dict[str, Any]:
    """Which desk it is, and what that needs beside the text. Where all turns are edited, it is the text's."""
    desk = Desk.TEXT if editing and desk_of(sample, content) == Desk.PAIR else desk_of(sample, content)
    raw = raw_of(turns[-1]) if desk == Desk.FORM else None
    contract = checker_of(sample.dataset).contract
    paired = pair_context(sample, user, content, turns, rejected, sent) if desk == Desk.PAIR else {}
    return {
        "desk": desk.value,
        "answer_form": answer_form(contract, raw, seen.raw) if raw else None,
        "form_url": reverse("pages:sample-form", args=[sample.pk]),
        "labels": contract.labels.values[:MOST_LABELS] if contract.labels else (),
        "at_once": preferences.of(user).at_once,
        "panes": (),
        **paired,
    }


def checked_context(request: PersonRequest, sample: Sample, edit: Edit, seen: Checked) -> dict[str, Any]:
    """The form of the answer as it was typed, with what is wrong at each field; None where there is no form."""
    turns = edit.messages or []
    at = len(turns) - 1
    answer = core.from_data({"messages": turns[-1:]}).messages[0] if turns else core.Message("assistant", "")
    raw = sent_raw(request.POST, answer, at)
    return {
        "answer_form": answer_form(checker_of(sample.dataset).contract, raw, seen.raw) if raw else None,
        "form_url": reverse("pages:sample-form", args=[sample.pk]),
        "form_shape": request.POST.get("form_shape", ""),
    }
