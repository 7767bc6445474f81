from django.apps import AppConfig


class FtstudioConfig(AppConfig):
    """The ground floor: settings checks and the `up` command."""

    name = "ftstudio"

    def ready(self) -> None:
        # The system checks register themselves; the Celery app becomes the one that tasks are sent through.
        from ftstudio import celery, checks, sweeping  # noqa: F401

        sweeping.as_usual()
