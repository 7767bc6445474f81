"""One module per kind of bulk change: what is planned for a sample, how it is done, and how it is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasets_app.core.registry import Registry

if TYPE_CHECKING:
    from datasets_app.pipeline.bulk_kinds.base import Kind

KINDS: Registry[Kind] = Registry(__name__, "KIND")
