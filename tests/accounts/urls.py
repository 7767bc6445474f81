"""The people side of the API alone, for the test of its OpenAPI description."""

from django.urls import include, path

urlpatterns = [path("api/v1/", include(([path("", include("ftstudio.accounts.api.urls"))], "api")))]
