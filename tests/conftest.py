"""People and doors. Alice leads everything, Bob annotates beside her, Mallory is a stranger with her own project."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, settings
from rest_framework.test import APIClient

from ftstudio import messages, sweeping
from ftstudio.accounts.authentication import hash_secret
from ftstudio.accounts.models import ApiToken, Membership, Project, Role, User
from tests import databases

PASSWORD = "correct horse battery"

# No test passes or fails by the clock: neither by one example's time nor by the first draw of a text on a busy machine.
# Nor by whether the first few draws happened to be long, or to be none.
BY_CHANCE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
# Every run draws other examples, thirty of each are enough for one; where the variable CI is set, all draw the same.
settings.register_profile("ftstudio", max_examples=30, deadline=None, suppress_health_check=BY_CHANCE)
settings.load_profile("ftstudio")


@pytest.hookimpl(optionalhook=True)  # also where the suite runs without xdist
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two more than there are cores: a third of the time somebody waits for a browser or for a process that starts."""
    return (os.cpu_count() or 1) + 2


def pytest_sessionstart() -> None:
    """The pages speak Chinese too: compile what the catalogues say now."""
    messages.compile_stale()


sweeping.rarely()  # while all tests are collected; see pytest_collection_finish


def pytest_collection_finish() -> None:
    """Every worker holds all tests and all of the product: a tenth of its time went into searching them for garbage."""
    sweeping.as_usual()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Compile a share of the tests first: all workers need all of them, and find done what another has done.

    What an import compiles is kept beside it (not under PYTHONDONTWRITEBYTECODE); each worker would begin with the
    same file, and compile every one.
    """
    worker = getattr(session.config, "workerinput", None)
    tests = Path(__file__).parent
    asked = [tests.parent / name for name in session.config.args]
    if worker and not sys.dont_write_bytecode and asked == [tests]:
        files = sorted(tests.rglob("test_*.py"))
        for file in files[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]:
            importlib.import_module(".".join(file.relative_to(tests.parent).with_suffix("").parts))
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Mark as `once` what asks for no database, and so says the same on every one; let the slow ones begin early.

    What a page shows is the same on every database, too: what it asks of it is asked by services and API, and
    tests/test_roles.py opens every page. The order is made after pytest-django's, which puts the slow ones last.
    """
    for item in items:
        asks = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
        if not asks and not any(map(item.get_closest_marker, ("django_db", "killing", "services", "browser"))):
            item.add_marker("once")
        if item.path.parent.name == "pages" and not item.get_closest_marker("services"):
            item.add_marker("once")
    yield
    if workers := getattr(config, "workerinput", {}).get("workercount"):
        items[:] = early(items, workers)


def early(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """The slow tests at the head of what half of the workers begin with; each takes one piece of the list first.

    Otherwise they stand together, one worker has them all, and the others wait for it at the end. Slow are also those
    that walk through the whole product: they stand beside this file, and so last in the list.
    """
    is_slow = {
        id(item): item.path.parent.name in ("browser", "tests") or bool(item.get_closest_marker("killing"))
        for item in items
    }
    slow = [item for item in items if is_slow[id(item)]]
    rest = [item for item in items if not is_slow[id(item)]]
    halves, size = max(1, workers // 2), -(-len(items) // workers)
    found: list[pytest.Item] = []
    for worker in range(workers):
        mine = slow[worker::halves] if worker < halves else []
        room = max(0, size - len(mine))
        found += [*mine, *rest[:room]]
        rest = rest[room:]
    return [*found, *rest]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say it loudly when browser tests were skipped, also under xdist, where the folder's own summary stays silent."""
    reports = terminalreporter.getreports("skipped")
    skipped = [report for report in reports if "browser" in getattr(report, "keywords", {})]
    if skipped and "PYTEST_XDIST_WORKER" not in os.environ:
        terminalreporter.write_sep("!", f"{len(skipped)} BROWSER TESTS WERE SKIPPED", red=True, bold=True)
        terminalreporter.write_line("No Chromium did the clicking. Debian: apt-get install chromium fonts-wqy-zenhei")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """In place of pytest-django's: one worker migrates, the others copy."""
    shared = tmp_path_factory.getbasetemp().parent
    with django_db_blocker.unblock(), databases.migrated(shared), django_db_blocker.block():
        yield


def make_user(name: str, **extra: Any) -> User:
    return User.objects.create_user(
        username=name.lower(), email=f"{name.lower()}@example.org", password=PASSWORD, name=name, **extra
    )


def join(user: User, project: Project, role: Role) -> User:
    Membership.objects.create(user=user, project=project, role=role)
    return user


@pytest.fixture
def alice(db: None) -> User:
    """The owner of `project`."""
    return make_user("Alice")


@pytest.fixture
def project(alice: User) -> Project:
    project = Project.objects.create(name="Rain or shine", created_by=alice)
    join(alice, project, Role.OWNER)
    return project


@pytest.fixture
def bob(project: Project) -> User:
    """An annotator in Alice's project."""
    return join(make_user("Bob"), project, Role.ANNOTATOR)


@pytest.fixture
def rita(project: Project) -> User:
    """A reviewer in Alice's project."""
    return join(make_user("Rita"), project, Role.REVIEWER)


@pytest.fixture
def leo(project: Project) -> User:
    """A lead in Alice's project."""
    return join(make_user("Leo"), project, Role.LEAD)


@pytest.fixture
def mallory(db: None) -> User:
    """A stranger: she can log in, and owns a project of her own."""
    mallory = make_user("Mallory")
    join(mallory, Project.objects.create(name="Elsewhere", created_by=mallory), Role.OWNER)
    return mallory


def browser_of(user: User) -> Client:
    """The user's logged-in browser, without JavaScript."""
    client = Client()
    client.force_login(user)
    return client


def put_down(answer: Any) -> None:
    """Read a streamed answer to its end, which closes its file; `answer.close()` would end the test's transaction."""
    if answer.streaming:
        b"".join(answer.streaming_content)


def token_of(user: User, scopes: str = "read write jobs", project: Project | None = None) -> str:
    secret = f"fts_{user.username}_{scopes.replace(' ', '-')}_{project.pk if project else 'all'}"
    ApiToken.objects.create(
        user=user,
        project=project,
        name="test",
        prefix=secret[:8],
        secret_hash=hash_secret(secret),
        scopes=scopes,
        expires_at=timezone.now() + timedelta(days=1),
    )
    return secret


def api_of(user: User, **token: Any) -> APIClient:
    """The user's script, which holds a token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_of(user, **token)}")
    return client


@pytest.fixture
def pages(alice: User, project: Project) -> Client:
    """Alice's browser."""
    return browser_of(alice)


@pytest.fixture
def api(alice: User, project: Project) -> APIClient:
    """Alice's script."""
    return api_of(alice)
