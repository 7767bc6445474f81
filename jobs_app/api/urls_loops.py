"""Addresses of what follows from an evaluation: its failures sent on, the next snapshot, the next job."""

from django.urls import path

from . import formats, loops

urlpatterns = [
    path("evaluations/<uuid:pk>/loop/", loops.EvaluationLoop.as_view(), name="evaluation-loop"),
    path("evaluations/<uuid:pk>/send/", loops.EvaluationSend.as_view(), name="evaluation-send"),
    path("evaluations/<uuid:pk>/freeze/", loops.EvaluationFreeze.as_view(), name="evaluation-freeze"),
    path("evaluations/<uuid:pk>/clone/", loops.EvaluationClone.as_view(), name="evaluation-clone"),
    path("evaluations/<uuid:pk>/launch/", loops.EvaluationLaunch.as_view(), name="evaluation-launch"),
    path("families/<uuid:pk>/evaluate/", formats.FamilyEvaluate.as_view(), name="family-evaluate"),
]
