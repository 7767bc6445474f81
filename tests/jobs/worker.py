"""The processes that the killing tests kill: `python -m tests.jobs.worker`, told what to do by lines on its input.

A line is a JSON list `[verb, rehearsal_url, id]`. Each verb runs in a process of its own, forked from this one, which
has everything imported; its process id is answered at once, and `["wait"]` answers with its exit code and what it
said: `prepare` makes Alice, her project and a launched job and says its id, `submit` and `poll` are one stage as a
worker runs it, `tell` says how the job is.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections as databases  # noqa: E402

from ftstudio.accounts.models import Membership, Project, Role, User  # noqa: E402
from jobs_app.models import Job, ModelVersion  # noqa: E402
from jobs_app.pipeline.poll import poll  # noqa: E402
from jobs_app.pipeline.submit import submit  # noqa: E402
from jobs_app.providers import PROVIDERS  # noqa: E402
from jobs_app.services import connections, jobs  # noqa: E402
from tests.jobs.rehearsal import KEY  # noqa: E402
from tests.jobs.rows import make_snapshot  # noqa: E402


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


VERBS: dict[str, Callable[..., Any]] = {
    "migrate": migrate,
    "prepare": prepare,
    "tell": tell,
    "submit": submit,
    "poll": poll,
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
    list(PROVIDERS)  # imported before the forks, once
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
