"""What the dialects of providers share whose tuned models have to be deployed before anybody can call them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs_app.rehearsal import faults
from jobs_app.rehearsal.dialects.base import Dialect
from jobs_app.rehearsal.engine import Order
from jobs_app.rehearsal.kept import Deployment
from jobs_app.rehearsal.wire import Call, Refused

_DEPLOYING = 0.1  # of a job's time


class Deploying(Dialect):
    """Deployments under names; a deployed model is called by the name of its deployment."""

    def deploy(self, call: Call, name: str, model: str, body: Mapping[str, Any]) -> Deployment:
        """A deployment under this name; the one that exists where there is one."""
        self.store.deploy(
            owner=call.owner,
            dialect=self.name,
            name=name,
            model=model,
            body=body,
            quirks=faults.quirks(call.fault, faults.DEPLOYMENT_QUIRKS),
            now=call.now,
        )
        found = self.store.deployment(call.owner, self.name, name)
        if found is None:
            raise Refused("missing", f"The deployment {name} was not found.")
        return found

    def deployments(self, call: Call) -> list[Deployment]:
        """Those that the list shows by now, the newest first."""
        return [one for one in self.store.deployments(call.owner, self.name) if _is_out(call, one)]

    def deployment(self, call: Call, name: str) -> Deployment:
        found = self.store.deployment(call.owner, self.name, name)
        if found is None or not _is_out(call, found):
            raise Refused("missing", f"The deployment {name} was not found.")
        return found

    def deployed(self, call: Call, deployment: Deployment) -> str:
        """How far a deployment is: "ready", "deploying" or "failed"."""
        if "never-ready" in deployment.quirks:
            return "deploying"
        if call.now < deployment.created_at + self.stage.seconds * _DEPLOYING:
            return "deploying"
        return "failed" if "deployment-fails" in deployment.quirks else "ready"

    def behind(self, call: Call, name: str) -> Order | None:
        """The order behind a deployment that is ready; None for a deployed base model."""
        found = self.store.deployment(call.owner, self.name, name)
        if found is None or self.deployed(call, found) != "ready":
            raise self.no_model(name)
        return self.tuned(call, found.model)


def _is_out(call: Call, deployment: Deployment) -> bool:
    """Whether everybody at the provider has heard of a deployment."""
    return call.now >= deployment.created_at + float(deployment.quirks.get("late", 0))
