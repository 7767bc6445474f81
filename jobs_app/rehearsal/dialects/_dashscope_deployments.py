"""DashScope's models, and the deployments without which no tuned one answers."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from jobs_app.rehearsal.dialects._dashscope_wire import DashScopeWire, beijing_time
from jobs_app.rehearsal.dialects.base import new_id
from jobs_app.rehearsal.engine import Order
from jobs_app.rehearsal.kept import Deployment
from jobs_app.rehearsal.wire import Call, Refused, reply


class DashScopeDeployments(DashScopeWire):
    """Models and deployments."""

    def models_list(self, call: Call) -> Response:
        models = [{"model_name": name, "shutdown_date": until} for name, until in self.models.items()]
        return self._out({"models": models, "total": len(models)})

    def models_get(self, call: Call) -> Response:
        data = [{"id": name, "object": "model", "shutdown_date": until} for name, until in self.models.items()]
        return reply({"object": "list", "data": data})

    def deployments_create(self, call: Call) -> Response:
        sent = call.sent
        model = sent.get("model_name")
        if not isinstance(model, str):
            raise Refused("request", "Missing model_name")
        self.tuned(call, model)
        name = f"{model}-{sent.get('suffix') or new_id('', 8)}"
        if self.store.deployment(call.owner, self.name, name) is not None:
            raise Refused("conflict", f"{name} is deployed already")
        return self._out(self._deployment(call, self.deploy(call, name, model, sent)))

    def deployments_list(self, call: Call) -> Response:
        found = [self._deployment(call, one) for one in self.deployments(call)]
        page, size = self._page(call)
        shown = found[(page - 1) * size : page * size]
        return self._out({"deployments": shown, "page_no": page, "page_size": size, "total": len(found)})

    def deployments_get(self, call: Call) -> Response:
        return self._out(self._deployment(call, self.deployment(call, call.names["deployment"])))

    def deployments_delete(self, call: Call) -> Response:
        self.store.undeploy(call.owner, self.name, self.deployment(call, call.names["deployment"]).id)
        return self._out({"status": "success"})

    def model_order(self, call: Call, model: str) -> Order | None:
        return None if model in self.models else self.behind(call, model)

    def _deployment(self, call: Call, found: Deployment) -> dict[str, Any]:
        states = {"ready": "RUNNING", "deploying": "PENDING", "failed": "FAILED"}
        return {
            "deployed_model": found.id,
            "model_name": found.model,
            "base_model": found.model,
            "status": states[self.deployed(call, found)],
            "plan": found.body.get("plan"),
            "capacity": found.body.get("capacity", 1),
            "gmt_create": beijing_time(found.created_at),
        }
