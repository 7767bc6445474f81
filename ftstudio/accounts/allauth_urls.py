"""The part of django-allauth that is used: signing in and out, passwords, a second factor.

No sign-up, no e-mail management, no sign-in by code: people come by invitation (`services.invitations`). Names that
allauth itself reverses are kept.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.urls import path, re_path
from django.views.generic import RedirectView

urlpatterns = [
    path("login/", account.login, name="account_login"),
    # allauth writes this address into its mails; there is no sign-up, so it leads to the door.
    path("signup/", RedirectView.as_view(pattern_name="account_login"), name="account_signup"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("two-step/", mfa.index, name="mfa_index"),
    path("two-step/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("two-step/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("two-step/app/on/", totp.activate_totp, name="mfa_activate_totp"),
    path("two-step/app/off/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("two-step/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("two-step/codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("two-step/codes/file/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
]
