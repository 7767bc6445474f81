from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DatasetsConfig(AppConfig):
    """Samples, their contract, findings, decisions, snapshots and exports."""

    name = "datasets_app"
    verbose_name = _("Datasets")
