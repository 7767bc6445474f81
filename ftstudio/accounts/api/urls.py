"""People and projects, in the namespace `api`."""

from django.urls import path

from .audit import AuditDetail, AuditList
from .invitations import InvitationAccept, InvitationDetail, InvitationList
from .me import Me, TokenDetail, TokenList
from .notifications import NotificationDetail, NotificationList, NotificationRead
from .preferences import MyKeys, MyPreferences
from .projects import MemberDetail, MemberList, ProjectDetail, ProjectList

urlpatterns = [
    path("me/", Me.as_view(), name="me"),
    path("me/preferences/", MyPreferences.as_view(), name="preferences"),
    path("me/preferences/keys/", MyKeys.as_view(), name="preferences-keys"),
    path("projects/", ProjectList.as_view(), name="project-list"),
    path("projects/<uuid:pk>/", ProjectDetail.as_view(), name="project-detail"),
    path("projects/<uuid:pk>/members/", MemberList.as_view(), name="member-list"),
    path("projects/<uuid:pk>/members/<int:member>/", MemberDetail.as_view(), name="member-detail"),
    path("projects/<uuid:pk>/invitations/", InvitationList.as_view(), name="invitation-list"),
    path("projects/<uuid:pk>/invitations/<uuid:invitation>/", InvitationDetail.as_view(), name="invitation-detail"),
    path("invitations/accept/", InvitationAccept.as_view(), name="invitation-accept"),
    path("tokens/", TokenList.as_view(), name="token-list"),
    path("tokens/<uuid:pk>/", TokenDetail.as_view(), name="token-detail"),
    path("notifications/", NotificationList.as_view(), name="notification-list"),
    path("notifications/read/", NotificationRead.as_view(), name="notification-read"),
    path("notifications/<int:pk>/", NotificationDetail.as_view(), name="notification-detail"),
    path("audit/", AuditList.as_view(), name="audit-list"),
    path("audit/<int:pk>/", AuditDetail.as_view(), name="audit-detail"),
]
