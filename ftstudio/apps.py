from django.apps import AppConfig


class FtstudioConfig(AppConfig):
    """The ground floor: settings checks and the `up` command."""

    name = "ftstudio"

    def ready(self) -> None:
        from ftstudio import checks  # noqa: F401  (registers the system checks)
