"""Addresses of release gates."""

from django.urls import path

from . import gates, models

urlpatterns = [
    path("datasets/<uuid:pk>/gate/", gates.gate, name="gate"),
    path("datasets/<uuid:pk>/gate/clear/", gates.gate_clear, name="gate-clear"),
    path("models/<uuid:pk>/promote/", models.model_promote, name="model-promote"),
]
