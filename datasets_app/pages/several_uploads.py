"""Several files sent at once: each becomes an upload of its own, and one that is refused stands in nobody's way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from datasets_app.models import Dataset, Upload
from datasets_app.services import uploads
from ftstudio.accounts.models import User
from ftstudio.errors import Conflict, InvalidInput
from ftstudio.web.texts import say


@dataclass(frozen=True, slots=True)
class Received:
    """One of the files: the upload that it became, or why it became none."""

    name: str
    upload: Upload | None = None
    problem: str = ""


def receive_all(*, actor: User, dataset: Dataset, files: Iterable[Any], format: str) -> list[Received]:
    """Every file in its order, held until somebody has looked at it. Raises NotAllowed as `uploads.receive`."""
    return [_received(actor, dataset, file, format) for file in files]


def _received(actor: User, dataset: Dataset, file: Any, format: str) -> Received:
    try:
        upload = uploads.receive(actor=actor, dataset=dataset, file=file, name=file.name, format=format, hold=True)
    except (InvalidInput, Conflict) as error:
        return Received(file.name, problem=say(next(iter(error.fields.values()), error.message)))
    return Received(upload.name, upload)
