"""The processes that the killing tests kill: `python -m tests.jobs.worker`, told what to do by lines on its input.

A line is a JSON list `[verb, rehearsal_url, id]`. Each verb runs in a process of its own, forked from this one, which
has everything imported; its process id is answered at once, and `["wait"]` answers with its exit code and what it
said: `prepare` makes Alice, her project and a launched job and says its id, `submit` and `poll` are one stage as a
worker runs it, `tell` says how the job is, `later` lets the leases of the dead end and what waits come due.

A stage that is told to `die` kills its process with -9 at a moment of its own: before a statement that writes to the
database, before or after a request to the provider. It answers how many moments there were if it lives to the end.
`another` is a copy of the job that has been prepared; `recover` is what the next workers make of it.
`evaluate` begins an evaluation of two cases on the job's data and says its arm's id, `ask` is its stage, `answered` how
it stands.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import tempfile
import traceback
import uuid
from collections.abc import Callable
from typing import Any

import django
import openai

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections as databases  # noqa: E402
from django.urls import reverse  # noqa: E402

from datasets_app.core import contracts  # noqa: E402
from datasets_app.core.engine import Checker  # noqa: E402
from datasets_app.models import Sample  # noqa: E402
from ftstudio.accounts.models import Membership, Project, Role, User  # noqa: E402
from jobs_app.models import Arm, Job, ModelVersion  # noqa: E402
from jobs_app.pipeline import closing  # noqa: E402
from jobs_app.pipeline.evaluate import run as ask  # noqa: E402
from jobs_app.pipeline.poll import poll  # noqa: E402
from jobs_app.pipeline.submit import submit  # noqa: E402
from jobs_app.providers import PROVIDERS  # noqa: E402
from jobs_app.providers.http import GuardedTransport  # noqa: E402
from jobs_app.services import connections, evaluations, jobs  # noqa: E402
from tests.jobs.rehearsal import KEY  # noqa: E402
from tests.jobs.rows import let_time_pass, make_snapshot  # noqa: E402
from tests.jobs.senders import STAGES  # noqa: E402


def migrate() -> None:
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        call_command("migrate", verbosity=0)


def prepare() -> str:
    name = f"alice-{secrets.token_hex(4)}"
    alice = User.objects.create_user(username=name, email=f"{name}@example.org", name="Alice")
    project = Project.objects.create(name="Rain or shine", created_by=alice)
    Membership.objects.create(user=alice, project=project, role=Role.OWNER)
    stage = connections.create(actor=alice, project=project, name="Stage", kind="rehearsal", credential=KEY)
    draft = jobs.create(
        actor=alice,
        name="rain-v1",
        snapshot=make_snapshot(alice, project),
        connection=stage,
        base_model="rehearsal-small",
    )
    return str(jobs.launch(actor=alice, job=draft).pk)


def tell(job_id: str) -> dict[str, Any]:
    job = Job.objects.get(pk=job_id)
    return {
        "state": job.state,
        "marker": job.marker,
        "training_file": job.training_file,
        "tried": job.create_tried_at is not None,
        "provider_job": job.provider_job,
        "held": job.lease_key != "",
        "events": list(job.events.values_list("message", flat=True)),
        "steps": list(job.metrics.filter(name="train_loss").values_list("step", flat=True)),
        "models": ModelVersion.objects.filter(job=job).count(),
    }


def another(job_id: str) -> str:
    job = Job.objects.get(pk=job_id)
    job.pk, job.marker = uuid.uuid4(), f"fts-{secrets.token_hex(16)}"
    job.save(force_insert=True)
    return str(job.pk)


def recover(job_id: str) -> dict[str, Any]:
    for _ in range(4):
        later()
        submit(job_id)
        if Job.objects.exclude(provider_job="").filter(pk=job_id).exists():
            break
    return tell(job_id)


def evaluate(job_id: str) -> str:
    job = Job.objects.get(pk=job_id)
    Sample.objects.filter(dataset=job.snapshot.dataset).update(status="accepted")  # type: ignore[union-attr]
    stage = evaluations.ArmSpec(job.connection, model="rehearsal-small")
    row = evaluations.start(
        actor=job.created_by,
        dataset=job.snapshot.dataset,
        arms=[stage],
        n=2,
        metrics=["compliance"],  # type: ignore[union-attr]
    )
    return str(row.arms.get().pk)


def answered(arm_id: str) -> dict[str, Any]:
    arm = Arm.objects.select_related("evaluation").get(pk=arm_id)
    return {
        "state": arm.state,
        "evaluation": arm.evaluation.state,
        "asked": arm.asked,
        "held": arm.lease_key != "",
        "tries": list(arm.outcomes.values_list("tries", flat=True)),
        "verdicts": list(arm.outcomes.values_list("verdict", flat=True)),
        "tokens": [arm.completion_tokens, sum(arm.outcomes.values_list("completion_tokens", flat=True))],
        "scores": list(arm.scores),
    }


def resume(arm_id: str) -> dict[str, Any]:
    """What the next workers make of it: the sweep has them ask, and close what was left open."""
    later()
    ask(arm_id)
    for pk in closing.to_close().values_list("pk", flat=True):
        closing.close(pk)
    return answered(arm_id)


def later() -> None:
    let_time_pass(90)


class Fate:
    """Counts the moments of a stage, and kills at one of them; the number -1 never comes."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.moments = 0

    def moment(self) -> None:
        if self.moments == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.moments += 1

    def statement(self, execute: Callable[..., Any], sql: str, *how: Any) -> Any:
        if not sql.startswith(("UPDATE", "INSERT")):
            return execute(sql, *how)
        self.moment()
        return execute(sql, *how)

    def request(self, transport: GuardedTransport, request: Any) -> Any:
        self.moment()
        response = HANDLE(transport, request)
        response.read()
        self.moment()
        return response


