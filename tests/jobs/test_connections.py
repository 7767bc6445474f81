"""Provider accounts: the credential goes in and never comes out, and the address is one that may be spoken to."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection as database

from ftstudio.accounts.models import AuditEntry, Project, User
from ftstudio.errors import InvalidInput, NotAllowed
from jobs_app.models import Connection
from jobs_app.services import connections

from .rehearsal import Rehearsal

SECRET = "sk-test-0123456789abcdef"


def make(alice: User, project: Project, **values: Any) -> Connection:
    given = {"name": "Main", "kind": "openai", "credential": SECRET, **values}
    return connections.create(actor=alice, project=project, **given)


def test_the_credential_is_stored_encrypted_and_shown_as_four_characters(alice: User, project: Project) -> None:
    made = make(alice, project)
    with database.cursor() as cursor:
        cursor.execute("select credential from jobs_app_connection")
        (stored,) = cursor.fetchone()
    assert SECRET not in stored
    assert made.credential_hint == "cdef"
    assert Connection.objects.get(pk=made.pk).credential == SECRET
    assert SECRET not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


def test_a_short_credential_gets_no_hint(alice: User, project: Project) -> None:
    assert make(alice, project, credential="short").credential_hint == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://api.openai.com/v1",
        "https://evil.example/v1",
        "https://169.254.169.254/latest",
        "https://127.0.0.1/v1",
        "https://api.openai.com.evil.example/v1",
        "https://user:pw@api.openai.com/v1",
        "file:///etc/passwd",
        "ftp://api.openai.com",
        "not an address",
    ],
)
def test_an_address_outside_the_provider_is_refused(url: str, alice: User, project: Project) -> None:
    with pytest.raises(InvalidInput) as refusal:
        make(alice, project, base_url=url)
    assert set(refusal.value.fields) == {"base_url"}
    assert not Connection.objects.exists()


def test_the_operator_may_open_a_house_of_their_own(alice: User, project: Project, settings: Any) -> None:
    settings.PROVIDER_HOSTS = ["proxy.example"]
    assert make(alice, project, base_url="https://proxy.example/v1").base_url == "https://proxy.example/v1"


def test_a_rehearsal_connection_speaks_to_the_rehearsal_server_and_to_nothing_else(
    alice: User, project: Project, rehearsal: Rehearsal
) -> None:
    stage = make(alice, project, kind="rehearsal", credential="")
    assert stage.credential.startswith("rehearsal-")
    assert make(alice, project, name="Two", kind="rehearsal", base_url=rehearsal.url).base_url == rehearsal.url
    with pytest.raises(InvalidInput):
        make(alice, project, name="Three", kind="rehearsal", base_url="https://api.openai.com/v1")


def test_a_provider_that_does_not_exist_is_named_as_such(alice: User, project: Project) -> None:
    with pytest.raises(InvalidInput) as refusal:
        make(alice, project, kind="http")
    assert "kind" in refusal.value.fields


def test_two_connections_of_a_project_have_two_names(alice: User, project: Project) -> None:
    make(alice, project)
    with pytest.raises(InvalidInput) as refusal:
        make(alice, project)
    assert set(refusal.value.fields) == {"name"}


def test_a_lead_may_not_add_an_account(leo: User, project: Project) -> None:
    with pytest.raises(NotAllowed):
        make(leo, project)


def test_an_empty_credential_leaves_the_old_one(alice: User, project: Project) -> None:
    made = make(alice, project)
    connections.update(actor=alice, connection=made, name="Other", credential="")
    found = Connection.objects.get(pk=made.pk)
    assert (found.name, found.credential) == ("Other", SECRET)


def test_a_new_address_needs_its_credential_again(alice: User, project: Project, settings: Any) -> None:
    settings.PROVIDER_HOSTS = ["proxy.example"]
    made = make(alice, project)
    with pytest.raises(InvalidInput) as refusal:
        connections.update(actor=alice, connection=made, base_url="https://proxy.example/v1")
    assert set(refusal.value.fields) == {"credential"}
    connections.update(actor=alice, connection=made, base_url="https://proxy.example/v1", credential=SECRET)


def test_a_probe_says_whether_the_credential_opens_the_door(alice: User, connection: Connection) -> None:
    connections.probe(actor=alice, connection=connection)
    assert connection.probed_at is not None
    assert connection.probe_error == ""
    connections.update(actor=alice, connection=connection, credential="wrong-key-entirely")
    connections.probe(actor=alice, connection=connection)
    assert "credential" in connection.probe_error
    assert "wrong-key-entirely" not in connection.probe_error


def test_credentials_are_encrypted_again_with_a_new_key(alice: User, project: Project, settings: Any) -> None:
    made = make(alice, project)
    old, new = settings.CREDENTIAL_KEYS[0], Fernet.generate_key().decode()
    settings.CREDENTIAL_KEYS = [new, old]
    out = StringIO()
    call_command("rotate_credentials", stdout=out)
    assert "1" in out.getvalue()
    settings.CREDENTIAL_KEYS = [new]
    assert Connection.objects.get(pk=made.pk).credential == SECRET
