"""Addresses of the queue, of jobs by hand, of deployments, and where providers deliver their webhooks."""

from django.urls import path

from . import queue, webhooks

urlpatterns = [
    path("jobs/<uuid:pk>/move/", queue.job_move, name="job-move"),
    path("jobs/<uuid:pk>/hold/", queue.job_hold, name="job-hold"),
    path("jobs/<uuid:pk>/release/", queue.job_release, name="job-release"),
    path("jobs/<uuid:pk>/follow/", queue.job_follow, name="job-follow"),
    path("jobs/<uuid:pk>/register/", queue.job_register, name="job-register"),
    path("jobs/<uuid:pk>/fail/", queue.job_fail, name="job-fail"),
    path("models/<uuid:pk>/deploy/", queue.model_deploy, name="model-deploy"),
    path("connections/<uuid:pk>/resume/", queue.connection_resume, name="connection-resume"),
    path("hooks/in/<uuid:pk>/", webhooks.webhook, name="webhook"),
]
