"""The stations that no provider has: `/v1/_rehearsal/…` turns the clock, orders faults, counts, and sends webhooks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from typing import Any

from werkzeug.wrappers import Response

from jobs_app.rehearsal import faults, webhooks
from jobs_app.rehearsal.dialects.base import Dialect
from jobs_app.rehearsal.engine import FINAL
from jobs_app.rehearsal.wire import Call, Refused, reply

ROUTES = (
    ("GET", "/v1/_rehearsal/faults", "faults_list"),
    ("POST", "/v1/_rehearsal/faults", "faults_add"),
    ("DELETE", "/v1/_rehearsal/faults", "faults_clear"),
    ("GET", "/v1/_rehearsal/counts", "counts"),
    ("GET", "/v1/_rehearsal/clock", "clock"),
    ("POST", "/v1/_rehearsal/clock", "clock_turn"),
    ("GET", "/v1/_rehearsal/webhooks", "hooks"),
    ("POST", "/v1/_rehearsal/webhooks", "hooks_send"),
    ("DELETE", "/v1/_rehearsal/webhooks", "hooks_clear"),
)
_LONGEST_TURN = 366 * 24 * 3600.0
_PAUSE = 0.25  # seconds between two looks for jobs that have ended
_REST = 20  # times as long as a look has taken: a key may have thousands of jobs


class Controls:
    """For one key each. `jobs` is the dialect whose jobs webhooks tell of."""

    def __init__(self, jobs: Dialect, *, send: webhooks.Send | None, own: Collection[str]) -> None:
        self._jobs = jobs
        self._store = jobs.store
        self._send = send
        self._own = own
        self._again_at: dict[str, float] = {}

    def answer(self, name: str, call: Call) -> Response:
        serve: Callable[[Call], Response] = getattr(self, name)
        return serve(call)

    def faults_list(self, call: Call) -> Response:
        return reply({"faults": self._store.faults(call.owner), "kinds": faults.KINDS, "stations": faults.STATIONS})

    def faults_add(self, call: Call) -> Response:
        sent: dict[str, Any] = call.sent
        station, kind, word = sent.get("station", "*"), sent.get("kind"), sent.get("word", "")
        if station not in faults.STATIONS:
            says = f"no station {station!r}; there are: {', '.join(faults.STATIONS)}"
            raise Refused("request", says, param="station")
        if kind not in faults.KINDS:
            raise Refused("request", f"no fault {kind!r}; there are: {', '.join(faults.KINDS)}", param="kind")
        times, seconds = sent.get("times", 1), sent.get("seconds", 0)
        if not isinstance(times, int) or not isinstance(seconds, (int, float)) or times < 1 or seconds < 0:
            raise Refused("request", "times is at least 1, seconds at least 0", param="times")
        if not isinstance(word, str) or (kind in ("status", "ends") and not word):
            raise Refused("request", f"{kind} needs the word of the state", param="word")
        self._store.add_fault(
            owner=call.owner, station=station, kind=kind, times=times, seconds=float(seconds), word=word
        )
        return reply({"faults": self._store.faults(call.owner)}, 201)

    def faults_clear(self, call: Call) -> Response:
        self._store.clear_faults(call.owner)
        return reply({"faults": []})

    def counts(self, call: Call) -> Response:
        return reply(self._store.counts(call.owner))

    def clock(self, call: Call) -> Response:
        return reply({"now": call.now, "ahead": self._store.owner(call.owner)[0]})

    def clock_turn(self, call: Call) -> Response:
        """Let time pass for this key, in every process of this server. It never goes back."""
        seconds = call.sent.get("advance")
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds <= _LONGEST_TURN:
            raise Refused("request", "advance is a number of seconds, at most a year", param="advance")
        self._store.advance(call.owner, float(seconds))
        self.tell(call.owner, call.now + seconds, at_once=True)
        return reply({"now": call.now + seconds, "ahead": self._store.owner(call.owner)[0]})

    def hooks(self, call: Call) -> Response:
        return reply({"url": self._store.owner(call.owner)[1], "kinds": webhooks.KINDS})

    def hooks_send(self, call: Call) -> Response:
        """With a job: make deliveries of a kind, and send them if there is a URL. Without one: send at every end."""
        sent = call.sent
        _, url, secret = self._store.owner(call.owner)
        url, secret = str(sent.get("url", url)), str(sent.get("secret", secret))
        kind, job_id = sent.get("kind", "valid"), sent.get("job")
        if not secret:
            raise Refused("request", "a webhook is signed with a secret", param="secret")
        if url:
            webhooks.check_url(url, self._own)
        if job_id is None:
            if not url:
                raise Refused("request", "a webhook needs a URL or a job", param="url")
            webhooks.deliveries("valid", secret=secret, job="", status="succeeded", now=call.now)  # is it a secret?
            self._store.hook(call.owner, url, secret)
            return reply({"url": url}, 201)
        if kind not in webhooks.KINDS:
            raise Refused("request", f"no kind {kind!r}; there are: {', '.join(webhooks.KINDS)}", param="kind")
        job = self._jobs.find(call, str(job_id))
        status = self._jobs.look(job, call.now).status
        status = str(sent.get("status") or (status if status in FINAL else "succeeded"))
        made = webhooks.deliveries(kind, secret=secret, job=job.id, status=status, now=self._jobs.stage.wall())
        send = self._send or webhooks.post
        results = [(one, send(url, one.headers, one.body) if url else None) for one in made]
        return reply({"deliveries": webhooks.shown(results)})

    def hooks_clear(self, call: Call) -> Response:
        self._store.hook(call.owner, "", "")
        return reply({"url": ""})

    def tell(self, owner: str, now: float, *, at_once: bool = False) -> None:
        """Send a webhook for each job of this key that has ended since the last look."""
        _, url, secret = self._store.owner(owner)
        looked = time.monotonic()
        if not url or (not at_once and looked < self._again_at.get(owner, 0.0)):
            return
        self._again_at[owner] = looked + _PAUSE
        messages = []
        for job in self._store.untold(owner, self._jobs.name):
            status = self._jobs.look(job, now).status
            if status in FINAL and self._store.tell(job.id):
                messages += webhooks.deliveries(
                    "valid", secret=secret, job=job.id, status=status, now=self._jobs.stage.wall()
                )
        self._again_at[owner] = max(looked + _PAUSE, looked + (time.monotonic() - looked) * _REST)
        if self._send is not None:
            _send_all(self._send, url, messages)
        elif messages:  # in the background: the receiver may be the very server that is answering now
            threading.Thread(target=_send_all, args=(webhooks.post, url, messages), daemon=True).start()


def _send_all(send: webhooks.Send, url: str, messages: list[webhooks.Delivery]) -> None:
    for message in messages:
        send(url, message.headers, message.body)
