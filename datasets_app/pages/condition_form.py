"""The builder of conditions: rows “field – operator – value” in blocks, as a plain GET form.

A condition of two levels can be built with rows: blocks joined by all or any, in each block tests joined by all, any
or none. One that is nested deeper is edited as its text. `g0-r1-value` is the value of block 0's test 1.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from datasets_app.core import conditions
from datasets_app.core.conditions import FIELDS, OPERATORS, Condition, Group, Term
from datasets_app.core.conditions.kinds import Choice, Flag, Identity, Person
from datasets_app.core.conditions.making import test_of
from datasets_app.core.conditions.tree import MOST_TESTS, checked_size
from datasets_app.models import Dataset, DatasetCount
from ftstudio.accounts.models import User
from ftstudio.accounts.policy import allows
from ftstudio.errors import InvalidInput, Text
from ftstudio.web.texts import say

MOST_BLOCKS = 8
FIRST = "status"
_PLACE = re.compile(r"g([0-9]{1,2})-r([0-9]{1,2})-field")
_APART = re.compile(r"\s*[,，、;；\n]\s*")
Option = tuple[str, str]


@dataclass(slots=True)
class Row:
    """One test being written. `problem` says why it cannot be used as it is."""

    field: str = FIRST
    operator: str = ""
    values: list[str] = dataclasses.field(default_factory=list)
    problem: str = ""
    name: str = ""  # of its controls, given when it is shown
    operators: Sequence[Option] = ()
    options: Sequence[Option] = ()
    control: str = "text"

    @property
    def text(self) -> str:
        return ", ".join(self.values)


@dataclass(slots=True)
class Block:
    join: str = "all"  # all, any or none
    rows: list[Row] = dataclasses.field(default_factory=list)


@dataclass(slots=True)
class Builder:
    """`join` says whether all blocks must hold or any; `raw` is the text of a condition that rows cannot show."""

    join: str = "all"
    blocks: list[Block] = dataclasses.field(default_factory=list)
    raw: str = ""
    fields: Sequence[Option] = ()  # what may be asked, given when it is shown

    @classmethod
    def of(cls, condition: Condition | None) -> Builder:
        """The rows of a condition."""
        if condition is None:
            return cls(blocks=[Block(rows=[Row()])])
        top, parts = ("all", (condition,)) if not isinstance(condition, Group) else (condition.join, condition.parts)
        if top == "not":
            top, parts = "all", (condition,)
        if all(_plain(part) for part in parts):
            return cls(blocks=[Block(top, [_row(part) for part in parts if isinstance(part, Term)])])
        alone = [_row(part) for part in parts if isinstance(part, Term)]
        blocks = [_block(part) for part in parts if isinstance(part, Group)]
        if any(block is None for block in blocks):
            return cls(raw=conditions.write(condition))
        return cls(top, [*([Block(top, alone)] if alone else []), *(block for block in blocks if block)])

    @classmethod
    def read(cls, sent: QueryDict) -> Builder:
        """The rows as they were sent, in their order; without any, those of `where`."""
        places = sorted((int(m[1]), int(m[2])) for name in sent if (m := _PLACE.fullmatch(name)))
        if not places:
            text = sent.get("where", "").strip()
            return cls(raw=text) if "raw" in sent else cls.of(conditions.read(text) if text else None)
        made = cls("any" if sent.get("join") == "any" else "all")
        at = -1
        for block, row in places[: MOST_TESTS * 2]:
            if block != at:
                join = sent.get(f"g{block}-join", "all")
                made.blocks.append(Block(join if join in ("all", "any", "none") else "all"))
                at = block
            name = f"g{block}-r{row}"
            values = sent.getlist(f"{name}-value")
            made.blocks[-1].rows.append(Row(str(sent[f"{name}-field"]), sent.get(f"{name}-operator", ""), values))
        for sort in made.blocks:
            for one in sort.rows:
                _settle(one)
        return made

    def do(self, what: str) -> None:
        """`add-1`: one more test in block 1; `block`: one more block; `drop-0-2`: without test 2 of block 0."""
        verb, *at = what.split("-")
        numbers = [int(part) for part in at if part.isdecimal()]
        if verb == "add" and numbers and numbers[0] < len(self.blocks):
            self.blocks[numbers[0]].rows.append(Row())
        elif verb == "block" and len(self.blocks) < MOST_BLOCKS:
            self.blocks.append(Block("any", [Row()]))
        elif verb == "drop" and len(numbers) == 2 and numbers[0] < len(self.blocks):
            rows = self.blocks[numbers[0]].rows
            del rows[numbers[1] : numbers[1] + 1]
        self.blocks = [block for block in self.blocks if block.rows] or [Block(rows=[Row()])]

    def condition(self) -> Condition | None:
        """What the rows say; rows without a value are left out. Raises InvalidInput, and says on each row what is
        wrong with it."""
        if self.raw:
            return conditions.read(self.raw)
        parts: list[Condition] = []
        wrong = None
        for block in self.blocks:
            tests: list[Condition] = []
            for row in block.rows:
                if not any(row.values):
                    continue
                try:
                    tests.append(test_of(Text("Test"), row.field, row.operator, [v for v in row.values if v]))
                except InvalidInput as error:
                    row.problem, wrong = say(error.fields["where"]), error
            if block.join == self.join:
                parts += tests
            elif tests:
                parts.append(_joined(block.join, tests))
        if wrong:
            raise wrong
        if len(parts) < 2:
            return parts[0] if parts else None
        return checked_size(Group("any" if self.join == "any" else "all", tuple(parts)), "where")


def _joined(join: str, tests: list[Condition]) -> Condition:
    if join == "none":
        return Group("not", (tests[0] if len(tests) == 1 else Group("any", tuple(tests)),))
    return tests[0] if len(tests) == 1 else Group("any" if join == "any" else "all", tuple(tests))


def _plain(part: Condition) -> bool:
    return isinstance(part, Term)


def _row(term: Term) -> Row:
    return Row(term.field, term.operator, list(term.values))


def _block(part: Group) -> Block | None:
    """A block for a group of the top level; None where it is nested deeper than a block."""
    if part.join == "not":
        inner = part.parts[0]
        within: tuple[Condition, ...] = inner.parts if isinstance(inner, Group) and inner.join == "any" else (inner,)
        join = "none"
    else:
        within, join = part.parts, part.join
    rows = [_row(term) for term in within if isinstance(term, Term)]
    return Block(join, rows) if len(rows) == len(within) else None


def _settle(row: Row) -> None:
    """A row whose field was changed keeps what still makes sense of its operator and values."""
    if row.field not in FIELDS:
        row.field = FIRST
    kind = FIELDS[row.field].kind
    if row.operator not in kind.operators:
        row.operator, several = kind.operators[0], False
    else:
        several = row.operator == "any"
    if several and len(row.values) == 1 and not isinstance(kind, Choice):
        row.values = [value for value in _APART.split(row.values[0].strip()) if value]
    elif not several:
        row.values = [value.strip() for value in row.values[:1]]
    if isinstance(kind, Choice):
        row.values = [value for value in row.values if value in kind.words]


def shown(builder: Builder, dataset: Dataset, user: User) -> Builder:
    """The builder with what each row's controls offer to this person."""
    lists = _Lists(dataset)
    secret = allows(user, dataset.project_id, "gold.manage")
    builder.fields = [(name, say(known.label)) for name, known in FIELDS.items() if secret or not known.secret]
    for number, block in enumerate(builder.blocks):
        for at, row in enumerate(block.rows):
            kind = FIELDS[row.field].kind
            row.name = f"g{number}-r{at}"
            row.operator = row.operator or kind.operators[0]
            row.operators = [(name, say(OPERATORS[name])) for name in kind.operators]
            row.options = lists.of(row.field, row.values)
            closed = isinstance(kind, Choice | Flag | Person | Identity)
            row.control = ("several" if row.operator == "any" else "one") if closed else kind.name
    return builder


