"""Reading what Ark says: PascalCase answers into reports, error codes into kinds, odd bodies into nothing.

Sources: volcenginesdkark 5.0.54 (API version 2024-01-01), the public ark-cli documents, Ark's documentation; 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from jobs_app.core import metrics
from jobs_app.providers import _values
from jobs_app.providers.base import CheckpointIn, ErrorKind, EventIn

PROVIDER = ()  # no provider lives in this module; the registry passes it by

# The longest matching beginning counts: "OperationDenied.InvalidState" before "OperationDenied". What stands in no line
# is judged by its HTTP status.
CODES: Mapping[str, ErrorKind] = {
    "AuthenticationError": "auth",
    "InvalidAccessKey": "auth",
    "InvalidAccessKeyId": "auth",
    "InvalidCredential": "auth",
    "InvalidAuthorization": "auth",
    "SignatureDoesNotMatch": "auth",
    "MissingAuthenticationToken": "auth",
    "AccessDenied": "closed",
    "ModelNotOpen": "closed",
    "OperationDenied": "request",
    "OperationDenied.ServiceNotOpen": "closed",
    "OperationDenied.ServiceOverdue": "quota",
    "OperationDenied.UnsupportedPhase": "conflict",
    "OperationDenied.InvalidState": "conflict",
    "MissingParameter": "request",
    "InvalidParameter": "request",
    "Duplicate": "request",
    "NotFound": "missing",
    "InvalidEndpointOrModel.NotFound": "missing",
    "RateLimitExceeded": "rate",
    "ModelAccountRpmRateLimitExceeded": "rate",
    "ModelAccountTpmRateLimitExceeded": "rate",
    "AccountRateLimitExceeded": "rate",
    "RequestBurstTooFast": "rate",
    "ServerOverloaded": "rate",
    "QuotaExceeded": "quota",
}
# TOS: a bucket that cannot be used is a slip in the settings, not the end of the account.
STORAGE_CODES: Mapping[str, ErrorKind] = {
    "InvalidAccessKeyId": "auth",
    "SignatureDoesNotMatch": "auth",
    "AccessDenied": "request",
    "NoSuchBucket": "request",
    "RequestTimeTooSkewed": "request",
    "EntityTooLarge": "request",
    "ExceedRateLimit": "rate",
    "ExceedAccountQPSLimit": "rate",
}

_MOST_STEPS = 2**31


def code_of(body: Mapping[str, Any]) -> tuple[str, str]:
    """The code as `CODES` spells it, and the sentence: of the control plane, of the data plane or of TOS."""
    metadata = body.get("ResponseMetadata")
    error = metadata.get("Error") if isinstance(metadata, Mapping) else body.get("error") or body
    if not isinstance(error, Mapping):
        return "", str(error or "")
    code = str(error.get("Code") or error.get("code") or "")
    says = str(error.get("Message") or error.get("message") or "")
    known = [name for name in (*CODES, *STORAGE_CODES) if code == name or code.startswith(f"{name}.")]
    return max(known, key=len, default=code), f"{says} ({code})" if code and says else says or code


def has_error(answer: Mapping[str, Any]) -> bool:
    """Whether an answer that came as a good one tells of an error after all."""
    metadata = answer.get("ResponseMetadata")
    return isinstance(metadata, Mapping) and bool(metadata.get("Error"))


def result(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the action brought; {} where it brings nothing."""
    return _values.mapping(answer.get("Result"))


def status(job: Mapping[str, Any]) -> Mapping[str, Any]:
    found = job.get("Status")
    return found if isinstance(found, dict) else {"Phase": found} if isinstance(found, str) else {}


def phase(job: Mapping[str, Any]) -> str:
    """Ark's word for where the job is; "" where it says none."""
    return _values.text(status(job).get("Phase"))


def marked(items: Iterable[Mapping[str, Any]], key: str, value: str) -> Mapping[str, Any] | None:
    """The job that carries the tag."""
    for item in items:
        if any(tag.get("Key") == key and tag.get("Value") == value for tag in _values.objects(item.get("Tags"))):
            return item
    return None


def event(job: Mapping[str, Any]) -> EventIn | None:
    """Ark keeps no log that can be asked for, so each phase that is seen becomes one line."""
    said, word = status(job), phase(job)
    if not word:
        return None
    message = str(said.get("Message") or job.get("Reason") or "")
    at = _values.instant(said.get("PhaseTime")) or _values.instant(job.get("UpdateTime")) or _values.EPOCH
    return EventIn(
        id=f"{word}:{said.get('PhaseTime') or ''}"[:100],
        at=at,
        level="error" if word == "Failed" else "info",
        message=f"{word}: {message}" if message else word,
        data={name: said[name] for name in ("QueuePosition", "RetryCount") if said.get(name)} or None,
        raw=dict(said),
    )


def points(items: Iterable[Mapping[str, Any]]) -> list[metrics.Point]:
    """The figures of a metrics answer, whose names vary with model and method; unknown ones are left out."""
    found: dict[tuple[int, str], metrics.Point] = {}
    for item in items:
        name = str(item.get("Metric") or "")
        for sample in _values.objects(item.get("Samples")):
            step = sample.get("Step")
            if not isinstance(step, int) or isinstance(step, bool) or not 0 <= step < _MOST_STEPS:
                continue
            for point in metrics.from_data({_as_eval(name): sample.get("Value")}, step):
                found[point.step, point.name] = point
    return sorted(found.values())


def checkpoint(job_id: str, output: Mapping[str, Any]) -> CheckpointIn | None:
    """An output of a job, under a name that stays the same when it is exported to a custom model later."""
    name = str(output.get("Name") or "")
    step = re.search(r"(?<!\d)(\d{1,9})$", name)
    if step is None:
        return None
    at = _values.instant(output.get("CustomModelCreateTimeUnix")) or _values.EPOCH
    return CheckpointIn(id=name, step=int(step[1]), model=f"{job_id}/{name}", at=at)


def _as_eval(name: str) -> str:
    """Ark calls the validation side "test", "eval" or "validation"; the first of them nobody else does."""
    return re.sub(r"^test(?=[^A-Za-z0-9])", "eval", name)
