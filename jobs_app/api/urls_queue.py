"""Addresses of the queue, of jobs by hand, and of deployments in the API."""

from django.urls import path

from . import queue

urlpatterns = [
    path("jobs/<uuid:pk>/queue/", queue.JobQueue.as_view(), name="job-queue"),
    path("jobs/<uuid:pk>/move/", queue.JobMove.as_view(), name="job-move"),
    path("jobs/<uuid:pk>/hold/", queue.JobHold.as_view(), name="job-hold"),
    path("jobs/<uuid:pk>/release/", queue.JobRelease.as_view(), name="job-release"),
    path("jobs/<uuid:pk>/follow/", queue.JobFollow.as_view(), name="job-follow"),
    path("jobs/<uuid:pk>/register/", queue.JobRegister.as_view(), name="job-register"),
    path("jobs/<uuid:pk>/fail/", queue.JobFail.as_view(), name="job-fail"),
    path("models/<uuid:pk>/deploy/", queue.ModelDeploy.as_view(), name="model-deploy"),
    path("connections/<uuid:pk>/resume/", queue.ConnectionResume.as_view(), name="connection-resume"),
]
