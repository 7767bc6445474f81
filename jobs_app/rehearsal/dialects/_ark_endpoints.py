"""Ark's models, and the endpoints without which no custom model can be called."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Response

from jobs_app.rehearsal.dialects._ark_wire import ArkWire
from jobs_app.rehearsal.dialects.base import new_id
from jobs_app.rehearsal.engine import Order
from jobs_app.rehearsal.kept import Deployment
from jobs_app.rehearsal.wire import Call, Refused, iso


class ArkEndpoints(ArkWire):
    """Models and endpoints."""

    def models_list(self, call: Call) -> Response:
        return self._page(call, [{"Name": name, "ShutdownDate": until} for name, until in self.models.items()])

    def models_get(self, call: Call) -> Response:
        name = str(call.sent.get("Name") or "")
        if name not in self.models:
            raise self.no_model(name)
        return self._result(call, {"Name": name, "ShutdownDate": self.models[name]})

    def deployments_create(self, call: Call) -> Response:
        sent = call.sent
        reference = sent.get("ModelReference") or {}
        model = reference.get("CustomModelId") or (reference.get("FoundationModel") or {}).get("Name")
        if not isinstance(model, str):
            raise Refused("request", "ModelReference names no model.", code="MissingParameter.ModelReference")
        self.tuned(call, model)
        name = new_id(f"ep-{datetime.fromtimestamp(call.now, UTC):%Y%m%d%H%M%S}-", 5)
        return self._result(call, {"Id": self.deploy(call, name, model, sent).id})

    def deployments_get(self, call: Call) -> Response:
        return self._result(call, self._endpoint(call, self.deployment(call, str(call.sent.get("Id") or ""))))

    def deployments_list(self, call: Call) -> Response:
        wanted = (call.sent.get("Filter") or {}).get("CustomModelIds")
        found = self.deployments(call)
        return self._page(call, [self._endpoint(call, one) for one in found if one.model in (wanted or [one.model])])

    def deployments_delete(self, call: Call) -> Response:
        self.store.undeploy(call.owner, self.name, self.deployment(call, str(call.sent.get("Id") or "")).id)
        return self._result(call, {})

    def model_order(self, call: Call, model: str) -> Order | None:
        return None if model in self.models else self.behind(call, model)

    def tuned(self, call: Call, model: str) -> Order | None:
        """A custom model: the last output of a job, or an earlier one by its step."""
        if model in self.models or self.store.job_of_model(call.owner, model) is not None:
            return super().tuned(call, model)
        return super().tuned(call, model.rpartition("-")[0])

    @staticmethod
    def no_model(model: str) -> Refused:
        says = f"The model or endpoint {model} does not exist or you do not have access to it."
        return Refused("missing", says, code="InvalidEndpointOrModel.NotFound")

    def _endpoint(self, call: Call, found: Deployment) -> dict[str, Any]:
        states = {"ready": "Running", "deploying": "Scheduling", "failed": "Abnormal"}
        return {
            "Id": found.id,
            "Name": found.body.get("Name"),
            "ModelReference": found.body.get("ModelReference"),
            "Status": states[self.deployed(call, found)],
            "CreateTime": iso(found.created_at),
        }
