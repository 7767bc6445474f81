"""Addresses of release gates, and of evaluations of what belongs together."""

from django.urls import path

from . import gates, joint, models

urlpatterns = [
    path("datasets/<uuid:pk>/gate/", gates.gate, name="gate"),
    path("datasets/<uuid:pk>/gate/clear/", gates.gate_clear, name="gate-clear"),
    path("models/<uuid:pk>/promote/", models.model_promote, name="model-promote"),
    path("jobs/<uuid:pk>/checkpoints/evaluate/", joint.checkpoints_evaluate, name="checkpoints-evaluate"),
    path("families/<uuid:pk>/models/evaluate/", joint.members_evaluate, name="members-evaluate"),
]