HANDLE = GuardedTransport.handle_request


def die(stage: str, at: str, job_id: str) -> int:
    fate = Fate(int(at))
    GuardedTransport.handle_request = lambda transport, request: fate.request(transport, request)  # type: ignore[method-assign]
    with databases["default"].execute_wrapper(fate.statement):
        VERBS[stage](job_id)
    return fate.moments


VERBS: dict[str, Callable[..., Any]] = {
    "migrate": migrate,
    "prepare": prepare,
    "tell": tell,
    "submit": submit,
    "poll": poll,
    "another": another,
    "recover": recover,
    "evaluate": evaluate,
    "ask": ask,
    "answered": answered,
    "resume": resume,
    "later": later,
    "die": die,
    **STAGES,
}


def run(path: str, verb: str, url: str, *ids: str) -> int:
    """In the forked process: do it, and leave what was said in the file at `path`."""
    settings.REHEARSAL_URL = url
    try:
        said = VERBS[verb](*ids)
    except BaseException:  # noqa: BLE001  (the parent says it)
        said = traceback.format_exc()
        code = 1
    else:
        code = 0
    with open(path, "w", encoding="utf-8") as file:
        json.dump(said, file)
    databases.close_all()
    return code


def main() -> None:
    list(PROVIDERS)  # imported before the forks, once; and what is only imported when it is first used
    reverse("pages:job-list")
    Checker(contracts.parse({}), "local", "").encoder.count("rain")  # its vocabulary takes a while to read
    client = openai.OpenAI(api_key="none")
    for part in (client.files, client.models, client.fine_tuning.jobs, client.fine_tuning.jobs.checkpoints):
        assert part.with_raw_response
    child, path = 0, ""
    for line in sys.stdin:
        order = json.loads(line)
        if order == ["wait"]:
            _, status = os.waitpid(child, 0)
            with open(path, encoding="utf-8") as file:
                said = file.read()
            os.unlink(path)
            answer: Any = [os.waitstatus_to_exitcode(status), json.loads(said) if said else None]
        else:
            handle, path = tempfile.mkstemp()
            os.close(handle)
            child = os.fork()
            if not child:
                os._exit(run(path, *order))
            answer = child
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
