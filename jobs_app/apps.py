from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    """Connections, fine-tune jobs and the models they make."""

    name = "jobs_app"
    verbose_name = _("Jobs")
