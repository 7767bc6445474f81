"""The people side of the API: the same services as the pages, the same refusals."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from rest_framework.test import APIClient

from ftstudio.accounts.models import ApiToken, AuditEntry, Invitation, Membership, Project, User
from tests.conftest import api_of, browser_of


def test_me_is_who_the_token_belongs_to(bob: User) -> None:
    api = api_of(bob)
    assert api.get("/api/v1/me/").json()["email"] == "bob@example.org"
    assert api.patch("/api/v1/me/", {"theme": "dark"}, format="json").json()["theme"] == "dark"
    assert api.patch("/api/v1/me/", {"theme": ""}, format="json").json()["theme"] == ""
    answer = api.patch("/api/v1/me/", {"theme": "purple"}, format="json")
    assert answer.status_code == 422
    assert set(answer.json()) == {"code", "message", "fields"}
    assert "theme" in answer.json()["fields"]


def test_projects_say_which_role_is_mine(bob: User, leo: User, mallory: User, project: Project) -> None:
    listed = api_of(bob).get("/api/v1/projects/").json()
    assert set(listed) == {"next", "previous", "results"}
    assert [(one["name"], one["role"]) for one in listed["results"]] == [("Rain or shine", "annotator")]
    api = api_of(leo)
    made = api.post("/api/v1/projects/", {"name": "Second"}, format="json")
    assert made.status_code == 201
    assert made.json()["role"] == "owner"
    detail = f"/api/v1/projects/{made.json()['id']}/"
    assert api.patch(detail, {"name": "Renamed"}, format="json").json()["name"] == "Renamed"
    assert api_of(mallory).get(detail).status_code == 404


def test_a_project_token_sees_one_project(leo: User, project: Project) -> None:
    api_of(leo).post("/api/v1/projects/", {"name": "Second"}, format="json")
    narrow = api_of(leo, project=project)
    assert [one["name"] for one in narrow.get("/api/v1/projects/").json()["results"]] == ["Rain or shine"]


def test_members_are_listed_changed_and_removed(alice: User, bob: User, project: Project) -> None:
    api = api_of(alice)
    base = f"/api/v1/projects/{project.pk}/members/"
    seats = {one["user"]["username"]: one for one in api.get(base).json()["results"]}
    assert seats["bob"]["role"] == "annotator"
    seat = f"{base}{seats['bob']['id']}/"
    assert api.get(seat).json() == seats["bob"]
    assert api.patch(seat, {"role": "lead"}, format="json").json()["role"] == "lead"
    assert api.patch(seat, {"role": "king"}, format="json").status_code == 422
    own = f"{base}{seats['alice']['id']}/"
    assert api.delete(own).status_code == 409
    assert api.delete(seat).status_code == 204
    assert api.get(seat).status_code == 404


def test_a_member_of_another_project_is_not_found_under_this_one(alice: User, mallory: User, project: Project) -> None:
    elsewhere = Membership.objects.get(user=mallory)
    assert api_of(alice).get(f"/api/v1/projects/{project.pk}/members/{elsewhere.pk}/").status_code == 404


def test_an_invitation_through_the_api_ends_in_a_member(leo: User, bob: User, project: Project) -> None:
    api = api_of(leo)
    base = f"/api/v1/projects/{project.pk}/invitations/"
    made = api.post(base, {"role": "annotator", "days": 1}, format="json").json()
    secret = made["link"].rstrip("/").split("/")[-1]
    assert "link" not in api.get(base).json()["results"][0]
    assert "link" not in api.get(f"{base}{made['id']}/").json()
    assert api_of(bob).get(base).status_code == 403
    body = {"secret": secret, "username": "nora", "email": "nora@example.org", "password": "a long enough secret"}
    guest = APIClient()
    assert guest.post("/api/v1/invitations/accept/", body, format="json").json()["username"] == "nora"
    assert guest.post("/api/v1/invitations/accept/", body, format="json").status_code == 409
    assert api.delete(f"{base}{made['id']}/").status_code == 409
    second = api.post(base, {"role": "annotator"}, format="json").json()
    assert api.delete(f"{base}{second['id']}/").status_code == 204
    assert Invitation.objects.count() == 1


def test_who_has_a_token_joins_with_the_secret_alone(leo: User, mallory: User, project: Project) -> None:
    made = api_of(leo).post(f"/api/v1/projects/{project.pk}/invitations/", {"role": "reviewer"}, format="json").json()
    body = {"secret": made["link"].rstrip("/").split("/")[-1]}
    assert api_of(mallory, scopes="read").post("/api/v1/invitations/accept/", body, format="json").status_code == 403
    ApiToken.objects.all().delete()
    assert api_of(mallory).post("/api/v1/invitations/accept/", body, format="json").status_code == 201
    assert Membership.objects.get(user=mallory, project=project).role == "reviewer"


def test_tokens_are_made_listed_and_ended(bob: User, project: Project) -> None:
    api = api_of(bob)
    body = {"name": "export", "scopes": ["read"], "days": 3, "project": str(project.pk)}
    made = api.post("/api/v1/tokens/", body, format="json")
    assert made.status_code == 201
    assert made.json()["secret"].startswith("fts_")
    detail = f"/api/v1/tokens/{made.json()['id']}/"
    assert "secret" not in api.get(detail).json()
    assert api.delete(detail).status_code == 204
    assert api.get(detail).json()["revoked_at"] is not None
    assert len(api.get("/api/v1/tokens/").json()["results"]) == 2


def test_the_audit_log_is_for_leads(alice: User, leo: User, bob: User, mallory: User, project: Project) -> None:
    api = api_of(leo)
    api_of(alice).patch(f"/api/v1/projects/{project.pk}/", {"name": "Snow"}, format="json")
    entry = api.get("/api/v1/audit/").json()["results"][0]
    assert (entry["verb"], entry["actor"]["username"]) == ("projects.update", "alice")
    assert api.get(f"/api/v1/audit/{entry['id']}/").json() == entry
    assert len(api.get("/api/v1/audit/", {"project": str(project.pk)}).json()["results"]) == 1
    assert api.get("/api/v1/audit/", {"project": "x"}).status_code == 422
    assert api_of(bob).get("/api/v1/audit/").json()["results"] == []
    assert api_of(bob, scopes="read").get("/api/v1/audit/", {"project": str(project.pk)}).status_code == 403
    assert api_of(mallory).get(f"/api/v1/audit/{entry['id']}/").status_code == 404
    assert AuditEntry.objects.count() == 1


# --- One service, two doors: the same rows and the same refusals ---------------------------------------------------
SEAT = "/projects/{p}/members/{m}/"
LINKS = "/projects/{p}/invitations/"
# who; the page's path and form; the API's method, path and body; the two answers
PARITY: list[tuple[str, str, dict[str, Any], str, str, dict[str, Any], int, int]] = [
    ("alice", "/projects/create/", {"name": "New"}, "post", "/projects/", {"name": "New"}, 302, 201),
    ("alice", "/projects/create/", {"name": " "}, "post", "/projects/", {"name": " "}, 422, 422),
    ("bob", "/projects/create/", {"name": "New"}, "post", "/projects/", {"name": "New"}, 403, 403),
    ("bob", "/projects/{p}/update/", {"name": "N"}, "patch", "/projects/{p}/", {"name": "N"}, 403, 403),
    ("mallory", "/projects/{p}/update/", {"name": "N"}, "patch", "/projects/{p}/", {"name": "N"}, 404, 404),
    ("alice", "/members/{m}/update/", {"role": "lead"}, "patch", SEAT, {"role": "lead"}, 302, 200),
    ("leo", "/members/{m}/update/", {"role": "lead"}, "patch", SEAT, {"role": "lead"}, 403, 403),
    ("alice", "/members/{m}/update/", {"role": "x"}, "patch", SEAT, {"role": "x"}, 422, 422),
    ("alice", "/members/{m}/remove/", {}, "delete", SEAT, {}, 302, 204),
    ("leo", "/members/{m}/remove/", {}, "delete", SEAT, {}, 403, 403),
    ("bob", "/members/{m}/remove/", {}, "delete", SEAT, {}, 302, 204),
    ("leo", "/projects/{p}/invite/", {"role": "lead", "days": 7}, "post", LINKS, {"role": "lead"}, 201, 201),
    ("leo", "/projects/{p}/invite/", {"role": "owner", "days": 7}, "post", LINKS, {"role": "owner"}, 403, 403),
    ("bob", "/projects/{p}/invite/", {"role": "lead", "days": 7}, "post", LINKS, {"role": "lead"}, 403, 403),
]


def _rows() -> list[tuple[Any, ...]]:
    seats = Membership.objects.order_by("user__username", "project__name")
    return [
        *seats.values_list("user__username", "project__name", "role"),
        *Invitation.objects.values_list("role", "email"),
        *AuditEntry.objects.order_by("verb").values_list("verb", "actor__username"),
    ]


@pytest.mark.parametrize("case", PARITY, ids=lambda case: f"{case[0]} {case[1]} {case[6]}")
def test_both_doors_lead_to_the_same_room(case: tuple, request: Any, project: Project, bob: User) -> None:
    who, path, form, method, api_path, body, page_status, api_status = case
    user: User = request.getfixturevalue(who)
    ids = {"p": project.pk, "m": Membership.objects.get(user=bob, project=project).pk}
    api = api_of(user)
    if "invite" in path:
        form = {f"invite-{name}": value for name, value in form.items()}
    before = _rows()
    with transaction.atomic():
        assert browser_of(user).post(path.format(**ids), form).status_code == page_status
        by_page = _rows()
        transaction.set_rollback(True)
    assert getattr(api, method)("/api/v1" + api_path.format(**ids), body, format="json").status_code == api_status
    assert _rows() == by_page
    assert (by_page == before) is (page_status >= 400)


def test_the_api_of_people_is_described_without_a_warning(tmp_path: Any) -> None:
    """Every route of this file, by its own urlconf, so that another app's warning does not stand here."""
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--urlconf", "tests.accounts.urls", file=tmp_path / "x.yml"
    )
