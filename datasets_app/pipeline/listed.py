"""Samples by a list of their keys.

PostgreSQL takes a list as one value: of thousands of values, each written into the query by itself, Django takes longer
to write them and the database longer to read them than it takes to find the samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections
from django.db.models import F, Lookup, Q

from datasets_app.models import Sample


class _OneOf(Lookup):  # type: ignore[type-arg]
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", [*params, self.rhs]


def among(keys: Sequence[int]) -> Q:
    """That a sample's key is one of these."""
    if not keys or connections[Sample.objects.db].vendor == "sqlite":
        return Q(pk__in=keys)
    return Q(_OneOf(F("pk"), list(keys)))
