"""The form of a sample's JSON answer, looked at and filled in without storing anything: `samples.save` does that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from datasets_app.core import forms, samples
from datasets_app.core.answers import Answer
from datasets_app.core.fixing import Edit, with_edits
from datasets_app.models import Revision, Sample
from datasets_app.pipeline.grading import checker_of
from ftstudio.errors import InvalidInput, Text


@dataclass(frozen=True, slots=True)
class Look:
    """The form with all of its fields in a row, and what is wrong at each pointer."""

    form: forms.Form
    fields: Sequence[forms.Field]
    faults: Mapping[str, Sequence[Text]]


def look(
    *,
    sample: Sample,
    text: str | None = None,
    values: Mapping[str, str | None] | None = None,
    step: str = "",
    at: str = "",
    argument: str = "",
) -> Look:
    """The form of the answer, or of `text` in its place, after `values` were typed and a step was taken.

    Raises InvalidInput for a sample without an answer, and for what cannot be done to the text.
    """
    checker = checker_of(sample.dataset)
    payload = Revision.objects.values_list("payload", flat=True).get(sample=sample, number=sample.revision_number)
    content = samples.from_json(payload)
    if content.answer is None:
        raise InvalidInput(text=Text("This sample has no answer yet: save one first."))
    schema = checker.contract.json.schema if checker.contract.json else {}
    answer = Answer(content, checker.contract)
    now = answer.text if text is None else text
    now = forms.with_values(schema, now, values or {})
    if step:
        now = forms.step(schema, now, step, at, argument)
    changed = with_edits(content, [Edit(answer.path, answer.text, now)]) or content
    form = forms.form_of(schema, now)
    found = forms.faults(schema, form, checker.check(changed), answer.path)
    by_path: dict[str, list[Text]] = defaultdict(list)
    for fault in found:
        by_path[fault.path].append(fault.message)
    return Look(form, list(form.root.all()) if form.root else [], by_path)
