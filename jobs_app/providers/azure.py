"""Azure OpenAI: OpenAI's wire with a key of its own, files that are checked before a job, and models that are deployed.

Source: azure-rest-api-specs, AzureOpenAI authoring 2024-10-21, and Microsoft Foundry documentation, 2026-10.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import httpx2

from ftstudio.errors import Text
from jobs_app.core import lifecycle
from jobs_app.core.recipes import Parameter
from jobs_app.providers import _openai_jobs, _values, _wire
from jobs_app.providers._azure_arm import Deployments
from jobs_app.providers._openai_client import NO_OPTIONS
from jobs_app.providers.base import (
    BaseModel,
    Capabilities,
    Created,
    ErrorKind,
    Listed,
    Order,
    ProviderError,
    Serving,
    Setting,
)
from jobs_app.providers.openai import OpenAI

if TYPE_CHECKING:
    import openai

_CHECKED = "2026-11-20"
_DOCS = "Microsoft Foundry documentation, 2026-10"


def _setting(name: str, label: Text, help: Text, **more: Any) -> Setting:
    return Setting(name, label, help=help, required=False, **more)


class Azure(OpenAI):
    """See `base.Provider` for what each method promises."""

    name: ClassVar[str] = "azure"
    label: ClassVar[Text] = Text("Azure OpenAI")
    profile: ClassVar[str] = "azure"
    bom: ClassVar[bool] = True
    default_base_url: ClassVar[str] = ""  # every resource has an address of its own
    hosts: ClassVar[tuple[str, ...]] = (
        ".openai.azure.com",
        ".cognitiveservices.azure.com",
        ".services.ai.azure.com",
        "management.azure.com",
        "login.microsoftonline.com",
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("credential", Text("API key"), secret=True, help=Text("One of the two keys of the resource.")),
        Setting("base_url", Text("Address of the resource"), help=Text("https://RESOURCE.openai.azure.com")),
        _setting(
            "metadata",
            Text("Send the job's marker as metadata"),
            Text("Whether Azure takes metadata is not documented; without it, a lost job is found by its file."),
            default="no",
            choices=("no", "yes"),
            confirmed=False,
        ),
        _setting("subscription", Text("Subscription"), Text("For deployments: the id of the Azure subscription.")),
        _setting("resource_group", Text("Resource group"), Text("For deployments: the group of the resource.")),
        _setting("account", Text("Account"), Text("For deployments: the name of the Azure OpenAI resource.")),
        _setting("tenant", Text("Tenant"), Text("For deployments: the directory of the service principal.")),
        _setting("client_id", Text("Application (client) id"), Text("For deployments: the service principal.")),
        _setting(
            "client_secret",
            Text("Client secret"),
            Text("Of the service principal, who may write deployments of the account."),
            secret=True,
        ),
        _setting(
            "arm_token",
            Text("Management token"),
            Text("Instead of a service principal; it ends after about an hour."),
            secret=True,
        ),
        _setting(
            "deployment_sku",
            Text("Kind of deployment"),
            Text("As Azure names it: standard, globalstandard or developertier; billed by the hour."),
            default="standard",
        ),
        _setting("deployment_capacity", Text("Capacity"), Text("In Azure's units."), default="1"),
        _setting(
            "arm_version", Text("Version of the management API"), Text("A date."), default="2024-10-01", confirmed=False
        ),
        _setting("arm_url", Text("Address of the management API"), Text("Empty: Azure's own."), address=True),
        _setting("sign_in_url", Text("Address of the sign-in"), Text("Empty: Microsoft's own."), address=True),
    )
    states: ClassVar[Mapping[str, str]] = {
        **OpenAI.states,
        "created": lifecycle.VALIDATING,
        "pending": lifecycle.QUEUED,
    }
    codes: ClassVar[Mapping[str, ErrorKind]] = {
        "unauthorized": "auth",
        "forbidden": "closed",
        "notfound": "missing",
        "conflict": "conflict",
        "unexpectedentitystate": "conflict",
        "itemdoesalreadyexist": "conflict",
        "toomanyrequests": "rate",
        "quotaexceeded": "request",  # of files, jobs or deployments: not of money, and waiting does not help
        "invalidpayload": "request",
        "jsonlvalidationfailed": "request",
        "fileimportfailed": "request",
        "contentfilter": "request",
    }
    capabilities: ClassVar[Capabilities] = Capabilities(
        source=_DOCS,
        checked_on=_CHECKED,
        methods=("supervised", "dpo"),
        images=True,
        pause=True,
        checkpoints=True,
        marker=True,
        deploys=True,
        suffix_max=40,
    )
    parameters: ClassVar[tuple[Parameter, ...]] = (
        *(
            replace(one, help=Text("A factor on the rate that the provider chose; 0.02 to 0.2 is advised."))
            if one.name == "learning_rate_multiplier"
            else one
            for one in OpenAI.parameters
        ),
        Parameter(
            "trainingType",
            Text("Where it is trained"),
            "choice",
            default="standard",
            choices=("standard", "globalstandard", "developerTier"),
            help=Text("In the resource's region; anywhere, 10 to 30 % cheaper; or on spare capacity, at half of that."),
            source=f"{_DOCS}, {_CHECKED}",
            extra=True,
        ),
    )
    base_models: ClassVar[tuple[BaseModel, ...]] = tuple(
        BaseModel(model, label, "OpenAI's price list of 2025, by region", _CHECKED, "", price, confirmed=False)
        for model, label, price in (
            ("gpt-4.1-2025-04-14", "GPT-4.1", "25"),
            ("gpt-4.1-mini-2025-04-14", "GPT-4.1 mini", "5"),
            ("gpt-4.1-nano-2025-04-14", "GPT-4.1 nano", "1.50"),
            ("gpt-4o-2024-08-06", "GPT-4o", "25"),
            ("gpt-4o-mini-2024-07-18", "GPT-4o mini", "3"),
        )
    )

    @staticmethod
    def client(**how: Any) -> openai.OpenAI:
        from jobs_app.providers._azure_client import Client  # as in providers/_openai_client.py

        return Client(**how)

    def __init__(
        self, *, base_url: str, credential: str, http: httpx2.Client, options: Mapping[str, str] = NO_OPTIONS
    ) -> None:
        self._options = dict(options)
        self._deployments = Deployments(http, self._options, credential.strip())
        super().__init__(base_url=self.chat_url(base_url), credential=credential, http=http, options=options)

    @classmethod
    def chat_url(cls, base_url: str) -> str:
        """A resource's bare address stands for its API of today; a longer one is taken as it is."""
        url = httpx2.URL(base_url)
        return base_url if url.path.strip("/") else f"{base_url.rstrip('/')}/openai/v1"

    def is_ready(self, file_id: str) -> bool:
        file = self._ask(lambda: self._client.files.with_raw_response.retrieve(file_id))
        status = _values.text(file.get("status")).lower()
        if status in ("error", "deleting", "deleted"):
            says = _values.text(file.get("status_details")) or _wire.failure(file.get("error")) or status
            raise ProviderError(Text("The provider cannot use the uploaded file. {says}", says=says), "request")
        return status == "processed"

    def body_of(self, order: Order) -> dict[str, Any]:
        wanted = self._options.get("metadata") == "yes"
        body = _openai_jobs.body_of(order, suffix_max=self.capabilities.suffix_max, metadata=wanted)
        if where := order.recipe.extras.get("trainingType"):
            body["extra_body"] = {"trainingType": where}
        return body

    def find(self, marker: str, *, training_file: str = "", but: Collection[str] = ()) -> Created | None:
        """Through the recent jobs, by the marker or by the file, which was uploaded for this attempt alone."""
        return self._search(marker, training_file, but)

    def models(self) -> list[Listed]:
        """Azure lists the models of the region with other dates than those on which a tuned one stops."""
        return [replace(model, until=None) for model in super().models()]

    def deploy(self, model: str, name: str) -> Serving:
        return self._deployments.put(model, name)

    def serving(self, model: str, deployment: str = "") -> Serving:
        """What the management API says; without access to it a deployment that was named by a person is believed."""
        if not self._deployments.known:
            return Serving("ready", name=deployment) if deployment else Serving("undeployed")
        return self._deployments.of(model, deployment)


PROVIDER = Azure
