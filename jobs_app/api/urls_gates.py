"""Addresses of release gates in the API."""

from django.urls import path

from . import gates

urlpatterns = [
    path("datasets/<uuid:pk>/gate/", gates.Gate.as_view(), name="gate"),
    path("models/<uuid:pk>/gate/", gates.ModelGate.as_view(), name="model-gate"),
]
