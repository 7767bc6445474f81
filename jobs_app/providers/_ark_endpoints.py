"""From an output of an Ark job to a model that answers: a custom model (cm-…) first, then an endpoint (ep-…).

The export is done in Ark's console: the fields of its action are not published.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ftstudio.errors import Text
from jobs_app.providers import _values
from jobs_app.providers.base import ProviderError, Serving

PROVIDER = ()  # no provider lives in this module; the registry passes it by

_ENDED: Mapping[str, str] = {
    "Stopped": "undeployed",
    "Stopping": "undeployed",
    "Failed": "failed",
    "Abnormal": "failed",
}
_OUTPUTS: Mapping[str, str] = {"Exporting": "deploying", "ExportFailed": "failed", "Expired": "gone"}
_ORDER = ("ready", "deploying", "failed", "undeployed")


class Ask(Protocol):
    """One action of the control plane; its result."""

    def __call__(self, action: str, body: Mapping[str, Any], *, creating: bool = False) -> Mapping[str, Any]: ...


class Endpoints:
    """The endpoints of one project of the console."""

    def __init__(self, ask: Ask, project: Mapping[str, str]) -> None:
        self._ask, self._project = ask, project

    def serving(self, model: str, deployment: str = "") -> Serving:
        """Ready once an endpoint runs; `name` is its id. Until then: what is still to be done, and by whom."""
        if model.startswith("ep-"):
            return _endpoint(self._ask("GetEndpoint", {"Id": model}))
        custom, missing = self._custom_model(model)
        if missing:
            return missing
        found = self._of(custom)
        named = [item for item in found if deployment in (item.get("Id"), item.get("Name"))]
        states = [_endpoint(item) for item in named or found]
        if not states:
            return Serving("undeployed", says=f"{custom} has no endpoint")
        return min(states, key=lambda one: _ORDER.index(one.state))

    def deploy(self, model: str, name: str) -> Serving:
        """Create an endpoint for the custom model, unless one of this name is there."""
        custom = self.exported(model)
        for item in self._of(custom):
            if item.get("Name") == name:
                return _endpoint(item)
        body = {"Name": name, "ModelReference": {"CustomModelId": custom}, **self._project}
        answer = self._ask("CreateEndpoint", body, creating=True)
        return Serving("deploying", name=_values.named(answer, "Id", creating=True))

    def exported(self, model: str) -> str:
        """The custom model behind a tuned one. Raises ProviderError("request") while there is none."""
        custom, missing = self._custom_model(model)
        if missing:
            raise ProviderError(
                Text("Export this output to a custom model in Ark's console first, then ask again."), "request"
            )
        return custom

    def _custom_model(self, model: str) -> tuple[str, Serving | None]:
        """The custom model behind a tuned one, or why there is none yet."""
        if model.startswith("cm-"):
            return model, None
        job_id, _, name = model.partition("/")
        job = self._ask("GetModelCustomizationJob", {"Id": job_id})
        output = next((one for one in _values.objects(job.get("Outputs")) if one.get("Name") == name), {})
        if custom := _values.text(output.get("CustomModelId")):
            return custom, None
        word = _values.text(output.get("Status"))
        state = _OUTPUTS.get(word, "undeployed") if output else "gone"
        return "", Serving(state, says=f"{name}: {word or 'not exported'}")

    def _of(self, custom_model: str) -> list[dict[str, Any]]:
        asked = {"Filter": {"CustomModelIds": [custom_model]}, "PageNumber": 1, "PageSize": 50, **self._project}
        return [
            item for item in _values.objects(self._ask("ListEndpoints", asked), "Items") if _serves(item, custom_model)
        ]


def _serves(endpoint: Mapping[str, Any], custom_model: str) -> bool:
    reference = _values.mapping(endpoint.get("ModelReference"))
    return reference.get("CustomModelId") in (None, custom_model)


def _endpoint(item: Mapping[str, Any]) -> Serving:
    """An endpoint's state; a word that nobody knows means that it is not there yet."""
    word, endpoint = _values.text(item.get("Status")), _values.text(item.get("Id"))
    says = f"{word}: {_values.text(item.get('StatusReason'))}".strip(": ")
    return Serving("ready" if word == "Running" else _ENDED.get(word, "deploying"), name=endpoint, says=says)