@dataclass(slots=True)
class _Lists:
    """The values that fields offer in this dataset, each read once."""

    dataset: Dataset
    found: dict[str, list[Option]] = dataclasses.field(default_factory=dict)

    def of(self, name: str, values: Sequence[str]) -> list[Option]:
        if name not in self.found:
            self.found[name] = self._read(name)
        options = self.found[name]
        known = {value for value, _label in options}
        closed = isinstance(FIELDS[name].kind, Choice | Person | Identity)
        return options + [(value, value) for value in values if closed and value and value not in known]

    def _read(self, name: str) -> list[Option]:
        kind = FIELDS[name].kind
        if name in ("rule", "tag", "label"):
            counted = DatasetCount.objects.filter(dataset=self.dataset, kind=name, n__gt=0).order_by("-n")
            return [(key, key) for key in counted.values_list("key", flat=True)[:200]]
        if isinstance(kind, Choice):
            return [(value, say(label)) for value, label in kind.words.items()]
        if isinstance(kind, Flag):
            return [("yes", _("yes")), ("no", pgettext("yes or no", "no"))]
        if isinstance(kind, Person):
            people = User.objects.filter(memberships__project=self.dataset.project_id).order_by("username")
            return [("me", _("me")), ("nobody", _("nobody")), *((str(person.pk), str(person)) for person in people)]
        if isinstance(kind, Identity):
            return [(str(pk), text) for pk, text in self.dataset.uploads.values_list("pk", "name")[:200]]
        return []
