"""Addresses of curves: of imported runs, of jobs, and of several side by side."""

from django.urls import path

from . import runs

urlpatterns = [
    path("runs/", runs.run_list, name="run-list"),
    path("runs/new/", runs.run_create, name="run-create"),
    path("runs/compare/", runs.run_compare, name="run-compare"),
    path("runs/compare/curves.csv", runs.run_compare_curve, name="run-compare-curve"),
    path("runs/<uuid:pk>/", runs.run_detail, name="run-detail"),
    path("runs/<uuid:pk>/delete/", runs.run_delete, name="run-delete"),
    path("runs/<uuid:pk>/curve.csv", runs.run_curve, name="run-curve"),
    path("jobs/<uuid:pk>/curve.csv", runs.job_curve, name="job-curve"),
    path("jobs/<uuid:pk>/next/", runs.job_next, name="job-next"),
]
