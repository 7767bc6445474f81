"""The API around the list of samples: conditions, saved views, samples alike, spot checks."""

from django.urls import path

from .lists import (
    DatasetFilter,
    SampleSimilar,
    SpotCheckDetail,
    SpotCheckJudge,
    SpotCheckList,
    ViewDetail,
    ViewList,
    ViewRestore,
)

urlpatterns = [
    path("datasets/<uuid:pk>/filter/", DatasetFilter.as_view(), name="dataset-filter"),
    path("datasets/<uuid:pk>/views/", ViewList.as_view(), name="view-list"),
    path("datasets/<uuid:pk>/views/restore/", ViewRestore.as_view(), name="view-restore"),
    path("views/<uuid:pk>/", ViewDetail.as_view(), name="view-detail"),
    path("samples/<int:pk>/similar/", SampleSimilar.as_view(), name="sample-similar"),
    path("datasets/<uuid:pk>/spot-checks/", SpotCheckList.as_view(), name="spot-check-list"),
    path("spot-checks/<uuid:pk>/", SpotCheckDetail.as_view(), name="spot-check-detail"),
    path("spot-checks/<uuid:pk>/entries/<int:number>/judge/", SpotCheckJudge.as_view(), name="spot-check-judge"),
]
