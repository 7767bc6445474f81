"""Files that wait for somebody's go: discarded by hand, or after a week."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from datasets_app.models import Upload
from datasets_app.models.upload import UploadState

KEPT = timedelta(days=7)


def discard(upload: Upload) -> bool:
    """Cancel a held upload and throw its file away. False: it is not held any more."""
    with transaction.atomic():
        held = Upload.objects.filter(pk=upload.pk, state=UploadState.HELD)
        if not held.update(state=UploadState.CANCELLED, finished_at=timezone.now(), error=None):
            return False
        # Only what is cancelled for good loses its file: a rollback must find it again.
        transaction.on_commit(partial(upload.file.storage.delete, str(upload.file.name)))
    return True


def forget_old() -> int:
    """Discard what has been held for longer than a week. Returns how many. Safe to run twice."""
    old = Upload.objects.filter(state=UploadState.HELD, created_at__lt=timezone.now() - KEPT)
    return sum(discard(upload) for upload in old.iterator())
