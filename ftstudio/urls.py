"""The addresses of the house. Apps are wired by dotted string, so that the ground floor imports none of them."""

from django.conf import settings
from django.urls import include, path
from django.views.generic import RedirectView

pages = (
    [
        path("", include("ftstudio.accounts.pages.urls")),
        path("", include("datasets_app.pages.urls")),
        path("", include("jobs_app.pages.urls")),
    ],
    "pages",
)
api = (
    [
        path("", include("ftstudio.accounts.api.urls")),
        path("", include("datasets_app.api.urls")),
        path("", include("jobs_app.api.urls")),
        path("", include("ftstudio.web.api_urls")),
    ],
    "api",
)

urlpatterns = [
    path("", include(pages)),
    path("api/v1/", include(api)),
    path("account/", include("ftstudio.accounts.allauth_urls")),
    path("", include("ftstudio.web.urls")),
    path("favicon.ico", RedirectView.as_view(url=f"/{settings.STATIC_URL.strip('/')}/favicon.svg", permanent=False)),
]

handler400 = "ftstudio.web.refusals.page_400"
handler403 = "ftstudio.web.refusals.page_403"
handler404 = "ftstudio.web.refusals.page_404"
handler500 = "ftstudio.web.refusals.page_500"
