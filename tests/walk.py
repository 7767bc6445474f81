"""The URL tables, walked: every route of the pages and the API, with the noun each id stands for.

The path segment before an id names whose id it is: in `datasets/<uuid:pk>/samples/` it is a dataset's. New routes of
known nouns are covered without being listed; a new noun fails the walk until `tests/world.py` makes one of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse


@dataclass(frozen=True)
class Route:
    """One address: its name, its path as written in the URL tables, and the view behind it."""

    namespace: str
    name: str
    path: str
    view: Any

    @property
    def nouns(self) -> dict[str, str]:
        """Argument name → the path segment before it."""
        return {name: noun for noun, name in re.findall(r"([\w-]+)/<(?:\w+:)?(\w+)>", self.path)}

    @property
    def takes_ids(self) -> bool:
        return "<" in self.path

    @property
    def full_name(self) -> str:
        return f"{self.namespace}:{self.name}"

    def url(self, world: Mapping[str, Any]) -> str:
        """The address with the ids of `world` (noun → object or plain value)."""
        values = {name: getattr(world[noun], "pk", world[noun]) for name, noun in self.nouns.items()}
        return reverse(self.full_name, kwargs=values)

    def __str__(self) -> str:
        return f"{self.full_name} /{self.path}"


def _walk(resolver: URLResolver, namespace: str, before: str) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, pattern.namespace or namespace, path)
        elif isinstance(pattern, URLPattern) and namespace in ("pages", "api") and pattern.name:
            yield Route(namespace, pattern.name, path, pattern.callback)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside has not happened afterwards: many doors can be tried on one world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def routes() -> list[Route]:
    """Every named route of the namespaces pages and api, once a name."""
    seen: dict[str, Route] = {}
    for route in _walk(get_resolver(), "", ""):
        seen.setdefault(route.full_name, route)
    return list(seen.values())
