"""The parts of a form: one field for every value, there or still to be given, with what a person needs to fill it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as member
from hashlib import blake2b
from typing import Literal

from datasets_app.core.forms.spans import Node
from datasets_app.core.jsonl import Json
from datasets_app.core.strict_json import LineError

Widget = Literal["object", "array", "text", "number", "boolean", "choice", "any"]


@dataclass(frozen=True, slots=True)
class Option:
    """One of a closed set: `json` is how the answer writes it. Not `allowed`: it stands there, against the schema."""

    json: str
    label: str
    allowed: bool = True


@dataclass(frozen=True, slots=True)
class Field:
    """One value of the answer, at the JSON Pointer `path`.

    `value` is what an input shows: the text of a string, the digits of a number as they are written, for `choice`,
    `boolean` and `any` the JSON. `node` is its place in the text, None while it is absent; `null` whether it is null.
    `fields` are the members of an object, those absent included, or the items of an array. `branches` are the names of
    the forms it may take, of which it has the one at `branch`. `unknown`: the schema does not want this key. `grows`:
    an item or a key may be added. `offer` is JSON that would mend the kind of the value, "" where there is none.
    `schema` is what the schema says of the place, `told` the same with everything that it refers to.
    """

    path: str
    key: str
    widget: Widget
    label: str
    description: str = ""
    required: bool = False
    node: Node | None = None
    value: str = ""
    null: bool = False
    nullable: bool = False
    options: tuple[Option, ...] = ()
    format: str = ""
    long: bool = False
    fields: tuple[Field, ...] = ()
    branches: tuple[str, ...] = ()
    branch: int = 0
    unknown: bool = False
    item: bool = False
    removable: bool = False
    grows: bool = False
    offer: str = ""
    schema: Json = member(default=True, compare=False, repr=False)
    told: Mapping[str, Json] = member(default_factory=dict, compare=False, repr=False)

    @property
    def present(self) -> bool:
        return self.node is not None

    @property
    def leaf(self) -> bool:
        return self.widget not in ("object", "array")

    @property
    def title(self) -> str:
        """What an item of a list is called: the first text or choice in it that says something."""
        for field in self.fields:
            if field.leaf and field.present and field.value and field.widget in ("text", "choice"):
                return field.value if field.widget == "text" else field.options_label
        return ""

    @property
    def options_label(self) -> str:
        """The label of the option that is chosen."""
        return next((option.label for option in self.options if option.json == self.value), self.value)

    @property
    def shape(self) -> str:
        """Equal for two forms that differ in the values of their inputs alone: eight letters of a hash."""
        return blake2b("\n".join(_shapes(self)).encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()

    def all(self) -> Iterator[Field]:
        """The field and every field inside it, in the form's order."""
        yield self
        for field in self.fields:
            yield from field.all()

    def leaves(self) -> Iterator[Field]:
        """Every field that holds a value of its own, in the form's order."""
        return (field for field in self.all() if field.leaf)


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one text: `root` is None, with the `problem`, where the text is not JSON and the form must wait."""

    text: str
    root: Field | None = None
    problem: LineError | None = None

    def at(self, pointer: str) -> Field | None:
        """The field with this pointer."""
        field = self.root
        while field is not None and field.path != pointer:
            field = next((one for one in field.fields if f"{pointer}/".startswith(f"{one.path}/")), None)
        return field


def _shapes(field: Field) -> Iterator[str]:
    options = [option.json for option in field.options]
    yield repr((field.path, field.widget, field.present, field.branch, field.long, field.nullable, options))
    for one in field.fields:
        yield from _shapes(one)
