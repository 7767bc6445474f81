"""The URL tables, walked: every route of the pages and the API, with the noun its id stands for.

A route's name is `noun-verb` (`dataset-detail`, `job-launch`), and its id is the noun's. New routes of known nouns are
covered without being listed; a new noun fails the tests that use this until `OWNERS` says whose thing it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse


@dataclass(frozen=True)
class Route:
    """One address: `namespace:name`, the keyword arguments it takes, and the view behind it."""

    namespace: str
    name: str
    arguments: tuple[str, ...]
    view: Any

    @property
    def noun(self) -> str:
        return self.name.rpartition("-")[0] or self.name

    @property
    def full_name(self) -> str:
        return f"{self.namespace}:{self.name}"

    def url(self, **values: Any) -> str:
        return reverse(self.full_name, kwargs={name: values[name] for name in self.arguments})

    def __str__(self) -> str:
        return self.full_name


def _walk(resolver: URLResolver, namespace: str, arguments: tuple[str, ...]) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        taken = arguments + tuple(pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, pattern.namespace or namespace, taken)
        elif isinstance(pattern, URLPattern) and namespace in ("pages", "api") and pattern.name:
            yield Route(namespace, pattern.name, taken, pattern.callback)


def routes() -> list[Route]:
    """Every named route of the namespaces pages and api, once."""
    seen: dict[str, Route] = {}
    for route in _walk(get_resolver(), "", ()):
        seen.setdefault(route.full_name, route)
    return list(seen.values())


def routes_with_ids() -> list[Route]:
    return [route for route in routes() if route.arguments]
