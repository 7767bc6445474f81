"""Every refusal of the product, in one tree. Pure: no Django, no HTTP.

    StudioError
    ├── InvalidInput   what was sent cannot be used as it is             (HTTP 422)
    ├── NotAllowed     this person's role does not permit it             (HTTP 403)
    ├── Conflict       it was valid, but the world has moved on          (HTTP 409)
    └── Unavailable    something we depend on does not answer just now   (HTTP 503)

`ftstudio.web.refusals` is the only place that knows the HTTP numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self


class Text(str):
    """A sentence that can still be translated: English template plus its parameters.

    `str(Text("at most {n} rows", n=5))` is the English sentence; a skin translates `template` first and
    formats the result with `params`. Pure code uses it where Django's gettext is out of reach, and the
    message extraction picks up its first argument.
    """

    template: str
    params: Mapping[str, Any]

    def __new__(cls, template: str, **params: Any) -> Text:
        self = super().__new__(cls, template.format(**params) if params else template)
        self.template = template
        self.params = params
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.template,), dict(self.params)


class Listed(str):
    """Several names in one sentence: “a, b, c” in English; a skin joins `items` in the way of its language.

    A parameter of a `Text`: `Text("use one of {names}", names=Listed(CODECS))`. An item may be a `Text` itself.
    """

    items: tuple[str, ...]

    def __new__(cls, items: Iterable[str]) -> Listed:
        several = tuple(items)
        self = super().__new__(cls, ", ".join(several))
        self.items = several
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[tuple[str, ...]], dict[str, Any]]:
        return (self.items,), {}


class StudioError(Exception):
    """A refusal with a machine-readable `code`, a `message` for people, and `fields` that say where.

    `StudioError("message")`, `StudioError(field="message")` or both. `details` carries data a client may
    use (the three texts of an edit conflict); it is shown beside the field messages in the API answer.
    """

    code = "error"
    default = Text("That did not work.")

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
        **fields: str,
    ) -> None:
        self.code = code or type(self).code
        self.fields: dict[str, str] = fields
        self.details: dict[str, Any] = dict(details or {})
        self.message: str = message or next(iter(fields.values()), self.default)
        super().__init__(self.message)

    @classmethod
    def of(cls, fields: Mapping[str, str], message: str | None = None) -> Self:
        """The refusal of fields whose names are data: one of them may be called `code` as well."""
        error = cls(message or next(iter(fields.values()), None))
        error.fields = dict(fields)
        return error


class InvalidInput(StudioError):
    """What was sent cannot be used as it is; `fields` names each part and what to do about it."""

    code = "invalid_input"
    default = Text("Something in what you entered cannot be used.")


class NotAllowed(StudioError):
    """The person is known and may see the thing, but their role does not permit this."""

    code = "not_allowed"
    default = Text("Your role in this project does not allow that.")


class Conflict(StudioError):
    """The request was valid when it was made, but the thing has changed since."""

    code = "conflict"
    default = Text("This has changed in the meantime. Reload the page to see it as it is now.")


class Unavailable(StudioError):
    """Something we depend on (provider, broker, storage) does not answer just now; trying again may help."""

    code = "unavailable"
    default = Text("A service that this needs does not answer. Try again in a moment.")
