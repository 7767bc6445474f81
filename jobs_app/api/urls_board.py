"""Addresses of the dashboard, the timeline, the registry of models, and webhooks in the API."""

from django.urls import path

from . import board, hooks, models, timeline

urlpatterns = [
    path("jobs/queue/", board.JobQueue.as_view(), name="job-queue"),
    path("jobs/spend/", board.JobSpend.as_view(), name="job-spend"),
    path("jobs/alerts/", board.JobAlerts.as_view(), name="job-alerts"),
    path("jobs/<uuid:pk>/retry/", board.JobRetry.as_view(), name="job-retry"),
    path("jobs/<uuid:pk>/timeline/", timeline.JobTimeline.as_view(), name="job-timeline"),
    path("jobs/<uuid:pk>/timeline.jsonl", timeline.JobTimelineFile.as_view(), name="job-timeline-file"),
    path("jobs/<uuid:pk>/events/<int:event>/", timeline.JobEvent.as_view(), name="job-event"),
    path("jobs/<uuid:pk>/raw/", timeline.JobRaw.as_view(), name="job-raw"),
    path(
        "jobs/<uuid:pk>/checkpoints/<int:checkpoint>/register/",
        models.CheckpointRegister.as_view(),
        name="checkpoint-register",
    ),
    path("hooks/", hooks.HookList.as_view(), name="hook-list"),
    path("hooks/<uuid:pk>/", hooks.HookDetail.as_view(), name="hook-detail"),
    path("hooks/<uuid:pk>/secret/", hooks.HookSecret.as_view(), name="hook-secret"),
    path("hooks/<uuid:pk>/test/", hooks.HookTest.as_view(), name="hook-test"),
    path("hooks/<uuid:pk>/deliveries/", hooks.DeliveryList.as_view(), name="delivery-list"),
    path("hooks/<uuid:pk>/deliveries/<uuid:delivery>/again/", hooks.DeliveryAgain.as_view(), name="delivery-again"),
]
