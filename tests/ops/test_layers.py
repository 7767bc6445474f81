"""The direction of imports, as DESIGN fixes it and import-linter proves it; and purity, in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .running import ROOT, environment

PURE = ["ftstudio.errors", "datasets_app.core", "jobs_app.core", "jobs_app.providers"]
IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(getattr(package, "__path__", []), package.__name__ + "."):
    importlib.import_module(module.name)
print(sorted({name.split(".")[0] for name in sys.modules} & {"django", "celery", "rest_framework"}))
"""


def test_nobody_imports_against_the_direction() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", PURE)
def test_the_pure_parts_load_without_django_and_without_celery(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, name],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
