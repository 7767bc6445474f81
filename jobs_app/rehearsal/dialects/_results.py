"""The result file of a job in the OpenAI family: a row for each reported step, and its oddities on demand."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping
from typing import Any

from jobs_app.rehearsal.engine import Entry

COLUMNS = ("step", "train_loss", "train_accuracy", "valid_loss", "valid_mean_token_accuracy")
_OTHER = ("step", "training_loss", "training_token_accuracy", "validation_loss", "validation_token_accuracy")
KEYS = ("step", "train_loss", "train_mean_token_accuracy", "full_valid_loss", "full_valid_mean_token_accuracy")


def table(
    log: Iterable[Entry],
    quirks: Mapping[str, Any],
    *,
    columns: tuple[str, ...] = COLUMNS,
    keys: tuple[str, ...] = KEYS,
) -> bytes:
    """The file's content. A cell is empty where nothing was measured."""
    out = io.StringIO()
    out.write(",".join(_OTHER if "other-headers" in quirks else columns) + "\n")
    keys = KEYS if "other-headers" in quirks else keys
    rows = (entry.data for entry in log if entry.is_metrics and entry.data is not None)
    for number, data in enumerate(rows):
        cells = ["" if data.get(key) is None else str(data[key]) for key in keys]
        if "empty-cells" in quirks and number % 3 == 1:
            cells[1:] = [""] * (len(cells) - 1)
        out.write(",".join(cells) + "\n")
    plain = out.getvalue().encode()
    return base64.b64encode(plain) if "base64-results" in quirks else plain
