"""Everything on one machine with one command: migrate, then broker, web, worker and beat under one supervisor."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.core.management import BaseCommand, CommandError, CommandParser
from django.db import connections

from ftstudio import environment as env
from ftstudio import heart, messages, sweeping, version
from ftstudio.supervisor import address, broker, gate, lock
from ftstudio.supervisor.child import Child
from ftstudio.supervisor.programs import Plan
from ftstudio.supervisor.supervisor import NeverStarted, Supervisor


class Command(BaseCommand):
    help = "Migrate, then run broker, web, worker and beat until Ctrl-C. State is kept in var/ (FTSTUDIO_VAR)."
    requires_system_checks = []  # they run while web is already loading, see handle()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine only)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
        parser.add_argument("--workers", type=int, default=4, help="web processes, of two threads each (4)")
        parser.add_argument(
            "--crew",
            type=int,
            default=settings.WORKERS,
            help=f"worker processes, which import and re-check side by side ({settings.WORKERS})",
        )

    def handle(self, *args: object, host: str, port: int, workers: int, crew: int, **options: object) -> None:
        here = f"http://{address.reachable(host)}:{port}"
        site = env.text("FTSTUDIO_URL") or here
        os.umask(0o077)  # what is written to var/ is ours alone
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        self._say("up", f"ftstudio {version.current()}, state in {settings.VAR}")
        _move_to(site)
        with self._only_one() as handle, self._door(host, port) as door:
            plan = Plan(
                folder=Path(settings.BASE_DIR),
                var=settings.VAR,
                environment={**os.environ, "FTSTUDIO_URL": site},
                host=host,
                port=port,
                workers=workers,
                crew=max(1, crew),
                door=door,
                handle=handle,
                worker_is_ready=_has_beaten(since=time.time()),
            )
            supervisor = self._supervisor(plan)
            try:
                link = self._prepare(supervisor, plan, site)
                if not address.is_loopback(host) and not env.text("ALLOWED_HOSTS"):
                    self._say("up", "Others can reach this machine, but only by names listed in ALLOWED_HOSTS.")
                supervisor.run(on_ready=lambda name: self._greet(name, here, site, link))
            except NeverStarted as error:
                raise CommandError(f"{error} does not start; its last lines above say why.") from error
            except KeyboardInterrupt:
                self._say("up", "stopped before everything was ready")
            finally:
                supervisor.stop(plan.stop_order)
                settings.BROKER_SOCKET.unlink(missing_ok=True)
                self._say("up", "stopped")

    def _supervisor(self, plan: Plan) -> Supervisor:
        supervisor = Supervisor(say=self._say)
        if not settings.REDIS_URL:
            try:
                server = broker.find_server()
            except broker.NoBroker:
                raise CommandError(
                    "There is no broker for this machine: install valkey-server or redis-server, or set REDIS_URL."
                ) from None
            supervisor.add(plan.broker(server=server, socket_path=settings.BROKER_SOCKET))
        for program in (plan.web(), plan.worker(), plan.beat(), *plan.more_workers()):
            supervisor.add(program)
        return supervisor

    def _prepare(self, supervisor: Supervisor, plan: Plan, site: str) -> str | None:
        """Bring the database up to date while broker and web are loading. Returns the first owner's link, once."""
        messages.compile_stale()
        sweeping.rarely()  # for us, for the migration, and for web until it has loaded
        with gate.closed(settings.VAR):
            if not settings.REDIS_URL:
                supervisor.start("broker")
            migration = Child(plan.migration())
            try:
                import_module(settings.ROOT_URLCONF)  # once, for us and for every child that is forked from here
                supervisor.start("web")
                self.check()
                self._wait_for(migration)
            finally:
                migration.kill()
                migration.close()
            link = _first_owner_link(site)
        sweeping.as_usual()
        connections.close_all()  # the children to come are forks: they open their own
        return link

    def _wait_for(self, migration: Child) -> None:
        """Until the database is up to date. Raises CommandError if that fails."""
        while (code := migration.exit_code()) is None:
            time.sleep(0.01)
        for line in migration.lines():
            self._say("migrate", line)
        if code:
            raise CommandError("The database could not be brought up to date; the lines above say why.")

    def _greet(self, name: str, here: str, site: str, link: str | None) -> None:
        if name == "web":
            self._say("up", f"ftstudio is ready at {site}/")
            if site != here:
                self._say("up", f"on this machine it answers at {here}/")
            if link:
                self._say("up", f"Nobody is here yet. Become the owner with this link, which works once: {link}")
            if settings.REHEARSAL:
                self._say("up", f"Rehearsal provider (no model is trained): {settings.REHEARSAL_URL}")
        elif name == "beat":
            cache.close()
            self._say("up", "worker and beat are at work. Ctrl-C stops everything.")

    def _say(self, name: str, line: str) -> None:
        self.stdout.write(f"{name:<6} | {line}")
        self.stdout.flush()

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[int]:
        broker.prepare_folder(settings.VAR / "run")
        try:
            with lock.held(settings.VAR / "run" / "up.lock") as handle:
                yield handle
        except lock.Locked as error:
            raise CommandError(
                f"ftstudio already runs on {settings.VAR} (process {error.pid}). Stop it there with Ctrl-C, "
                "or give this one a folder of its own with FTSTUDIO_VAR."
            ) from error

    @contextlib.contextmanager
    def _door(self, host: str, port: int) -> Iterator[int]:
        try:
            door = address.listen(host, port)
        except address.PortTaken as error:
            raise CommandError(
                f"Cannot listen on {host}, port {port}: {error}. Choose another with --port, e.g. --port {port + 1}."
            ) from error
        with door:
            yield door.fileno()


def _move_to(site: str) -> None:
    """The address is known only now, after the settings were read: put right what they derive from it."""
    settings.SITE_URL = site.rstrip("/")
    if not env.text("FTSTUDIO_REHEARSAL_URL"):
        settings.REHEARSAL_URL = f"{settings.SITE_URL}/rehearsal/v1"


def _has_beaten(*, since: float) -> Callable[[], bool]:
    return lambda: heart.beating_since(since)


def _first_owner_link(site: str) -> str | None:
    from ftstudio.accounts.services.invitations import first_owner_link  # it needs the tables that were made just now

    return first_owner_link(base_url=site)
