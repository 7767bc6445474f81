"""Addresses of the strategy advisor, of syntheses, and of jobs that are made from jobs."""

from django.urls import path

from . import advice, families, synthesis

urlpatterns = [
    path("datasets/<uuid:pk>/advice/", advice.AdviceList.as_view(), name="advice-list"),
    path("advice/<uuid:pk>/", advice.AdviceDetail.as_view(), name="advice-detail"),
    path("advice/<uuid:pk>/answer/", advice.AdviceAnswer.as_view(), name="advice-answer"),
    path("advice/<uuid:pk>/file/", advice.AdviceFile.as_view(), name="advice-file"),
    path("advice/<uuid:pk>/job/", advice.AdviceJob.as_view(), name="advice-job"),
    path("advice/<uuid:pk>/mermaid/", advice.AdviceMermaid.as_view(), name="advice-mermaid"),
    path("datasets/<uuid:pk>/syntheses/", synthesis.SynthesisList.as_view(), name="synthesis-list"),
    path("datasets/<uuid:pk>/syntheses/plan/", synthesis.SynthesisPlan.as_view(), name="synthesis-plan"),
    path("syntheses/<uuid:pk>/", synthesis.SynthesisDetail.as_view(), name="synthesis-detail"),
    path("syntheses/<uuid:pk>/candidates/", synthesis.SynthesisCandidates.as_view(), name="synthesis-candidates"),
    path("syntheses/<uuid:pk>/cancel/", synthesis.SynthesisCancel.as_view(), name="synthesis-cancel"),
    path("syntheses/<uuid:pk>/take/", synthesis.SynthesisTake.as_view(), name="synthesis-take"),
    path("jobs/<uuid:pk>/format/", families.JobFormat.as_view(), name="job-format"),
    path("jobs/<uuid:pk>/elsewhere/", families.JobElsewhere.as_view(), name="job-elsewhere"),
    path("jobs/<uuid:pk>/chain/", families.JobChain.as_view(), name="job-chain"),
    path("jobs/<uuid:pk>/sweep/", families.JobSweep.as_view(), name="job-sweep"),
    path("jobs/<uuid:pk>/learning-curve/", families.JobLearningCurve.as_view(), name="job-learning-curve"),
    path("families/", families.FamilyList.as_view(), name="family-list"),
    path("families/<uuid:pk>/", families.FamilyDetail.as_view(), name="family-detail"),
    path("families/<uuid:pk>/launch/", families.FamilyLaunch.as_view(), name="family-launch"),
    path("families/<uuid:pk>/csv/", families.FamilyCsv.as_view(), name="family-csv"),
]
