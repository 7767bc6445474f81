"""The one way in: links that work once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ftstudio.accounts.authentication import hash_secret
from ftstudio.accounts.models import AuditEntry, Invitation, Membership, Project, User
from ftstudio.accounts.services import invitations
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from tests.conftest import browser_of

NEW = {"username": "nora", "name": "Nora", "email": "nora@example.org", "password": "a long enough secret"}


def test_nora_joins_by_a_link_and_only_its_hash_was_kept(leo: User, project: Project) -> None:
    invitation, secret = invitations.invite(actor=leo, project=project, role="reviewer")
    nora = invitations.accept(secret=secret, **NEW)
    assert Membership.objects.get(user=nora, project=project).role == "reviewer"
    assert nora.check_password(NEW["password"])
    assert not nora.is_superuser
    invitation.refresh_from_db()
    assert invitation.accepted_by == nora
    assert secret not in str(Invitation.objects.values())
    assert list(AuditEntry.objects.values_list("verb", flat=True)) == ["members.join", "members.invite"]


def test_a_link_works_once(leo: User, project: Project) -> None:
    _, secret = invitations.invite(actor=leo, project=project, role="annotator")
    invitations.accept(secret=secret, **NEW)
    with pytest.raises(Conflict):
        invitations.accept(secret=secret, **{**NEW, "username": "other", "email": "other@example.org"})
    assert not User.objects.filter(username="other").exists()


def test_of_two_at_the_same_moment_one_wins(leo: User, bob: User, mallory: User, project: Project) -> None:
    """Both have read the open invitation; the conditional update lets one through."""
    _, secret = invitations.invite(actor=leo, project=project, role="annotator")
    assert invitations.open_one(secret) is not None
    assert invitations.open_one(secret) is not None
    assert invitations.accept(secret=secret, user=mallory) == mallory
    with pytest.raises(Conflict):
        invitations.accept(secret=secret, **NEW)


def test_a_refused_attempt_leaves_the_link_usable(leo: User, project: Project) -> None:
    _, secret = invitations.invite(actor=leo, project=project, role="annotator")
    with pytest.raises(InvalidInput) as refusal:
        invitations.accept(secret=secret, **{**NEW, "password": "password12"})
    assert "password" in refusal.value.fields
    assert not User.objects.filter(username="nora").exists()
    assert invitations.accept(secret=secret, **NEW).username == "nora"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""),
        ("username", "two words"),
        ("username", "ALICE"),
        ("email", "nonsense"),
        ("email", "Alice@Example.org"),
        ("password", "short"),
    ],
)
def test_what_cannot_be_used_is_named(field: str, value: str, leo: User, project: Project) -> None:
    _, secret = invitations.invite(actor=leo, project=project, role="annotator")
    with pytest.raises(InvalidInput) as refusal:
        invitations.accept(secret=secret, **{**NEW, field: value})
    assert set(refusal.value.fields) == {field}


def test_an_old_link_and_a_withdrawn_link_are_dead(leo: User, project: Project) -> None:
    old, old_secret = invitations.invite(actor=leo, project=project, role="annotator")
    Invitation.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    taken, taken_secret = invitations.invite(actor=leo, project=project, role="annotator")
    invitations.withdraw(actor=leo, invitation=taken)
    for secret in (old_secret, taken_secret, "made up"):
        assert invitations.open_one(secret) is None
        with pytest.raises(Conflict):
            invitations.accept(secret=secret, **NEW)


def test_a_used_invitation_is_history(leo: User, project: Project) -> None:
    invitation, secret = invitations.invite(actor=leo, project=project, role="annotator")
    invitations.accept(secret=secret, **NEW)
    with pytest.raises(Conflict):
        invitations.withdraw(actor=leo, invitation=invitation)
    assert Invitation.objects.filter(pk=invitation.pk).exists()


def test_annotators_invite_nobody_and_leads_make_no_owners(bob: User, leo: User, project: Project) -> None:
    with pytest.raises(NotAllowed):
        invitations.invite(actor=bob, project=project, role="annotator")
    with pytest.raises(NotAllowed):
        invitations.invite(actor=leo, project=project, role="owner")
    with pytest.raises(InvalidInput):
        invitations.invite(actor=leo, project=project, role="king")
    with pytest.raises(InvalidInput):
        invitations.invite(actor=leo, project=project, role="annotator", days=31)


def test_a_link_for_an_address_is_for_that_person(leo: User, mallory: User, project: Project) -> None:
    _, secret = invitations.invite(actor=leo, project=project, role="annotator", email="Nora@example.org")
    with pytest.raises(NotAllowed):
        invitations.accept(secret=secret, user=mallory)
    with pytest.raises(NotAllowed):
        invitations.accept(secret=secret, **{**NEW, "email": "mallory2@example.org"})
    assert invitations.accept(secret=secret, **NEW).email == "nora@example.org"


def test_who_is_a_member_already_keeps_the_role(leo: User, rita: User, project: Project) -> None:
    _, secret = invitations.invite(actor=leo, project=project, role="annotator")
    with pytest.raises(Conflict):
        invitations.accept(secret=secret, user=rita)
    assert Membership.objects.get(user=rita).role == "reviewer"


def test_the_first_owner_link_makes_the_owner_and_a_project(db: None) -> None:
    stale = invitations.first_owner_link(base_url="http://127.0.0.1:8123/")
    link = invitations.first_owner_link(base_url="http://127.0.0.1:8123")
    assert stale is not None
    assert link is not None
    assert link.startswith("http://127.0.0.1:8123/join/")
    secret = link.rstrip("/").split("/")[-1]
    assert invitations.open_one(stale.rstrip("/").split("/")[-1]) is None
    nora = invitations.accept(secret=secret, project_name="Rain", **NEW)
    assert nora.is_superuser
    assert Membership.objects.get(user=nora).role == "owner"
    assert Project.objects.get().name == "Rain"
    assert invitations.first_owner_link() is None


def test_the_first_owner_link_dies_when_somebody_is_there(db: None, mallory: User) -> None:
    secret = "left over"
    Invitation.objects.create(
        role="owner", secret_hash=hash_secret(secret), expires_at=timezone.now() + timedelta(days=1)
    )
    with pytest.raises(Conflict):
        invitations.accept(secret=secret, project_name="Mine", **NEW)
    with pytest.raises(Conflict):
        invitations.accept(secret=secret, user=mallory)


def test_the_first_person_walks_in_through_the_page(db: None) -> None:
    browser = Client()
    door = browser.get("/account/login/").content.decode()
    assert "manage.py up" in door
    path = (invitations.first_owner_link(base_url="http://testserver") or "").removeprefix("http://testserver")
    page = browser.get(path)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert 'name="project_name"' in page.content.decode()
    wrong = browser.post(path, {**NEW, "password": "short", "project_name": "Rain"})
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.content.decode()
    answer = browser.post(path, {**NEW, "project_name": "Rain"})
    assert answer.status_code == 302
    assert browser.get("/account/").status_code == 200
    assert browser.get(path).status_code == 410
    assert "manage.py up" not in Client().get("/account/login/").content.decode()


def test_a_lead_makes_a_link_that_is_shown_once(leo: User, project: Project) -> None:
    browser = browser_of(leo)
    page = browser.post(
        f"/projects/{project.pk}/invite/", {"invite-role": "annotator", "invite-email": "", "invite-days": "7"}
    )
    assert page.status_code == 201
    link = re.search(r"http://testserver(/join/[\w-]+/)", page.content.decode())
    assert link is not None
    assert link[1] not in browser.get("/members/").content.decode()
    guest = Client()
    assert guest.post(link[1], NEW).status_code == 302
    assert Membership.objects.filter(user__username="nora", project=project).exists()


def test_mallory_who_has_an_account_joins_with_one_button(leo: User, mallory: User, project: Project) -> None:
    _, secret = invitations.invite(actor=leo, project=project, role="annotator")
    browser = browser_of(mallory)
    path = invitations.path_of(secret)
    assert "password" not in browser.get(path).content.decode()
    assert browser.post(path).status_code == 302
    assert browser.get("/members/").context["project"] == project
