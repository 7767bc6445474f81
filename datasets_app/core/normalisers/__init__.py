"""One module per normaliser: what is done to an answer after the model wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasets_app.core.registry import Registry

if TYPE_CHECKING:
    from datasets_app.core.normalisers.base import Normaliser

NORMALISERS: Registry[Normaliser] = Registry(__name__, "NORMALISER")
