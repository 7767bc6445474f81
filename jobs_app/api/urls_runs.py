"""Addresses of curves in the API."""

from django.urls import path

from . import runs

urlpatterns = [
    path("jobs/<uuid:pk>/verdict/", runs.JobVerdict.as_view(), name="job-verdict"),
    path("jobs/<uuid:pk>/next/", runs.JobNext.as_view(), name="job-next"),
    path("jobs/<uuid:pk>/curve.csv", runs.JobCurve.as_view(), name="job-curve"),
    path("runs/", runs.RunList.as_view(), name="run-list"),
    path("runs/compare/", runs.RunCompare.as_view(), name="run-compare"),
    path("runs/compare/curves.csv", runs.RunCompareCurve.as_view(), name="run-compare-curve"),
    path("runs/<uuid:pk>/", runs.RunDetail.as_view(), name="run-detail"),
    path("runs/<uuid:pk>/verdict/", runs.RunVerdict.as_view(), name="run-verdict"),
    path("runs/<uuid:pk>/curve.csv", runs.RunCurve.as_view(), name="run-curve"),
]
