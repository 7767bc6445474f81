"""Addresses of the strategy advisor, of syntheses, and of jobs that are made from jobs."""

from django.urls import path

from . import advice, families, making, measuring, synthesis

urlpatterns = [
    path("datasets/<uuid:pk>/advice/", advice.advice_list, name="advice-list"),
    path("datasets/<uuid:pk>/advice/create/", advice.advice_create, name="advice-create"),
    path("advice/<uuid:pk>/", advice.advice_detail, name="advice-detail"),
    path("advice/<uuid:pk>/answer/", advice.advice_answer, name="advice-answer"),
    path("advice/<uuid:pk>/edit/", advice.advice_update, name="advice-update"),
    path("advice/<uuid:pk>/file/", advice.advice_file, name="advice-file"),
    path("advice/<uuid:pk>/job/", advice.advice_job, name="advice-job"),
    path("advice/<uuid:pk>/chart.mmd", advice.advice_mermaid, name="advice-mermaid"),
    path("advice/<uuid:pk>/measure/", measuring.advice_measure, name="advice-measure"),
    path("datasets/<uuid:pk>/syntheses/new/", synthesis.synthesis_create, name="synthesis-create"),
    path("syntheses/<uuid:pk>/", synthesis.synthesis_detail, name="synthesis-detail"),
    path("syntheses/<uuid:pk>/cancel/", synthesis.synthesis_cancel, name="synthesis-cancel"),
    path("syntheses/<uuid:pk>/take/", synthesis.synthesis_take, name="synthesis-take"),
    path("jobs/<uuid:pk>/format/", making.job_format, name="job-format"),
    path("jobs/<uuid:pk>/elsewhere/", making.job_elsewhere, name="job-elsewhere"),
    path("jobs/<uuid:pk>/chain/", making.job_chain, name="job-chain"),
    path("jobs/<uuid:pk>/sweep/", making.job_sweep, name="job-sweep"),
    path("jobs/<uuid:pk>/learning-curve/", making.job_learning_curve, name="job-learning-curve"),
    path("families/", families.family_list, name="family-list"),
    path("families/<uuid:pk>/", families.family_detail, name="family-detail"),
    path("families/<uuid:pk>/launch/", families.family_launch, name="family-launch"),
    path("families/<uuid:pk>/table.csv", families.family_csv, name="family-csv"),
]
