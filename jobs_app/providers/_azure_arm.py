"""Azure's management API (ARM), as far as a tuned model needs it: one deployment is made, all are listed.

Source: Microsoft Foundry documentation, 2026-10 (the body of a deployment, `provisioningState`); the token is asked for
as Microsoft Entra's client credentials flow describes it, or given by a person, and then lives for about an hour.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx2

from ftstudio.errors import Text
from jobs_app.providers import _values, _wire
from jobs_app.providers._rest import Rest
from jobs_app.providers.base import ErrorKind, ProviderError, Serving

PROVIDER = ()  # no provider lives in this module; the registry passes it by

MANAGEMENT = "https://management.azure.com"
SIGN_IN = "https://login.microsoftonline.com"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}[A-Za-z0-9]")
_STATES: Mapping[str, str] = {
    "Succeeded": "ready",
    "Failed": "failed",
    "Canceled": "failed",
    "Deleting": "undeployed",
    "Disabled": "undeployed",
}
_NO_CODES: Mapping[str, ErrorKind] = {}
_NEEDED = ("subscription", "resource_group", "account")


class Deployments:
    """The deployments of one account. `options` are the connection's, `secret` its key, which is never said aloud."""

    def __init__(self, http: httpx2.Client, options: Mapping[str, str], secret: str) -> None:
        self._http, self._options, self._secret = http, options, secret

    @property
    def known(self) -> bool:
        """Whether the connection says where the account is and how to be let in."""
        here = all(self._options.get(name) for name in _NEEDED)
        return here and bool(self._options.get("arm_token") or self._options.get("client_secret"))

    def of(self, model: str, deployment: str = "") -> Serving:
        """Whether a tuned model is deployed; under the name of a deployment where one is given."""
        found = [item for item in _values.objects(self._ask("GET"), "value") if _model(item) == model]
        states = [_serving(item) for item in found if not deployment or item.get("name") == deployment]
        order = ("ready", "deploying", "failed", "undeployed")
        return min(states, key=lambda one: order.index(one.state), default=Serving("undeployed"))

    def put(self, model: str, name: str) -> Serving:
        """Ask for a deployment. Azure takes the same request a second time as one; under a name that is taken it would
        put the model in the place of the one that answers there, so that is refused."""
        if not _NAME.fullmatch(name):
            raise ProviderError(
                Text("A deployment's name has 2 to 64 letters, digits, hyphens, underscores and dots."), "request"
            )
        for item in _values.objects(self._ask("GET"), "value"):
            if item.get("name") == name and _model(item) not in ("", model):
                raise ProviderError(
                    Text("A deployment of another model has the name {name}. Choose another name.", name=name),
                    "request",
                )
        sku = {"name": self._options.get("deployment_sku") or "standard", "capacity": self._capacity()}
        properties = {"model": {"format": "OpenAI", "name": model, "version": "1"}}
        body = {"sku": sku, "properties": properties}
        return _serving({"name": name, **self._ask("PUT", name, json=body)})

    def _ask(self, method: str, name: str = "", **more: Any) -> Mapping[str, Any]:
        """One answer. Not being let in here says nothing about the key that trains, so it stops no connection."""
        try:
            return self._rest().ask(method, self._path(name), **more)
        except ProviderError as refusal:
            if refusal.kind not in ("auth", "closed"):
                raise
            raise ProviderError(
                Text("Azure's management API does not let this connection in: {says}", says=refusal.sentence), "request"
            ) from refusal

    def _capacity(self) -> int:
        return _values.count(self._options.get("deployment_capacity") or "1") or 1

    def _path(self, name: str = "") -> str:
        subscription, group, account = (_values.part(self._options[key]) for key in _NEEDED)
        version = _values.part(self._options.get("arm_version") or "2024-10-01")
        return (
            f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.CognitiveServices/accounts/"
            f"{account}/deployments{f'/{name}' if name else ''}?api-version={version}"
        )

    def _rest(self) -> Rest:
        if not self.known:
            raise ProviderError(
                Text(
                    "Deploying needs the subscription, the resource group and the account in the connection, and a "
                    "service principal or a management token."
                ),
                "request",
            )
        token = self._token()
        return Rest(
            self._http,
            self._options.get("arm_url") or MANAGEMENT,
            headers={"Authorization": f"Bearer {token}"},
            secrets=(token, self._secret),
            codes=_NO_CODES,
        )

    def _token(self) -> str:
        secret = self._options.get("client_secret", "")
        if not secret:
            return self._options["arm_token"].strip()
        sign_in = Rest(
            self._http,
            self._options.get("sign_in_url") or SIGN_IN,
            headers={},
            secrets=(secret,),
            codes=_NO_CODES,
            code_of=_sign_in_error,
        )
        form = {
            "grant_type": "client_credentials",
            "client_id": self._options.get("client_id", ""),
            "client_secret": secret,
            "scope": f"{MANAGEMENT}/.default",
        }
        tenant = _values.part(self._options.get("tenant", ""))
        answer = _wire.document(sign_in.send("POST", f"/{tenant}/oauth2/v2.0/token", data=form))
        if not _values.text(answer.get("access_token")):
            raise ProviderError(Text("The provider's answer cannot be read."), "unavailable")
        return str(answer["access_token"])


def _model(item: Mapping[str, Any]) -> str:
    return _values.text(_values.mapping(_values.mapping(item.get("properties")).get("model")).get("name"))


def _serving(item: Mapping[str, Any]) -> Serving:
    """A deployment's state; any other word means that it is on its way."""
    word = _values.text(_values.mapping(item.get("properties")).get("provisioningState"))
    return Serving(_STATES.get(word, "deploying"), name=_values.text(item.get("name")), says=word)


def _sign_in_error(body: Mapping[str, Any]) -> tuple[str, str]:
    """OAuth's shape: `{"error": "invalid_client", "error_description": "…"}`."""
    return _values.text(body.get("error")), _values.text(body.get("error_description"))
