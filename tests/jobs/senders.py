"""More for the workers that are killed (`worker.py`): a message to a hook and a synthesis, as a worker carries them on.

`message` writes one to a listener's address and says its id, `send` is the stage, `sent` what the next worker makes of
it. `propose` begins a synthesis and says its id, `synthesise` is the stage, `proposed` what others make of it then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from datasets_app.models import Dataset
from jobs_app.models import Delivery, Hook, Job, Synthesis
from jobs_app.pipeline.deliver import deliver
from jobs_app.pipeline.synthesise import run
from jobs_app.services import synthesis as synthesising

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
LATER = timedelta(seconds=90)


def message(address: str, job_id: str) -> str:
    job = Job.objects.get(pk=job_id)
    hook = Hook.objects.create(project=job.project, name="Crier", url=address, secret=SECRET, created_by=job.created_by)
    row = Delivery.objects.create(hook=hook, kind="job.succeeded", payload={"job": job_id}, next_try_at=timezone.now())
    return str(row.pk)


def send(delivery_id: str) -> None:
    settings.PROVIDER_HOSTS = ["127.0.0.1"]
    deliver(delivery_id)


def sent(delivery_id: str) -> dict[str, Any]:
    Delivery.objects.update(leased_until=F("leased_until") - LATER)
    send(delivery_id)
    row = Delivery.objects.get(pk=delivery_id)
    return {"state": row.state, "status": row.status, "tries": row.tries, "held": row.lease_key != ""}


def propose(job_id: str) -> str:
    job = Job.objects.get(pk=job_id)
    contract = {"symbols": {"tight": ["-", "/"], "verbatim": True}}
    codes = {"created_by": job.created_by, "contract": contract, "system_prompt": "Copy codes."}
    dataset, _made = Dataset.objects.get_or_create(project=job.project, name="Codes", defaults=codes)
    row = synthesising.start(
        actor=job.created_by, dataset=dataset, connection=job.connection, model="rehearsal-small", wanted=5
    )
    return str(row.pk)


def synthesise(synthesis_id: str) -> None:
    run(synthesis_id)


def proposed(synthesis_id: str) -> dict[str, Any]:
    for _ in range(5):
        Synthesis.objects.update(leased_until=F("leased_until") - LATER, next_at=F("next_at") - LATER)
        if not run(synthesis_id):
            break
    row = Synthesis.objects.get(pk=synthesis_id)
    reasons = list(row.candidates.order_by("number").values_list("reason", flat=True))
    return {
        "state": row.state,
        "asks": row.asks,
        "wanted": row.wanted,
        "counted": [row.verified, row.refused],
        "kept": [reasons.count(""), len(reasons) - reasons.count("")],
        "numbers": list(row.candidates.order_by("number").values_list("number", flat=True)),
        "questions": list(row.candidates.filter(reason="").values_list("fingerprint", flat=True)),
        "tokens": row.completion_tokens,
        "held": row.lease_key != "",
    }


STAGES: dict[str, Callable[..., Any]] = {
    "message": message,
    "send": send,
    "sent": sent,
    "propose": propose,
    "synthesise": synthesise,
    "proposed": proposed,
}
