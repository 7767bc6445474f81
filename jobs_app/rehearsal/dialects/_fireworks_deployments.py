"""Fireworks' models, and the deployments on which they are loaded."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from jobs_app.rehearsal.dialects._fireworks_wire import FireworksWire
from jobs_app.rehearsal.dialects.base import new_id
from jobs_app.rehearsal.engine import Order
from jobs_app.rehearsal.kept import Deployment
from jobs_app.rehearsal.wire import Call, Refused, iso, reply


class FireworksDeployments(FireworksWire):
    """Models, deployments, and what is loaded onto them."""

    def models_list(self, call: Call) -> Response:
        found = [{"name": name, "kind": "HF_BASE_MODEL", "state": "READY", "tunable": True, "shutdown_date": until}
                 for name, until in self.models.items()]  # fmt: skip
        return self._listing(call, "models", found)

    def models_get(self, call: Call) -> Response:
        name = f"accounts/{call.names['account']}/models/{call.names['model']}"
        self.tuned(call, name)
        return reply({"name": name, "state": "READY"})

    def deployments_create(self, call: Call) -> Response:
        sent, kind = call.sent, call.names["kind"]
        model = sent.get("baseModel") if kind == "deployments" else sent.get("model")
        if not isinstance(model, str):
            raise Refused("request", "the model is required")
        self.tuned(call, model)
        chosen = call.request.args.get("deploymentId") or new_id("", 8)
        name = f"accounts/{call.names['account']}/{kind}/{chosen}"
        if self.store.deployment(call.owner, self.name, name) is not None:
            raise Refused("conflict", f"{name} already exists")
        return reply(self._deployment(call, self.deploy(call, name, model, sent)))

    def deployments_list(self, call: Call) -> Response:
        kind = call.names["kind"]
        start = f"accounts/{call.names['account']}/{kind}/"
        found = [one for one in self.deployments(call) if one.id.startswith(start)]
        return self._listing(call, kind, [self._deployment(call, one) for one in found])

    def deployments_get(self, call: Call) -> Response:
        return reply(self._deployment(call, self.deployment(call, self._resource(call))))

    def deployments_delete(self, call: Call) -> Response:
        self.store.undeploy(call.owner, self.name, self.deployment(call, self._resource(call)).id)
        return reply({})

    def model_order(self, call: Call, model: str) -> Order | None:
        """MODEL#DEPLOYMENT, or a model that has been loaded somewhere."""
        name, _, where = model.partition("#")
        if where:
            return self.behind(call, where)
        if name in self.models:
            return None
        found = next((one for one in self.store.deployments(call.owner, self.name) if one.model == name), None)
        if found is None:
            raise self.no_model(model)
        return self.behind(call, found.id)

    def _resource(self, call: Call) -> str:
        return f"accounts/{call.names['account']}/{call.names['kind']}/{call.names['deployment']}"

    def _deployment(self, call: Call, found: Deployment) -> dict[str, Any]:
        loaded = "/deployedModels/" in found.id
        states = {"ready": "DEPLOYED" if loaded else "READY", "deploying": "DEPLOYING" if loaded else "CREATING",
                  "failed": "FAILED"}  # fmt: skip
        return {
            "name": found.id,
            "displayName": found.body.get("displayName", ""),
            "createTime": iso(found.created_at),
            "model" if loaded else "baseModel": found.model,
            "deployment": found.body.get("deployment", ""),
            "state": states[self.deployed(call, found)],
            "status": {"code": "OK", "message": ""},
        }
