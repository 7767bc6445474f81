from django.apps import AppConfig


class WebConfig(AppConfig):
    """What every page and API answer shares: rendering, refusals, paging, headers, template tags."""

    name = "ftstudio.web"
    label = "web"
