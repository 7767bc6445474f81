"""The form of a JSON answer on the desk: its fields with what is wrong at each, and what comes back from it.

The raw text stays the truth. A form field is called `at:POINTER`, its null box `null:POINTER`; a press of one of the
form's own buttons is `form_step`, a JSON list of the step, the pointer and what it needs beside that, which may also
stand in the field `STEP:POINTER`. `form_field` names the field of the raw text, `form_of` identifies the text that the
form was made from: where somebody changed the raw text, that counts, and the fields made from the old one do not.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple
from urllib.parse import quote

from django.http import QueryDict
from django.utils.translation import gettext as _

from datasets_app.core import forms
from datasets_app.core.answers import TASK_RESPONSE
from datasets_app.core.contracts.model import Contract
from datasets_app.core.findings import Finding
from datasets_app.core.forms import Fault, Field
from datasets_app.core.jsonl import Json
from datasets_app.core.samples import Message
from ftstudio.errors import InvalidInput
from ftstudio.web.texts import say

from .shown_turns import Turn
from .typed import as_typed, same_line, same_text

SEGMENTS = 6  # choices that stand side by side; more become a list that opens
LETTERS = 42  # of all of them together
MOST = 1500  # fields of one form; a larger answer is worked on as text


@dataclass(frozen=True, slots=True)
class ShownField:
    """A field with its id in the page, what is wrong with it, and what is inside."""

    field: Field
    id: str
    faults: Sequence[Fault]
    fields: Sequence[ShownField]
    first: bool = False
    last: bool = False

    @property
    def segmented(self) -> bool:
        options = self.field.options
        return len(options) <= SEGMENTS and sum(len(option.label) for option in options) <= LETTERS

    @property
    def severity(self) -> str:
        """The worst of what is wrong here."""
        return next((one for one in ("error", "warning", "hint") if any(f.severity == one for f in self.faults)), "")

    @property
    def number(self) -> int:
        """Which item of its list it is, from 1."""
        return int(self.field.key) + 1 if self.field.item else 0


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """The form of one answer. `name` is the form field of its raw text, `problem` why the form has to wait ("": it does
    not), `crowded` that the answer has more values than a form can show."""

    name: str
    root: ShownField | None
    said: Sequence[tuple[Fault, ShownField]]
    shape: str
    made_of: str
    problem: str
    crowded: bool = False


class Raw(NamedTuple):
    """Where the JSON of an answer is written: the form's field, the JSON Pointer into the sample, and the text."""

    name: str
    path: str
    text: str


def raw_of(turn: Turn) -> Raw | None:
    """The arguments of the answer's task response, else its text; None where it is a list of parts."""
    for call in turn.calls:
        if call.name == TASK_RESPONSE and not call.removed:
            return Raw(call.name_of_field, call.path, call.arguments)
    return Raw(f"{turn.key}-text", turn.path, turn.text) if turn.editable else None


def sent_raw(post: QueryDict, answer: Message, at: int) -> Raw | None:
    """The same of turn number `at` as a form makes it; None where the form has none."""
    name = post.get("form_field", "")
    for nth, call in enumerate(answer.tool_calls):
        if call.name == TASK_RESPONSE:
            return Raw(name, f"/messages/{at}/tool_calls/{nth}/arguments", call.arguments) if name else None
    return Raw(name, f"/messages/{at}/content", answer.text) if name else None


def answer_form(contract: Contract, raw: Raw, findings: Sequence[Finding]) -> AnswerForm:
    """The form of the answer's JSON under the contract's schema; without one it shows what stands there."""
    schema = schema_of(contract)
    made = forms.form_of(schema, raw.text)
    if made.root and next(islice(made.root.all(), MOST, None), None):
        problem = _("This answer has more than %(n)d values: work on its text.") % {"n": MOST}
        return AnswerForm(raw.name, None, (), "", digest_of(raw.text), problem, crowded=True)
    found = forms.faults(schema, made, findings, raw.path)
    by_path: dict[str, list[Fault]] = defaultdict(list)
    for fault in found:
        by_path[_shown_at(made, fault.path)].append(fault)
    root = _shown(made.root, by_path) if made.root else None
    problem = say(made.problem.text) if made.problem else ""
    said = list(_said(root)) if root else []
    return AnswerForm(raw.name, root, said, made.root.shape if made.root else "", digest_of(raw.text), problem)


def schema_of(contract: Contract) -> Mapping[str, Json]:
    """The schema that a form is made from; {} where the contract has none."""
    return contract.json.schema if contract.json else {}


def digest_of(text: str) -> str:
    """Which text a form was made from, as a browser sends it back."""
    return blake2b(as_typed(text).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def with_form(post: QueryDict, contract: Contract) -> QueryDict:
    """What was sent, with the fields of the form written into the raw text. Where a script keeps both in step there are
    none. Raises InvalidInput where a field holds no JSON that must."""
    schema, name = schema_of(contract), post.get("form_field", "")
    text = as_typed(post.get(name, ""))
    if name not in post or post.get("form_of") != digest_of(text):
        return post
    made = forms.form_of(schema, text)
    typed: dict[str, str | None] = {}
    for leaf in made.root.leaves() if made.root else ():
        if leaf.nullable and leaf.present and post.get(f"null:{leaf.path}"):
            if not leaf.null:
                typed[leaf.path] = None
        elif (value := post.get(f"at:{leaf.path}")) is not None and not _as_shown(value, leaf):
            typed[leaf.path] = as_typed(value)
    return _with(post, name, forms.with_values(schema, text, typed))


def stepped(post: QueryDict, contract: Contract) -> QueryDict:
    """What was sent after one press of a button of the form. Raises InvalidInput for what cannot be done."""
    post = with_form(post, contract)
    name = post.get("form_field", "")
    try:
        step, pointer, *rest = json.loads(post.get("form_step", ""))
    except (ValueError, TypeError) as error:
        raise InvalidInput(form=_("Say which step to take.")) from error
    if name not in post or not all(isinstance(one, str) for one in (step, pointer, *rest)):
        raise InvalidInput(form=_("Say which step to take."))
    argument = rest[0] if rest else post.get(f"{step}:{pointer}", "")
    text = forms.step(schema_of(contract), as_typed(post.get(name, "")), step, pointer, argument)
    return _with(post, name, text)


def _with(post: QueryDict, name: str, text: str) -> QueryDict:
    if text == as_typed(post.get(name, "")):
        return post
    changed = post.copy()
    changed[name] = text
    return changed


def _as_shown(typed: str, leaf: Field) -> bool:
    return same_text(typed, leaf.value) if leaf.long else same_line(typed, leaf.value)


def _said(one: ShownField) -> Iterator[tuple[Fault, ShownField]]:
    yield from ((fault, one) for fault in one.faults)
    for inner in one.fields:
        yield from _said(inner)


def _shown_at(made: forms.Form, pointer: str) -> str:
    while pointer and made.at(pointer) is None:
        pointer = pointer.rpartition("/")[0]
    return pointer


def _shown(
    field: Field, faults: Mapping[str, Sequence[Fault]], *, first: bool = False, last: bool = False
) -> ShownField:
    end = len(field.fields) - 1
    inner = [_shown(one, faults, first=at == 0, last=at == end) for at, one in enumerate(field.fields)]
    return ShownField(field, f"f{quote(field.path)}", faults.get(field.path, ()), inner, first, last)
