"""The languages that the rehearsal server speaks: one module in this folder is one provider's wire."""

from __future__ import annotations

from datasets_app.core.registry import Registry
from jobs_app.rehearsal.dialects.base import Dialect

DIALECTS: Registry[type[Dialect]] = Registry("jobs_app.rehearsal.dialects", "DIALECT")
