"""Simulated annotators over HTTP: each asks for a sample, fetches the following one ahead, has the text checked while
typing, saves a correction, and decides. What was acknowledged to them is compared with the database afterwards.

They do as the desk does when an answer does not come: the same request again, with the same id, until there is one.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

PATIENCE = 60.0  # seconds until somebody who gets no answer gives up
VERBS = ("next", "ahead", "check", "save", "decide")

JOIN = """
import django; django.setup()
from datetime import timedelta
from django.utils import timezone
from ftstudio.accounts.authentication import hash_secret
from ftstudio.accounts.models import ApiToken, Membership, Project, User
project = Project.objects.get(pk="{project}")
people = [User(username=f"p{{n}}", email=f"p{{n}}@example.org", name=f"P {{n}}") for n in range({people})]
User.objects.bulk_create(people, ignore_conflicts=True)
people = list(User.objects.filter(username__in=[one.username for one in people]))
Membership.objects.bulk_create(
    [Membership(user=one, project=project, role="annotator") for one in people], ignore_conflicts=True)
ApiToken.objects.bulk_create([ApiToken(user=one, name="crowd", prefix="crowd", secret_hash=hash_secret(one.username),
    scopes="read write", expires_at=timezone.now() + timedelta(days=1)) for one in people], ignore_conflicts=True)
"""

# Reads {"given": [[person, sample, client_id, verdict]], "saved": [[sample, client_id]], "overlap": n} from a file, and
# says in JSON what does not fit.
COMPARE = """
import django; django.setup()
import json
from collections import Counter
from datasets_app.models import Annotation, Decision, Revision, Sample, Seat
from tests.invariants import broken
said = json.load(open({path!r}))
overlap = said["overlap"]
rows = Annotation.objects.filter(withdrawn_at=None) if overlap > 1 else Decision.objects.filter(undone_at=None)
if overlap == 1:
    rows = rows.filter(stage="first")
