"""Addresses of evaluations: the list, a new one, what came of one and what can be done with it."""

from django.urls import path

from . import evaluation_create, evaluations

urlpatterns = [
    path("evaluations/", evaluations.evaluation_list, name="evaluation-list"),
    path("evaluations/new/", evaluation_create.evaluation_create, name="evaluation-create"),
    path("evaluations/<uuid:pk>/", evaluations.evaluation_detail, name="evaluation-detail"),
    path("evaluations/<uuid:pk>/cancel/", evaluations.evaluation_cancel, name="evaluation-cancel"),
    path("evaluations/<uuid:pk>/again/", evaluations.evaluation_again, name="evaluation-again"),
    path("evaluations/<uuid:pk>/retry/", evaluations.evaluation_retry, name="evaluation-retry"),
    path("evaluations/<uuid:pk>/table.csv", evaluations.evaluation_table, name="evaluation-table"),
]
