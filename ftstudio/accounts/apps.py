from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """People, projects, roles, tokens and the audit log."""

    name = "ftstudio.accounts"
    label = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from ftstudio.accounts.api import schema  # noqa: F401  (registers the OpenAPI security schemes)
