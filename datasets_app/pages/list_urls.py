"""The pages around the list of samples: conditions, saved views, previews, spot checks."""

from django.urls import path

from . import filtering, previews, spot_checks, views

urlpatterns = [
    path("datasets/<uuid:pk>/filter/", filtering.detail, name="dataset-filter"),
    path("datasets/<uuid:pk>/views/create/", views.create, name="view-create"),
    path("datasets/<uuid:pk>/views/restore/", views.restore, name="view-restore"),
    path("views/<uuid:pk>/update/", views.update, name="view-update"),
    path("views/<uuid:pk>/delete/", views.delete, name="view-delete"),
    path("samples/<int:pk>/preview/", previews.detail, name="sample-preview"),
    path("samples/<int:pk>/similar/", previews.alike, name="sample-similar"),
    path("datasets/<uuid:pk>/spot-checks/", spot_checks.index, name="spot-check-list"),
    path("datasets/<uuid:pk>/spot-checks/create/", spot_checks.create, name="spot-check-create"),
    path("spot-checks/<uuid:pk>/", spot_checks.detail, name="spot-check-detail"),
    path("spot-checks/<uuid:pk>/entries/<int:number>/judge/", spot_checks.judge, name="spot-check-judge"),
]
