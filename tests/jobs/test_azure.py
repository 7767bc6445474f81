"""Azure OpenAI: what differs from OpenAI's wire, and the deployment without which no tuned model can be called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jobs_app.core.recipes import Recipe, parse
from jobs_app.providers.azure import Azure
from jobs_app.providers.base import Order, ProviderError, Serving

from .recorded import Exchange

URL = "https://rain.openai.azure.com"
PLACE = {"subscription": "sub-1", "resource_group": "group", "account": "rain"}
DEPLOYMENTS = (
    "/subscriptions/sub-1/resourceGroups/group/providers/Microsoft.CognitiveServices/accounts/rain/deployments"
)
MODEL = "gpt-4.1-2025-04-14.ft-0a1b2c-rain"


def azure(answers: dict[str, Any], **options: str) -> tuple[Any, Exchange]:
    exchange = Exchange(answers)
    return exchange.opened("azure", base_url=URL, **options), exchange


def order(**more: Any) -> Order:
    given = {
        "training_file": "file-1",
        "validation_file": None,
        "base_model": "gpt-4.1-2025-04-14",
        "recipe": Recipe.of(parse({}, Azure.parameters)),
        "marker": "marker-1",
        "name": "rain " * 20,
        **more,
    }
    return Order(**given)


def deployed(name: str, state: str, model: str = MODEL) -> dict[str, Any]:
    return {"name": name, "properties": {"model": {"name": model}, "provisioningState": state}}


def test_a_job_is_sent_with_azures_key_and_without_what_azure_may_not_take() -> None:
    provider, exchange = azure({"POST /openai/v1/fine_tuning/jobs": {"body": {"id": "ftjob-1"}}})
    provider.create(order())
    (request,) = exchange.sent
    assert request.url.host == "rain.openai.azure.com"
    assert request.headers["api-key"] == "secret-of-tests"
    assert "authorization" not in request.headers
    (body,) = exchange.bodies()
    assert body["trainingType"] == "standard"
    assert len(body["suffix"]) <= 40
    assert "metadata" not in body
    provider, exchange = azure({"POST /openai/v1/fine_tuning/jobs": {"body": {"id": "ftjob-1"}}}, metadata="yes")
    provider.create(order(recipe=Recipe(extras={"trainingType": "developerTier"})))
    assert exchange.bodies()[0]["metadata"] == {"ftstudio_key": "marker-1"}
    assert exchange.bodies()[0]["trainingType"] == "developerTier"


def test_a_longer_address_is_taken_as_it_is() -> None:
    assert Azure.chat_url("https://x.openai.azure.com/") == "https://x.openai.azure.com/openai/v1"
    assert Azure.chat_url("https://x.openai.azure.com/openai/v1/") == "https://x.openai.azure.com/openai/v1/"


def test_a_lost_job_is_found_by_the_file_that_was_uploaded_for_it() -> None:
    jobs = [{"id": f"ftjob-{n}", "status": "pending", "training_file": f"file-{n}"} for n in range(3)]
    provider, _ = azure({"GET /openai/v1/fine_tuning/jobs": {"body": {"data": jobs, "has_more": False}}})
    assert provider.find("marker-1", training_file="file-2").job_id == "ftjob-2"
    assert provider.find("marker-1", training_file="file-9") is None
    assert provider.find("marker-1") is None


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        ("uploaded", False),
        ("pending", False),
        ("running", False),
        ("processed", True),
        (None, False),
        ("new word", False),
    ],
)
def test_a_file_is_waited_for_until_azure_has_checked_it(status: str | None, ready: bool) -> None:
    provider, _ = azure({"GET /openai/v1/files/file-1": {"body": {"id": "file-1", "status": status}}})
    assert provider.is_ready("file-1") is ready


def test_a_file_that_azure_refuses_is_refused_in_its_words() -> None:
    body = {"id": "file-1", "status": "error", "error": {"message": "Line 7 has no role."}}
    provider, _ = azure({"GET /openai/v1/files/file-1": {"body": body}})
    with pytest.raises(ProviderError, match="Line 7") as caught:
        provider.is_ready("file-1")
    assert caught.value.kind == "request"


# Callable


def test_a_tuned_model_is_callable_once_it_is_deployed() -> None:
    for word, state in {"Accepted": "deploying", "Succeeded": "ready", "Failed": "failed", None: "deploying"}.items():
        listed = {"value": [deployed("other", "Succeeded", "gpt-4.1"), deployed("rain", str(word or ""))]}
        provider, exchange = azure({f"GET {DEPLOYMENTS}": {"body": listed}}, **PLACE, arm_token="token-of-an-hour")
        assert provider.serving(MODEL) == Serving(state, "rain", word or "")
        assert provider.serving(MODEL, "snow").state == "undeployed"
        assert exchange.sent[0].url.host == "management.azure.com"
        assert exchange.sent[0].url.params["api-version"] == "2024-10-01"
        assert exchange.sent[0].headers["authorization"] == "Bearer token-of-an-hour"
        assert "api-key" not in exchange.sent[0].headers


def test_a_service_principal_signs_in_by_itself() -> None:
    answers = {
        "POST login.microsoftonline.com/tenant-1/oauth2/v2.0/token": {"body": {"access_token": "t" * 900}},
        f"GET {DEPLOYMENTS}": {"body": {"value": []}},
        f"PUT {DEPLOYMENTS}/rain": {"status": 201, "body": deployed("rain", "Creating")},
    }
    principal = {"tenant": "tenant-1", "client_id": "app-1", "client_secret": "secret of the app"}
    provider, exchange = azure(answers, **PLACE, **principal, deployment_sku="globalstandard")
    assert provider.deploy(MODEL, "rain") == Serving("deploying", "rain", "Creating")
    signing, *_, put = exchange.sent
    assert b"client_secret=secret+of+the+app" in signing.content
    assert put.headers["authorization"] == "Bearer " + "t" * 900
    assert json.loads(put.content) == {
        "sku": {"name": "globalstandard", "capacity": 1},
        "properties": {"model": {"format": "OpenAI", "name": MODEL, "version": "1"}},
    }


@pytest.mark.parametrize("status", [401, 403])
def test_being_shut_out_of_the_management_api_does_not_stop_the_training(status: int) -> None:
    answers = {f"GET {DEPLOYMENTS}": {"status": status, "body": {"error": {"code": "ExpiredAuthenticationToken"}}}}
    provider, _ = azure(answers, **PLACE, arm_token="token-of-an-hour")
    with pytest.raises(ProviderError, match="management") as caught:
        provider.serving(MODEL)
    assert caught.value.kind == "request"


def test_without_the_management_api_a_deployment_named_by_a_person_is_believed() -> None:
    provider, exchange = azure({})
    assert provider.serving(MODEL).state == "undeployed"
    assert provider.serving(MODEL, "rain") == Serving("ready", "rain")
    with pytest.raises(ProviderError, match="subscription"):
        provider.deploy(MODEL, "rain")
    assert not exchange.sent
