"""A connection asks for what its provider needs; secrets go in and never come out; owners open addresses by name."""

from __future__ import annotations

import io
import json
import logging
from contextlib import closing
from typing import Any

import httpx2
import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.errors import InvalidInput, NotAllowed
from ftstudio.fields import EncryptedTextField
from jobs_app.management.commands.rotate_credentials import SECRETS
from jobs_app.models import Connection, Hook
from jobs_app.pipeline.clients import client_of, options_of
from jobs_app.providers import PROVIDERS
from jobs_app.providers.base import ProviderError
from jobs_app.services import connections
from jobs_app.services.connection_settings import Kept, hint_of, settle
from tests.conftest import api_of, browser_of

ARK = {"access_key": "AKLTexample", "api_key": "ark-0123456789-wxyz", "tos_bucket": "team-data"}
KEY = "sk-0123456789-abcdef"


def make(alice: User, project: Project, **values: Any) -> Connection:
    given = {"name": "Ark", "kind": "ark", "credential": KEY, "options": ARK, **values}
    return connections.create(actor=alice, project=project, **given)


def again(connection: Connection) -> Connection:
    return Connection.objects.get(pk=connection.pk)


# What the provider asks for


def test_plain_settings_are_kept_openly_and_secret_ones_encrypted(alice: User, project: Project) -> None:
    made = again(make(alice, project))
    assert made.options == {"access_key": "AKLTexample", "tos_bucket": "team-data"}
    assert json.loads(made.secrets) == {"api_key": ARK["api_key"]}
    assert connections.hints(made) == {"api_key": "wxyz"}
    assert options_of(made)["tos_path"] == "ftstudio"  # the provider's default
    with closing(client_of(made)) as provider:
        assert provider.name == "ark"


