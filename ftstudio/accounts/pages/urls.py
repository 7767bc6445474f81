"""Pages of people and projects, in the namespace `pages`."""

from django.urls import path

from .account import account, token_create, token_revoke
from .audit import audit_list
from .join import invitation_accept
from .members import invitation_create, invitation_withdraw, member_list, member_remove, member_update
from .notifications import notification_list, notification_open, notification_read
from .preferences import preferences, preferences_reset
from .projects import project_create, project_list, project_switch, project_update

urlpatterns = [
    path("account/", account, name="account"),
    path("account/preferences/", preferences, name="preferences"),
    path("account/preferences/reset-keys/", preferences_reset, name="preferences-reset"),
    path("tokens/create/", token_create, name="token-create"),
    path("tokens/<uuid:pk>/revoke/", token_revoke, name="token-revoke"),
    path("projects/", project_list, name="project-list"),
    path("projects/create/", project_create, name="project-create"),
    path("projects/switch/", project_switch, name="project-switch"),
    path("projects/<uuid:pk>/update/", project_update, name="project-update"),
    path("projects/<uuid:pk>/invite/", invitation_create, name="invitation-create"),
    path("members/", member_list, name="member-list"),
    path("members/<int:pk>/update/", member_update, name="member-update"),
    path("members/<int:pk>/remove/", member_remove, name="member-remove"),
    path("invitations/<uuid:pk>/withdraw/", invitation_withdraw, name="invitation-withdraw"),
    path("join/<str:secret>/", invitation_accept, name="invitation-accept"),
    path("notifications/", notification_list, name="notification-list"),
    path("notifications/read/", notification_read, name="notification-read"),
    path("notifications/<int:pk>/open/", notification_open, name="notification-open"),
    path("audit/", audit_list, name="audit-list"),
]
