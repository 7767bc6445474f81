"""Addresses of what is advised for a draft and what it will come to."""

from django.urls import path

from . import recipes

urlpatterns = [
    path("jobs/<uuid:pk>/recommendation/", recipes.JobRecommendation.as_view(), name="job-recommendation"),
    path("jobs/<uuid:pk>/estimate/", recipes.JobEstimate.as_view(), name="job-estimate"),
]
