"""Addresses of evaluations."""

from django.urls import path

from . import evaluations

urlpatterns = [
    path("evaluations/", evaluations.EvaluationList.as_view(), name="evaluation-list"),
    path("evaluations/plan/", evaluations.EvaluationPlan.as_view(), name="evaluation-plan"),
    path("evaluations/<uuid:pk>/", evaluations.EvaluationDetail.as_view(), name="evaluation-detail"),
    path("evaluations/<uuid:pk>/arms/", evaluations.EvaluationArms.as_view(), name="evaluation-arms"),
    path("evaluations/<uuid:pk>/cases/", evaluations.EvaluationCases.as_view(), name="evaluation-cases"),
    path("evaluations/<uuid:pk>/comparison/", evaluations.EvaluationComparison.as_view(), name="evaluation-comparison"),
    path("evaluations/<uuid:pk>/slices/", evaluations.EvaluationSlices.as_view(), name="evaluation-slices"),
    path("evaluations/<uuid:pk>/confusion/", evaluations.EvaluationConfusion.as_view(), name="evaluation-confusion"),
    path("evaluations/<uuid:pk>/paths/", evaluations.EvaluationPaths.as_view(), name="evaluation-paths"),
    path("evaluations/<uuid:pk>/failures/", evaluations.EvaluationFailures.as_view(), name="evaluation-failures"),
    path("evaluations/<uuid:pk>/table/", evaluations.EvaluationTable.as_view(), name="evaluation-table"),
    path("evaluations/<uuid:pk>/cancel/", evaluations.EvaluationCancel.as_view(), name="evaluation-cancel"),
    path("evaluations/<uuid:pk>/again/", evaluations.EvaluationAgain.as_view(), name="evaluation-again"),
    path("evaluations/<uuid:pk>/retry/", evaluations.EvaluationRetry.as_view(), name="evaluation-retry"),
]
