"""What somebody said of the columns of one table holds for the next table with the same columns."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from datasets_app.core.containers import CONTAINERS
from datasets_app.models import Upload
from datasets_app.models.upload import UploadState
from datasets_app.pipeline import opening
from ftstudio.errors import InvalidInput

_MOST = 10  # tables that are looked back at


def mapping_as_before(upload: Upload, columns: Collection[str]) -> dict[str, Any]:
    """The mapping under which the last table with these columns was imported into the dataset; {} without one."""
    tables = [one.name for one in CONTAINERS.values() if one.table]
    begun = (UploadState.WAITING, UploadState.RUNNING, UploadState.DONE)
    is_table = Q(container__in=tables) | Q(inside__in=tables)
    before = Upload.objects.filter(is_table, dataset=upload.dataset_id, state__in=begun)
    for table in before.exclude(pk=upload.pk).order_by("-created_at", "-pk")[:_MOST]:
        chosen = {column for field, column in table.mapping.items() if field != "keep"}
        if chosen and chosen <= set(columns) and _columns_of(table) == set(columns):
            return dict(table.mapping)
    return {}


def _columns_of(table: Upload) -> set[str]:
    """The columns of a table that was uploaded before; none where its file has gone."""
    file: Any = table.file
    try:
        with file.open("rb") as stream:
            return set(opening.columns_of(table, stream))
    except (FileNotFoundError, InvalidInput):
        return set()