@pytest.mark.parametrize(
    ("kind", "options", "more", "wrong"),
    [
        ("ark", {"tos_bucket": "x"}, {}, "access_key"),
        ("ark", {**ARK, "colour": "red"}, {}, "colour"),
        ("ark", {**ARK, "tos_bucket": "a\nb"}, {}, "tos_bucket"),
        ("ark", {**ARK, "tos_bucket": "x" * 301}, {}, "tos_bucket"),
        ("ark", {**ARK, "tos_bucket": 7}, {}, "tos_bucket"),
        ("ark", {**ARK, "chat_url": "https://evil.example/v1"}, {}, "chat_url"),
        ("azure", {"metadata": "perhaps"}, {"base_url": "https://x.openai.azure.com"}, "metadata"),
        ("azure", {}, {}, "base_url"),
        ("openai", {"tos_bucket": "x"}, {}, "tos_bucket"),
        ("openai", {}, {"credential": " "}, "credential"),
        ("openai", {}, {"concurrency": 0}, "concurrency"),
        ("openai", {}, {"requests_per_minute": 10**6}, "requests_per_minute"),
        ("ark", ARK, {"webhook_secret": "whsec_AAAA"}, "webhook_secret"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_name(
    kind: str, options: dict[str, Any], more: dict[str, Any], wrong: str, alice: User, project: Project
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        make(alice, project, kind=kind, options=options, **more)
    assert set(refusal.value.fields) == {wrong}
    assert not Connection.objects.exists()


def test_an_empty_secret_keeps_the_old_one_and_nothing_takes_it_away(alice: User, project: Project) -> None:
    made = make(alice, project)
    connections.update(actor=alice, connection=made, options={"api_key": "", "tos_bucket": ""}, concurrency=2)
    found = again(made)
    assert (found.options, found.concurrency) == ({"access_key": "AKLTexample"}, 2)
    assert options_of(found)["api_key"] == ARK["api_key"]
    connections.update(actor=alice, connection=found, options={"api_key": None})
    assert again(made).secrets == ""
    assert again(made).concurrency == 2
    connections.update(actor=alice, connection=found, concurrency=None)
    assert again(made).concurrency is None


def test_a_change_that_workers_wrote_meanwhile_is_not_undone(alice: User, project: Project) -> None:
    made = make(alice, project)
    Connection.objects.filter(pk=made.pk).update(rate_left=5.0, stopped="quota")
    connections.update(actor=alice, connection=made, name="Other")
    assert (again(made).rate_left, again(made).stopped) == (5.0, "quota")
    connections.update(actor=alice, connection=made, options={"api_key": "another-key-of-ark"})
    assert again(made).stopped == ""


words = st.text(max_size=12)


@given(options=st.dictionaries(st.sampled_from([*ARK, "chat_url", "unknown"]), words | st.none() | st.integers()))
def test_no_options_of_any_shape_break_the_reading(options: dict[str, Any]) -> None:
    known = tuple(one for one in PROVIDERS["ark"].settings if one.name not in ("credential", "base_url"))
    before = Kept({"access_key": "AK"}, {"api_key": "old"})
    try:
        kept = settle(known, options, before)
    except InvalidInput:
        return
    assert set(kept.plain) | set(kept.secret) <= {one.name for one in known}
    assert kept.plain["access_key"]


def test_only_the_end_of_a_long_secret_is_shown() -> None:
    assert [hint_of(secret) for secret in ("", "short", "x" * 15, "0123456789abcdef")] == ["", "", "", "cdef"]


# Addresses


def test_an_owner_opens_an_address_by_name_and_it_is_on_record(alice: User, leo: User, project: Project) -> None:
    for url in ("https://proxy.example/v1", "http://10.1.2.3:8080/v1", "http://localhost:9/v1"):
        made = make(alice, project, name=url, kind="openai", options={}, base_url=url, permit=True)
        assert (again(made).base_url, again(made).permitted_by) == (url, alice)
        with closing(client_of(again(made))):
            pass
    entry = AuditEntry.objects.filter(verb="connections.permit").latest("pk")
    assert entry.detail["base_url"] == "http://localhost:9/v1"
    with pytest.raises(NotAllowed):
        connections.update(actor=leo, connection=made, permit=True)


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://[fe80::1]/", "http://100.100.100.200/x"])
def test_nobody_opens_link_local_or_metadata_addresses(url: str, alice: User, project: Project) -> None:
    with pytest.raises(InvalidInput) as refusal:
        make(alice, project, kind="openai", options={}, base_url=url, permit=True)
    assert set(refusal.value.fields) == {"base_url"}


def test_another_address_needs_another_permit_and_every_secret_again(alice: User, project: Project) -> None:
    made = make(alice, project, base_url="https://one.example", permit=True)
    other: dict[str, Any] = {"base_url": "https://two.example", "permit": True}
    with pytest.raises(InvalidInput) as refusal:
        connections.update(actor=alice, connection=again(made), **other)
    assert set(refusal.value.fields) == {"credential", "api_key"}
    secrets: dict[str, Any] = {"credential": KEY, "options": {"api_key": ARK["api_key"]}}
    with pytest.raises(InvalidInput) as refusal:
        connections.update(actor=alice, connection=again(made), base_url="https://two.example", **secrets)
    assert set(refusal.value.fields) == {"base_url"}
    connections.update(actor=alice, connection=again(made), **other, **secrets)
    assert again(made).base_url == "https://two.example"
    with pytest.raises(InvalidInput):  # also for one of the other addresses
        connections.update(actor=alice, connection=again(made), options={"chat_url": "https://three.example"})
    connections.update(actor=alice, connection=again(made), base_url="", permit=False, **secrets)
    assert again(made).permitted_at is None


def test_an_unchanged_permit_stands(alice: User, project: Project) -> None:
    made = make(alice, project, base_url="https://one.example", permit=True)
    connections.update(actor=alice, connection=again(made), name="New", base_url="https://one.example/", permit=True)
    assert AuditEntry.objects.filter(verb="connections.permit").count() == 1
    assert again(made).permitted_at == made.permitted_at


def test_the_operator_can_keep_addresses_shut(alice: User, project: Project, settings: Any) -> None:
    made = make(alice, project, base_url="https://one.example", permit=True)
    settings.OWNERS_MAY_PERMIT = False
    with pytest.raises(NotAllowed):
        make(alice, project, name="Two", base_url="https://two.example", permit=True)
    with pytest.raises(InvalidInput):
        client_of(again(made))
    page = browser_of(alice).get("/connections/new/?kind=ark").content.decode()
    assert 'name="permit"' not in page


# Pages and API


def test_the_form_asks_for_what_the_chosen_provider_needs(alice: User, project: Project) -> None:
    browser = browser_of(alice)
    page = browser.post("/connections/new/", {"kind": "ark", "name": "Mine", "choose": "1"}).content.decode()
    assert 'name="access_key"' in page
    assert 'value="Mine"' in page
    part = browser.post(
        "/connections/new/",
        {"kind": "azure", "choose": "1"},
        headers={"HX-Request": "true", "HX-Target": "settings"},
    ).content.decode()
    assert 'name="subscription"' in part
    assert "<html" not in part
    sent = {"kind": "ark", "name": "Mine", "credential": KEY, **ARK, "concurrency": "3"}
    assert browser.post("/connections/new/", sent).status_code == 302
    made = Connection.objects.get()
    assert (made.concurrency, made.options["tos_bucket"]) == (3, "team-data")
    missing = browser.post("/connections/new/", {"kind": "ark", "name": "Two", "credential": KEY})
    assert missing.status_code == 422
    assert b"cannot do without it" in missing.content


def test_a_stopped_connection_says_why_and_is_opened_again(alice: User, leo: User, project: Project) -> None:
    made = make(alice, project)
    Connection.objects.filter(pk=made.pk).update(stopped="quota", stopped_says="No credit left.")
    browser = browser_of(leo)
    assert b"No credit left." in browser.get("/connections/").content
    assert api_of(leo).get(f"/api/v1/connections/{made.pk}/").data["stopped"] == "quota"
    browser.post(f"/connections/{made.pk}/resume/")
    assert again(made).stopped == ""


def test_the_address_for_webhooks_is_shown_where_the_provider_sends_any(alice: User, project: Project) -> None:
    openai = make(alice, project, name="OpenAI", kind="openai", options={}, webhook_secret="whsec_c2VjcmV0LXNlY3JldA==")
    assert again(openai).webhook_secret.startswith("whsec_")
    assert connections.webhook_address(openai).endswith(f"/hooks/in/{openai.pk}/")
    assert connections.webhook_address(make(alice, project)) == ""


def test_each_provider_describes_itself_to_engineers(bob: User) -> None:
    kinds = {kind["name"]: kind for kind in api_of(bob).get("/api/v1/connections/kinds/").json()}
    assert set(kinds) == set(PROVIDERS)
    settings = {setting["name"]: setting for setting in kinds["ark"]["settings"]}
    assert settings["api_key"]["secret"]
    assert not settings["pause_action"]["confirmed"]
    assert kinds["ark"]["capabilities"]["pause"] is None
    assert {one["name"] for one in kinds["ark"]["parameters"]} >= {"mix_percent", "dyn_bsz"}


# Nothing leaks


def test_no_secret_of_any_provider_leaks(alice: User, project: Project, caplog: Any, monkeypatch: Any) -> None:
    """Not in refusals, representations, the record, the API, the pages or the log."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(connections, "PATIENCE", 0.2)
    browser, api = browser_of(alice), api_of(alice)
    seen: list[str] = []
    for kind, provider in PROVIDERS.items():
        # Each secret has blank space within it, so that no provider takes it for a key: refused before it is sent.
        secrets = {one.name: f"top secret {kind} {one.name}" for one in provider.settings if one.secret}
        others = {name: value for name, value in secrets.items() if name != "credential"}
        asked = {one.name: "x" for one in provider.settings if one.required and not one.default and not one.secret}
        url = asked.pop("base_url", "") and "https://x.openai.azure.com"
        made = make(
            alice, project, name=kind, kind=kind, base_url=url, credential=secrets["credential"],
            options={**asked, **others},
        )  # fmt: skip
        found = again(connections.probe(actor=alice, connection=made))
        try:
            seen.append(repr(client_of(found)))
        except ProviderError as refusal:
            seen += [repr(refusal), str(refusal), refusal.message]
        try:
            connections.update(actor=alice, connection=found, options={**others, "unknown": "x"})
        except InvalidInput as refused:
            seen += [repr(refused), str(refused), str(refused.fields)]
        seen += [repr(found), found.probe_error, str(found.options)]
        for path in (f"/connections/{found.pk}/edit/", "/connections/"):
            seen.append(browser.get(path).content.decode())
        seen.append(json.dumps(api.get(f"/api/v1/connections/{found.pk}/").json()))
    seen += [json.dumps(api.get("/api/v1/connections/").json()), caplog.text]
    seen.append(str(list(AuditEntry.objects.values_list("detail", flat=True))))
    assert not [text for text in seen if "top secret" in text]


def test_a_wrong_form_does_not_give_a_secret_back(alice: User, project: Project, client: Client) -> None:
    sent = {"kind": "ark", "name": "", "credential": "top-secret-key", "api_key": "top-secret-api"}
    page = browser_of(alice).post("/connections/new/", sent)
    assert page.status_code == 422
    assert b"top-secret" not in page.content


def test_every_encrypted_column_gets_the_new_key(alice: User, project: Project, settings: Any) -> None:
    columns = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, EncryptedTextField)
    }
    assert columns == set(SECRETS)
    made = make(alice, project, name="OpenAI", kind="openai", options={}, webhook_secret="whsec_c2VjcmV0LXNlY3JldA==")
    ark = make(alice, project)
    hook = Hook.objects.create(project=project, name="ci", url="https://ci.example", secret="hook", created_by=alice)
    old, new = settings.CREDENTIAL_KEYS[0], Fernet.generate_key().decode()
    settings.CREDENTIAL_KEYS = [new, old]
    call_command("rotate_credentials", stdout=io.StringIO())
    settings.CREDENTIAL_KEYS = [new]
    assert again(made).webhook_secret.startswith("whsec_")
    assert options_of(again(ark))["api_key"] == ARK["api_key"]
    assert Hook.objects.get(pk=hook.pk).secret == "hook"


def test_what_a_server_echoes_of_a_secret_is_struck_out() -> None:
    """Every provider against a server that answers with all it was sent, as an error and as a good answer."""

    def echo(request: httpx2.Request) -> httpx2.Response:
        said = f"{dict(request.headers)} {request.read().decode()}"
        return httpx2.Response(status, json={"error": {"message": said}, "Message": said, "status": said})

    for kind, provider in PROVIDERS.items():
        secrets = {one.name: f"top-secret-{kind}-{one.name}" for one in provider.settings if one.secret}
        credential = secrets.pop("credential", "")
        others = {one.name: "given" for one in provider.settings if not one.secret and not one.choices}
        options = {**others, **secrets, "arm_url": "", "sign_in_url": "", "chat_url": "", "tos_url": ""}
        for status in (200, 400, 401, 500):
            http = httpx2.Client(transport=httpx2.MockTransport(echo), trust_env=False)
            with closing(
                provider(base_url="https://x.example", credential=credential, http=http, options=options)
            ) as it:
                for call in (
                    it.probe,
                    lambda: it.report("job-1"),
                    lambda: it.serving("model-1"),
                    lambda: it.chat("m", []),
                ):
                    try:
                        seen = repr(call())
                    except ProviderError as refusal:
                        seen = f"{refusal.message} {refusal!r}"
                    assert "top-secret" not in seen, (kind, status, seen)
