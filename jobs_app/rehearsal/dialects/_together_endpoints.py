"""Together's models, and the endpoints on which a tuned one answers."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from jobs_app.rehearsal.dialects._together_wire import TogetherWire
from jobs_app.rehearsal.dialects.base import new_id
from jobs_app.rehearsal.engine import Order
from jobs_app.rehearsal.kept import Deployment
from jobs_app.rehearsal.wire import Call, Refused, iso, reply


class TogetherEndpoints(TogetherWire):
    """Models and endpoints."""

    def models_list(self, call: Call) -> Response:
        return reply(
            [{"id": name, "object": "model", "created": int(call.now), "type": "chat"} for name in self.models]
        )

    def models_get(self, call: Call) -> Response:
        return reply({"models": [{"name": name, "shutdown_date": until} for name, until in self.models.items()]})

    def deployments_create(self, call: Call) -> Response:
        sent = call.sent
        if not isinstance(sent.get("model"), str) or not isinstance(sent.get("hardware"), str):
            raise Refused("request", "model and hardware are required")
        self._trained(call, sent["model"])
        name = f"rehearsal/{sent['model'].rpartition('/')[2]}-{new_id('', 8)}"
        return reply(self._endpoint(call, self.deploy(call, name, sent["model"], sent)))

    def deployments_list(self, call: Call) -> Response:
        found = self.deployments(call)
        return reply({"object": "list", "data": [self._endpoint(call, one) for one in found]})

    def deployments_get(self, call: Call) -> Response:
        return reply(self._endpoint(call, self._by_id(call)))

    def deployments_delete(self, call: Call) -> Response:
        self.store.undeploy(call.owner, self.name, self._by_id(call).id)
        return Response(status=204)

    def model_order(self, call: Call, model: str) -> Order | None:
        return None if model in self.models else self.behind(call, model)

    def tuned(self, call: Call, model: str) -> Order | None:
        return self._trained(call, model)

    def _trained(self, call: Call, model: str) -> Order | None:
        """A tuned model by its name, or a checkpoint as JOB:STEP."""
        job_id, colon, step = model.partition(":")
        if not (colon and job_id.startswith("ft-")):
            return super().tuned(call, model)
        order = self.order(self.find(call, job_id))
        if all(str(one.step) != step for one in self.engine.checkpoints(order, call.now)):
            raise self.no_model(model)
        return order

    def _by_id(self, call: Call) -> Deployment:
        wanted = call.names["endpoint"]
        for one in self.store.deployments(call.owner, self.name):
            if wanted == _endpoint_id(one):
                return one
        raise Refused("missing", f"Endpoint {wanted} not found")

    def _endpoint(self, call: Call, found: Deployment) -> dict[str, Any]:
        states = {"ready": "STARTED", "deploying": "PENDING", "failed": "FAILED"}
        return {
            "object": "endpoint",
            "id": _endpoint_id(found),
            "name": found.id,
            "display_name": found.body.get("display_name"),
            "model": found.model,
            "hardware": found.body.get("hardware"),
            "type": "dedicated",
            "owner": "rehearsal",
            "state": states[self.deployed(call, found)],
            "created_at": iso(found.created_at),
        }


def _endpoint_id(found: Deployment) -> str:
    return f"endpoint-{found.id.rpartition('-')[2]}"
