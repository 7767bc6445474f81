"""One module per way of counting tokens: the vocabularies that can be had offline, and an estimate for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasets_app.core.registry import Registry

if TYPE_CHECKING:
    from datasets_app.core.encoders.base import Encoder

ENCODERS: Registry[Encoder] = Registry(__name__, "ENCODER")
ESTIMATE = "estimate"
