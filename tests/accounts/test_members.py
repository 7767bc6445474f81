"""Roles grow from annotator to owner, and a project never loses its last owner."""

from __future__ import annotations

import pytest

from ftstudio.accounts.models import ApiToken, AuditEntry, Membership, Project, Role, User
from ftstudio.accounts.policy import ACTIONS, allows, where_allowed
from ftstudio.accounts.services import invitations, members, projects
from ftstudio.errors import Conflict, InvalidInput, NotAllowed
from tests.conftest import api_of, browser_of, join, make_user


def seat(user: User, project: Project) -> Membership:
    return Membership.objects.get(user=user, project=project)


def test_an_owner_changes_a_role_and_it_is_written_down(alice: User, bob: User, project: Project) -> None:
    members.change_role(actor=alice, membership=seat(bob, project), role="reviewer")
    assert seat(bob, project).role == "reviewer"
    entry = AuditEntry.objects.get(verb="members.change")
    assert entry.detail == {"role": {"before": "annotator", "after": "reviewer"}}


def test_a_lead_does_not_change_roles(leo: User, bob: User, project: Project) -> None:
    with pytest.raises(NotAllowed):
        members.change_role(actor=leo, membership=seat(bob, project), role="reviewer")
    with pytest.raises(NotAllowed):
        members.remove(actor=leo, membership=seat(bob, project))


def test_the_last_owner_stays(alice: User, project: Project) -> None:
    with pytest.raises(Conflict):
        members.change_role(actor=alice, membership=seat(alice, project), role="lead")
    with pytest.raises(Conflict):
        members.remove(actor=alice, membership=seat(alice, project))
    join(make_user("Olga"), project, Role.OWNER)
    members.remove(actor=alice, membership=seat(alice, project))
    assert not Project.objects.visible_to(alice).exists()


def test_who_leaves_loses_the_tokens_of_that_project(bob: User, project: Project) -> None:
    api = api_of(bob, project=project)
    assert api.get(f"/api/v1/projects/{project.pk}/").status_code == 200
    members.remove(actor=bob, membership=seat(bob, project))
    assert ApiToken.objects.get(user=bob).revoked_at is not None
    assert api.get(f"/api/v1/projects/{project.pk}/").status_code == 401


def test_removing_twice_is_a_conflict(alice: User, bob: User, project: Project) -> None:
    membership = seat(bob, project)
    again = seat(bob, project)
    members.remove(actor=alice, membership=membership)
    with pytest.raises(Conflict):
        members.remove(actor=alice, membership=again)


def test_an_unknown_role_is_refused(alice: User, bob: User, project: Project) -> None:
    with pytest.raises(InvalidInput):
        members.change_role(actor=alice, membership=seat(bob, project), role="emperor")


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_open_from_its_role_upwards(action: str, alice, leo, rita, bob, mallory, project) -> None:
    people = {Role.ANNOTATOR: bob, Role.REVIEWER: rita, Role.LEAD: leo, Role.OWNER: alice}
    for role, person in people.items():
        expected = role.rank >= ACTIONS[action].rank
        assert allows(person, project, action) is expected
        assert where_allowed(person, action).filter(pk=project.pk).exists() is expected
    assert not allows(mallory, project, action)


def test_annotators_open_no_projects(bob: User, leo: User, project: Project) -> None:
    with pytest.raises(NotAllowed):
        projects.create(actor=bob, name="Mine")
    opened = projects.create(actor=leo, name="  Second  ")
    assert opened.name == "Second"
    assert seat(leo, opened).role == "owner"


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "two\nlines", "bell\x07"])
def test_a_project_has_a_name_of_one_line(name: str, alice: User, project: Project) -> None:
    with pytest.raises(InvalidInput):
        projects.rename(actor=alice, project=project, name=name)


def test_the_members_page_offers_what_the_role_allows(alice: User, bob: User, leo: User, project: Project) -> None:
    owner, lead, annotator = (browser_of(user).get("/members/").content.decode() for user in (alice, leo, bob))
    assert "/remove/" in owner
    assert f"/projects/{project.pk}/update/" in owner
    assert f"/projects/{project.pk}/invite/" in lead
    assert f"/projects/{project.pk}/update/" not in lead
    assert f"/projects/{project.pk}/invite/" not in annotator
    assert "Who did what" not in annotator


def test_switching_remembers_the_project_and_knows_no_strangers(alice: User, mallory: User, project: Project) -> None:
    other = projects.create(actor=alice, name="Zebra")
    browser = browser_of(alice)
    assert browser.get("/members/").context["project"] == project
    assert browser.post("/projects/switch/", {"project": other.pk}).status_code == 302
    assert browser.get("/members/").context["project"] == other
    assert browser_of(mallory).post("/projects/switch/", {"project": other.pk}).status_code == 404
    assert browser.post("/projects/switch/", {"project": "nonsense"}).status_code == 404


def test_a_project_that_was_left_is_forgotten(alice: User, bob: User, project: Project) -> None:
    browser = browser_of(bob)
    browser.post("/projects/switch/", {"project": project.pk})
    members.remove(actor=alice, membership=seat(bob, project))
    assert browser.get("/members/").status_code == 302


def test_the_pages_take_few_queries_whatever_the_team(alice, project, django_assert_max_num_queries) -> None:
    for number in range(30):
        join(make_user(f"P{number}"), project, Role.ANNOTATOR)
    browser = browser_of(alice)
    with django_assert_max_num_queries(10):
        assert browser.get("/members/").status_code == 200


def test_the_audit_log_is_for_leads(leo: User, bob: User, project: Project, alice: User) -> None:
    for number in range(60):
        projects.rename(actor=alice, project=project, name=f"Name {number}")
    browser = browser_of(leo)
    first = browser.get("/audit/")
    page = first.context["page"]
    assert len(page.rows) == 50
    assert page.rows[0].target_name == "Name 59"
    older = browser.get("/audit/", {"cursor": page.later}).context["page"]
    assert len(older.rows) == 10
    assert older.rows[-1].target_name == "Name 0"
    assert browser.get("/audit/", {"cursor": older.earlier}).context["page"].rows == page.rows
    part = browser.get("/audit/", {"cursor": page.later}, headers={"HX-Request": "true", "HX-Target": "audit"})
    assert part.content.decode().lstrip().startswith('<section class="panel" id="audit"')
    assert browser_of(bob).get("/audit/").status_code == 403


@pytest.mark.parametrize("goes", ["removed", "leaves", "annotator"])
def test_who_has_to_go_does_not_come_back_by_a_link_of_their_own(
    goes: str, alice: User, leo: User, project: Project
) -> None:
    _link, secret = invitations.invite(actor=leo, project=project, role="lead")
    membership = Membership.objects.get(user=leo, project=project)
    if goes == "annotator":
        members.change_role(actor=alice, membership=membership, role="annotator")
    else:
        members.remove(actor=alice if goes == "removed" else leo, membership=membership)
    assert invitations.open_one(secret) is None


def test_an_owner_who_becomes_lead_keeps_the_links_that_a_lead_may_make(
    alice: User, leo: User, project: Project
) -> None:
    membership = Membership.objects.get(user=leo, project=project)
    members.change_role(actor=alice, membership=membership, role="owner")
    leo.__dict__.pop("_roles", None)
    _high, owners = invitations.invite(actor=leo, project=project, role="owner")
    _low, leads = invitations.invite(actor=leo, project=project, role="lead")
    members.change_role(actor=alice, membership=membership, role="lead")
    assert invitations.open_one(owners) is None
    assert invitations.open_one(leads) is not None
