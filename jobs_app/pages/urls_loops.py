"""Addresses of what follows from an evaluation: its failures sent on, the next snapshot, the next job."""

from django.urls import path

from . import formats, loops

urlpatterns = [
    path("evaluations/<uuid:pk>/loop/", loops.evaluation_loop, name="evaluation-loop"),
    path("evaluations/<uuid:pk>/send/", loops.evaluation_send, name="evaluation-send"),
    path("evaluations/<uuid:pk>/freeze/", loops.evaluation_freeze, name="evaluation-freeze"),
    path("evaluations/<uuid:pk>/clone/", loops.evaluation_clone, name="evaluation-clone"),
    path("evaluations/<uuid:pk>/launch/", loops.evaluation_launch, name="evaluation-launch"),
    path("families/<uuid:pk>/evaluate/", formats.family_evaluate, name="family-evaluate"),
]
