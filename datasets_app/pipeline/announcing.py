"""Telling whoever uploaded a file that its import has ended, in the transaction that ends it."""

from __future__ import annotations

from typing import Any

from datasets_app.models import Upload
from ftstudio.accounts.services.notifications import IMPORTED, notify
from ftstudio.errors import Text
from ftstudio.web import addresses
from ftstudio.web.texts import from_row


def done(upload_id: Any) -> None:
    """Say how many rows came in. Told once, however many workers believe that they were the last."""
    _tell(
        upload_id,
        lambda upload: Text(
            "“{name}” is imported into {dataset}: {accepted} rows accepted, {rejected} rejected",
            name=upload.name, dataset=upload.dataset.name, accepted=upload.rows_accepted, rejected=upload.rows_rejected,
        ),
    )  # fmt: skip


def failed(upload_id: Any) -> None:
    """Say why nothing more comes in, and what is in already."""
    _tell(
        upload_id,
        lambda upload: Text(
            "The import of “{name}” into {dataset} has failed: {reason} Rows accepted: {accepted}.",
            name=upload.name, dataset=upload.dataset.name, reason=from_row(upload.error),
            accepted=upload.rows_accepted,
        ),
    )  # fmt: skip


def _tell(upload_id: Any, say: Any) -> None:
    upload = Upload.objects.select_related("dataset__project").get(pk=upload_id)
    notify(
        [upload.created_by_id],
        kind=IMPORTED,
        text=say(upload),
        project=upload.dataset.project,
        url=addresses.told("pages:upload-detail", upload.pk),
        key=f"upload:{upload.pk}",
    )
