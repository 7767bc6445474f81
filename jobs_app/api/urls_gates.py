"""Addresses of release gates, and of evaluations of what belongs together, in the API."""

from django.urls import path

from . import gates, joint

urlpatterns = [
    path("datasets/<uuid:pk>/gate/", gates.Gate.as_view(), name="gate"),
    path("models/<uuid:pk>/gate/", gates.ModelGate.as_view(), name="model-gate"),
    path("jobs/<uuid:pk>/checkpoints/evaluate/", joint.CheckpointsEvaluate.as_view(), name="checkpoints-evaluate"),
    path("families/<uuid:pk>/models/evaluate/", joint.MembersEvaluate.as_view(), name="members-evaluate"),
]
