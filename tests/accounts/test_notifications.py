"""People hear of what concerns them, once, and only of projects they are in."""

from typing import Any

import pytest

from ftstudio.accounts.models import Membership, Notification
from ftstudio.accounts.services import notifications
from ftstudio.errors import Text
from tests.conftest import api_of, browser_of

pytestmark = pytest.mark.django_db
HELLO = Text("{who} sent sample {n} back.", who="Rita", n=7)


def tell(project: Any, *people: Any, **how: Any) -> int:
    return notifications.notify(people, kind="sent_back", text=HELLO, project=project, url="/account/", **how)


def test_bob_reads_what_rita_did_and_the_number_goes_away(bob: Any, rita: Any, project: Any):
    assert tell(project, bob, by=rita) == 1
    page = browser_of(bob)
    assert b"1 unread notification" in page.get("/notifications/").content
    assert "Rita sent sample 7 back." in page.get("/notifications/").content.decode()
    [row] = Notification.objects.all()
    assert page.post(f"/notifications/{row.pk}/open/").url == "/account/"
    assert notifications.unread(bob) == 0
    assert b"unread notification" not in page.get("/notifications/").content


def test_nobody_is_told_of_what_they_did_themselves_nor_of_a_project_they_are_not_in(
    bob: Any, rita: Any, mallory: Any, project: Any
):
    assert tell(project, rita, mallory, bob, by=rita) == 1
    assert notifications.unread(bob) == 1
    assert notifications.unread(rita) == notifications.unread(mallory) == 0


def test_a_repeated_message_is_one(bob: Any, project: Any):
    for _ in range(3):
        tell(project, bob, key="upload-done:1")
    assert notifications.unread(bob) == 1


def test_who_left_the_project_sees_its_notifications_no_more(bob: Any, project: Any):
    tell(project, bob)
    Membership.objects.filter(user=bob).delete()
    assert not notifications.of(bob).exists()


def test_the_api_lists_ones_own_and_marks_them_read(bob: Any, rita: Any, project: Any):
    tell(project, bob, rita)
    client = api_of(bob)
    [row] = client.get("/api/v1/notifications/").json()["results"]
    assert (row["kind"], row["text"], row["read_at"]) == ("sent_back", "Rita sent sample 7 back.", None)
    others = Notification.objects.get(person=rita)
    assert client.get(f"/api/v1/notifications/{others.pk}/").status_code == 404
    assert client.post("/api/v1/notifications/read/", {"ids": [others.pk]}, format="json").json() == {"read": 0}
    assert client.post("/api/v1/notifications/read/", {}, format="json").json() == {"read": 1}
    assert notifications.unread(rita) == 1


def test_an_unknown_kind_is_our_mistake(bob: Any, project: Any):
    with pytest.raises(ValueError, match="no kind"):
        notifications.notify([bob], kind="gossip", text=HELLO, project=project)