verdict = "verdict" if overlap > 1 else "decision"
there = Counter(rows.values_list("by__username", "sample_id", "client_id", verdict))
given = [tuple(one) for one in said["given"]]
wrong = [f"{{one}} was acknowledged and is there {{there[one]}} times" for one in given if there[one] != 1]
per_sample = Counter(rows.values_list("sample_id", flat=True))
wrong += [f"sample {{pk}} was decided {{n}} times" for pk, n in per_sample.items() if n > overlap]
per_person = Counter(rows.values_list("sample_id", "by"))
wrong += [f"{{one}} was decided {{n}} times by one person" for one, n in per_person.items() if n > 1]
revisions = Counter(Revision.objects.exclude(client_id=None).values_list("sample_id", "client_id"))
saved = [(tuple(one), revisions[tuple(one)]) for one in said["saved"]]
wrong += [f"save {{one}} is there {{n}} times" for one, n in saved if n != 1]
print(json.dumps({{"wrong": wrong + broken(), "unsaid": there.total() - len(given), "there": there.total()}}))
"""


@dataclass(frozen=True, slots=True)
class Given:
    """A verdict that was acknowledged."""

    person: str
    sample: int
    client_id: str
    verdict: str


@dataclass(slots=True)
class Log:
    """What everybody did: milliseconds by verb, answers by verb and status, and who had which sample when."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    repeats: Counter[str] = field(default_factory=Counter)
    given: list[Given] = field(default_factory=list)
    saved: list[tuple[int, str]] = field(default_factory=list)
    had: list[tuple[int, str, float, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def faults(self) -> list[str]:
        """Answers that nobody should get. A conflict is none where a verdict came too late for its place."""
        return [f"{n} × {verb} {status}" for (verb, status), n in sorted(self.answers.items()) if status >= 400]

    def shared(self, overlap: int) -> list[str]:
        """Samples that more than `overlap` people had before them at one moment."""
        by_sample: dict[int, list[tuple[float, int, str]]] = defaultdict(list)
        for sample, person, since, until in self.had:
            by_sample[sample] += [(since, 1, person), (until, -1, person)]
        found = []
        for sample, moments in by_sample.items():
            here: list[str] = []
            for _, change, person in sorted(moments):
                here.append(person) if change > 0 else here.remove(person)
                if len(here) > overlap:
                    found.append(f"sample {sample} was before {', '.join(here)} at once")
        return found

    def as_json(self, overlap: int) -> str:
        given = [list(asdict(one).values()) for one in self.given]
        return json.dumps({"given": given, "saved": self.saved, "overlap": overlap})


@dataclass(slots=True)
class Crowd:
    """`think` are the least and most seconds between two actions of a person, drawn evenly."""

    port: int
    dataset: str
    people: int
    think: tuple[float, float] = (1.0, 3.0)
    overlap: int = 1
    seed: int = 7

    def work(self, until: Callable[[], bool], log: Log) -> None:
        """Let everybody work until `until()`, each to the end of the sample they are at; `log` grows meanwhile."""
        lock = threading.Lock()
        people = [_Person(self, number, log, lock) for number in range(self.people)]
        threads = [threading.Thread(target=person.work, args=(until,)) for person in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


class _Person:
    """One annotator with a connection and a token of their own."""

    def __init__(self, crowd: Crowd, number: int, log: Log, lock: threading.Lock) -> None:
        self.crowd, self.log, self.lock = crowd, log, lock
        self.name = f"p{number}"
        self.chance = random.Random(f"{crowd.seed}:{number}")
        self.connection = http.client.HTTPConnection("127.0.0.1", crowd.port, timeout=PATIENCE)
        self.requests = 0

    def work(self, until: Callable[[], bool]) -> None:
        try:
            time.sleep(self.chance.uniform(0, self.crowd.think[1]))
            after: int | None = None
            while not until():
                after = self._one(after)
                if after is None:
                    return
        except Exception as error:  # noqa: BLE001  (whoever started the crowd says what it was)
            with self.lock:
                self.log.wrong.append(f"{self.name}: {error!r}")
        finally:
            self.connection.close()

    def _one(self, after: int | None) -> int | None:
        """From one sample to its verdict; the position behind which to go on. None: nothing waits."""
        ask = f"/api/v1/datasets/{self.crowd.dataset}/next/"
        status, sample = self._call("next", "POST", ask, {"after": after})
        if status == 204:
            return None
        since, here = time.monotonic(), f"/api/v1/samples/{sample['id']}/"
        self._call("ahead", "POST", ask, {"after": sample["position"], "ahead": True})
        self._think()
        typed = self._typed(sample["messages"])
        for _ in range(2):
            self._call("check", "POST", f"{here}check/", {"messages": typed})
            self._think()
        if self.crowd.overlap > 1:
            verdict = self._give(
                sample, f"{here}annotations/", "verdict", {"base_revision": sample["revision"], "messages": typed}
            )
        else:
            client_id = self._id()
            change = {"base_revision": sample["revision"], "messages": typed, "client_id": client_id}
            status, saved = self._call("save", "PATCH", here, change)
            if status == 200:
                with self.lock:
                    self.log.saved.append((sample["id"], client_id))
                sample["revision"] = saved["revision"]
            self._think()
            verdict = self._give(sample, f"{here}decisions/", "decision", {"revision": sample["revision"]})
        if verdict:
            with self.lock:
                self.log.had.append((sample["id"], self.name, since, verdict))
        return int(sample["position"])

    def _give(self, sample: Any, path: str, name: str, body: dict[str, Any]) -> float:
        """The verdict; when it was sent. The sample is free for others from then on."""
        client_id, verdict = self._id(), self.chance.choice(("accept", "accept", "flag", "reject"))
        sent = time.monotonic()
        status, _ = self._call("decide", "POST", path, {**body, name: verdict, "client_id": client_id})
        if status == 201:
            with self.lock:
                self.log.given.append(Given(self.name, sample["id"], client_id, verdict))
        return sent

    def _typed(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The messages with a clean answer of one's own."""
        answer = f"可以，先清理基层再施工，养护{self.chance.randint(2, 72)}小时，{self.chance.randint(1, 9**9)}号。"
        return [*messages[:-1], {**messages[-1], "content": answer}]

    def _id(self) -> str:
        self.requests += 1
        return f"{self.name}-{self.crowd.seed}-{self.requests}"

    def _think(self) -> None:
        time.sleep(self.chance.uniform(*self.crowd.think))

    def _call(self, verb: str, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """One request until it is answered by something that is no fault of the server's."""
        last = time.monotonic() + PATIENCE
        for turn in self._turns(last):
            if turn and verb == "next":
                body = {**body, "after": None}  # what the lost answer gave is held, and given again
            started = time.perf_counter()
            answered = self._answer(verb, method, path, body)
            with self.lock:
                if answered is None or answered[0] >= 500:
                    self.log.repeats[verb] += 1
                if answered is not None:
                    self.log.answers[verb, answered[0]] += 1
                    self.log.times[verb].append((time.perf_counter() - started) * 1000)
            if answered is not None and answered[0] < 500:
                return answered
        raise TimeoutError(f"no answer to {method} {path}")

    def _turns(self, last: float) -> Iterator[int]:
        turn = 0
        while time.monotonic() < last:
            yield turn
            turn += 1
            time.sleep(min(0.05 * 2**turn, 1))

    def _answer(self, verb: str, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any] | None:
        headers = {"Authorization": f"Bearer {self.name}", "Content-Type": "application/json"}
        for fresh in (False, True):  # a kept connection may have been closed while nobody spoke
            try:
                self.connection.request(method, path, json.dumps(body), headers)
                answer = self.connection.getresponse()
                raw = answer.read()
                return answer.status, json.loads(raw) if raw and answer.status != 204 and answer.status < 500 else None
            except (OSError, http.client.HTTPException):
                self.connection.close()
                if not fresh:
                    with self.lock:
                        self.log.repeats[verb] += 1
        return None
