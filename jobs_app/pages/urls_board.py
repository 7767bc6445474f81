"""Addresses of the dashboard, the timeline, the registry of models, and webhooks."""

from django.urls import path

from . import board, hooks, models, timeline

urlpatterns = [
    path("jobs/queue/", board.job_queue, name="job-queue"),
    path("jobs/spend/", board.job_spend, name="job-spend"),
    path("jobs/<uuid:pk>/retry/", board.job_retry, name="job-retry"),
    path("jobs/<uuid:pk>/timeline/", timeline.job_timeline, name="job-timeline"),
    path("jobs/<uuid:pk>/timeline.jsonl", timeline.job_timeline_file, name="job-timeline-file"),
    path("jobs/<uuid:pk>/events/<int:event>/", timeline.job_event, name="job-event"),
    path("jobs/<uuid:pk>/raw/", timeline.job_raw, name="job-raw"),
    path(
        "jobs/<uuid:pk>/checkpoints/<int:checkpoint>/register/", models.checkpoint_register, name="checkpoint-register"
    ),
    path("models/register/", models.model_register, name="model-register"),
    path("models/<uuid:pk>/edit/", models.model_update, name="model-update"),
    path("hooks/", hooks.hook_list, name="hook-list"),
    path("hooks/new/", hooks.hook_create, name="hook-create"),
    path("hooks/<uuid:pk>/", hooks.hook_detail, name="hook-detail"),
    path("hooks/<uuid:pk>/edit/", hooks.hook_update, name="hook-update"),
    path("hooks/<uuid:pk>/secret/", hooks.hook_secret, name="hook-secret"),
    path("hooks/<uuid:pk>/test/", hooks.hook_test, name="hook-test"),
    path("hooks/<uuid:pk>/delete/", hooks.hook_delete, name="hook-delete"),
    path("hooks/<uuid:pk>/deliveries/<uuid:delivery>/again/", hooks.delivery_again, name="delivery-again"),
]
