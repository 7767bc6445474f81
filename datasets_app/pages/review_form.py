"""The form on a held file's page: how it is read, and what is taken of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from datasets_app.core.containers import CONTAINERS
from datasets_app.core.encodings import ENCODINGS
from datasets_app.core.opening import separator
from datasets_app.models import Upload
from datasets_app.pipeline import opening
from datasets_app.services.upload_options import READ_BY
from datasets_app.services.uploads import Look
from ftstudio.errors import Conflict, StudioError
from ftstudio.web.texts import say

from .forms import codec_choices

COLUMN = "column-"
MANY = 60  # columns from which a part of the sample is not chosen from a list, but typed and found by its name
# In the order of the page: what most tables have comes first.
FIELD_LABELS: dict[str, Any] = {
    "user": _("Question"),
    "assistant": _("Answer"),
    "system": _("System prompt"),
    "rejected": _("Rejected answer"),
    "instruction": _("Instruction"),
    "input": _("Input to the instruction"),
    "reasoning": _("Reasoning"),
    "label": _("Label"),
    "tags": _("Tags"),
    "messages": _("Conversation as JSON"),
}
_READ_BY = ("container", "member", "sheet", "encoding", "delimiter")
_PLAIN = (*_READ_BY, "format", "strict", "side", "spread_by", "tags_by", "licence")

# Between the cells of a table: as it is chosen, and what it is called.
_SEPARATORS = {
    ",": _("comma ,"), ";": _("semicolon ;"), "\t": _("tab"), "|": _("bar |"), ":": _("colon :"), "^": "^", "~": "~",
    "\x01": "\\x01", "\x1f": "\\x1f",
}  # fmt: skip
_TAB = "tab"  # a tab would not survive in every form


class _Typed(forms.CharField):
    """A name that is found among many by some of its letters; the service says whether there is one."""

    names = "column-names"

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"list": self.names, "autocomplete": "off", "placeholder": "—"}


class _TypedMember(_Typed):
    names = "member-names"


class ReviewForm(forms.Form):
    """What was stored of the upload is what stands in it; `options` are what the service takes."""

    container = forms.ChoiceField(label=_("Kind of file"), required=False)
    member = forms.ChoiceField(label=_("File in the archive"), required=False)
    sheet = forms.ChoiceField(label=_("Sheet"), required=False)
    encoding = forms.ChoiceField(label=_("Encoding"), required=False)
    delimiter = forms.ChoiceField(label=_("Between the cells"), required=False)
    format = forms.ChoiceField(label=_("Format"))
    strict = forms.BooleanField(
        label=_("Only samples without errors"), required=False,
        help_text=_("The others are kept as rejected lines, with the rules they break."),
    )  # fmt: skip
    side = forms.ChoiceField(
        label=_("Side of the split"), required=False,
        choices=[
            ("", _("Each by chance")), ("train", _("All for training")), ("validation", _("All for validation")),
            ("test", _("All for the test")),
        ],
    )  # fmt: skip
    spread_by = forms.CharField(
        label=_("Count by"), required=False, max_length=100,
        help_text=_("A key such as metadata.domain: shows how the samples are spread over its values."),
    )  # fmt: skip
    tags_by = forms.CharField(
        label=_("Tags from"), required=False, max_length=100,
        help_text=_("A key such as metadata.tags: its word or list of words becomes the sample's tags."),
    )  # fmt: skip
    licence = forms.CharField(label=_("Licence"), required=False, max_length=100)

    many = False
    many_members = False

    def __init__(self, data: Any = None, *, upload: Upload, seen: Look) -> None:
        columns = seen.columns if opening.takes_mapping(upload) else ()
        mapping = seen.mapping
        chosen = mapping.fields if mapping else {}
        initial = {name: getattr(upload, name) for name in _PLAIN} | {"sheet": seen.sheet}
        initial |= {COLUMN + name: chosen.get(name, "") for name in FIELD_LABELS}
        super().__init__(data, initial={**initial, "keep": mapping.keep if mapping else True})
        self._upload = upload
        self._sheet = seen.sheet
        self._before = {name: getattr(upload, name) for name in READ_BY} | {"sheet": seen.sheet}
        self.fields["container"].choices = [(one.name, say(one.label)) for one in CONTAINERS.values()]  # type: ignore[attr-defined]
        self.fields["encoding"].choices = [(name, name.upper()) for name in ENCODINGS]  # type: ignore[attr-defined]
        self.fields["format"].choices = [(opening.AUTO, _("Recognise it by itself")), *codec_choices()]  # type: ignore[attr-defined]
        self.fields["sheet"].choices = [(name, name) for name in seen.sheets]  # type: ignore[attr-defined]
        if not upload.encoding:
            del self.fields["encoding"]
        if len(seen.sheets) < 2:
            del self.fields["sheet"]
        self._offer_members(seen)
        self._offer_separators(upload.delimiter)
        if columns:
            self.many = len(columns) > MANY
            shown = [] if self.many else [("", "—"), *((column, column) for column in columns)]
            for name, label in FIELD_LABELS.items():
                self.fields[COLUMN + name] = (
                    _Typed(label=label, required=False, strip=False)
                    if self.many
                    else forms.ChoiceField(label=label, required=False, choices=shown)
                )
            self.fields["keep"] = forms.BooleanField(
                label=_("Keep the other columns beside the sample"), required=False
            )

    def _offer_members(self, seen: Look) -> None:
        if len(seen.members) < 2:
            del self.fields["member"]
        elif len(seen.members) > MANY:
            self.many_members = True
            self.fields["member"] = _TypedMember(label=_("File in the archive"), required=False, strip=False)
        else:
            first = [] if seen.member else [("", "—")]
            self.fields["member"].choices = [*first, *((name, name) for name in seen.members)]  # type: ignore[attr-defined]

    def _offer_separators(self, found: str) -> None:
        if not found:
            del self.fields["delimiter"]
            return
        shown = {**_SEPARATORS, **({} if found in _SEPARATORS else {found: found})}
        self.fields["delimiter"].choices = [(_TAB if one == "\t" else one, said) for one, said in shown.items()]  # type: ignore[attr-defined]
        self.initial["delimiter"] = _TAB if found == "\t" else found

    def clean_sheet(self) -> str:
        return self.cleaned_data["sheet"] or self._sheet

    def clean_member(self) -> str:
        return self.cleaned_data["member"] or self._upload.member

    def clean_delimiter(self) -> str:
        return separator(self.cleaned_data["delimiter"]) or self._upload.delimiter

    @property
    def reading(self) -> list[forms.BoundField]:
        return [self[name] for name in (*_READ_BY, "format") if name in self.fields]

    @property
    def taking(self) -> list[forms.BoundField]:
        return [self[name] for name in ("side", "spread_by", "tags_by", "licence")]

    @property
    def columns(self) -> list[forms.BoundField]:
        return [self[COLUMN + name] for name in FIELD_LABELS if COLUMN + name in self.fields]

    @property
    def options(self) -> dict[str, Any]:
        """As `uploads.update` takes them. Only after `is_valid()`.

        Another kind of file, and another file of an archive, has other columns, sheets and an encoding of its own:
        those on the page are of the old one. In another encoding the separator is looked for anew.
        """
        found = {name: self.cleaned_data[name] for name in _PLAIN if name in self.fields}
        for name, told_by_it in READ_BY.items():
            if name in found and found[name] != self._before[name]:
                for other in told_by_it:
                    if name != "encoding" or found.get(other) == self._before[other]:
                        found.pop(other, None)
        if found["container"] != self._upload.container:
            return found
        if found["format"] not in (opening.AUTO, self._upload.kind):
            found["mapping"] = {}
        elif "keep" in self.fields and not self._other_columns:
            found["mapping"] = {} if self.unfinished else self._mapping()
        return found

    @property
    def _other_columns(self) -> bool:
        """Whether the file is read in such a way now that the columns on the page are no longer its own."""
        return any(name in self.fields and self.cleaned_data[name] != was for name, was in self._before.items())

    @property
    def unfinished(self) -> bool:
        """Some columns were chosen, but not yet a question with an answer, or a conversation."""
        if "keep" not in self.fields or self._other_columns:
            return False
        chosen = {name for name in FIELD_LABELS if self.cleaned_data[COLUMN + name]}
        whole = "messages" in chosen or (
            chosen & {"user", "instruction", "input"} and chosen & {"assistant", "rejected"}
        )
        return bool(chosen) and not whole

    def _mapping(self) -> dict[str, Any]:
        chosen = {name: self.cleaned_data[COLUMN + name] for name in FIELD_LABELS if self.cleaned_data[COLUMN + name]}
        return {**chosen, **({} if self.cleaned_data["keep"] else {"keep": False})}

    def refuse(self, fields: dict[str, str]) -> None:
        """Put what the service refused where it stands on the page: `mapping.user` on the choice of that column."""
        for name, text in fields.items():
            field, _dot, part = name.partition(".")
            place = COLUMN + part if field == "mapping" and part else field
            self.add_error(place if place in self.fields else None, say(text))

    def refuse_all(self, error: StudioError) -> None:
        """What stands in the way of the import, above the form."""
        self.conflict = error if isinstance(error, Conflict) else None
        self.cleaned_data: dict[str, Any] = {}  # it stands as the upload is stored, so nothing was sent to it
        for text in error.fields.values() or [error.message]:
            self.add_error(None, say(text))
