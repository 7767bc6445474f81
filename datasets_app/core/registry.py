"""The folder is the registry: one module in a package is one plug-in, found by walking the package once."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """Anything a registry holds: it knows the public name it is asked for by."""

    name: str


T = TypeVar("T", bound=Named)


class Registry(Mapping[str, T], Generic[T]):
    """Plug-ins of one package by name: every module's attribute `attribute` (`CODEC`, `RULE` …).

    The package is walked on first use, which keeps imports free of circles. The modules named in `shared` and those
    whose names begin with an underscore are shared code, not plug-ins. A module without the attribute and a
    name used twice are programming errors and raise at once.
    """

    def __init__(self, package: str, attribute: str, shared: tuple[str, ...] = ("base",)) -> None:
        self._package = package
        self._attribute = attribute
        self._shared = shared
        self._items: dict[str, T] | None = None

    def _load(self) -> dict[str, T]:
        if self._items is None:
            package = importlib.import_module(self._package)
            items: dict[str, T] = {}
            for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda i: i.name):
                if info.name in self._shared or info.name.startswith("_"):
                    continue
                module = importlib.import_module(f"{self._package}.{info.name}")
                found = getattr(module, self._attribute)
                for item in found if isinstance(found, tuple) else (found,):
                    if item.name in items:
                        raise RuntimeError(f"two plug-ins in {self._package} are called {item.name!r}")
                    items[item.name] = item
            self._items = items
        return self._items

    def __getitem__(self, name: str) -> T:
        return self._load()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._load())

    def __len__(self) -> int:
        return len(self._load())
