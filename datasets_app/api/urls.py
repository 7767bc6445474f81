"""The data side, in the namespace `api`."""

from django.urls import path

from .checks import SampleCheck
from .datasets import DatasetDetail, DatasetList
from .images import ImageDetail, ImageFile, ImageList
from .samples import (
    DecisionList,
    NextSample,
    RevisionDetail,
    RevisionList,
    SampleDetail,
    SampleList,
    SampleUndo,
)
from .snapshots import ExportDetail, ExportFile, ExportList, SnapshotDetail, SnapshotList
from .uploads import UploadCancel, UploadDetail, UploadList, UploadPreview, UploadRejected, UploadStart

urlpatterns = [
    path("datasets/", DatasetList.as_view(), name="dataset-list"),
    path("datasets/<uuid:pk>/", DatasetDetail.as_view(), name="dataset-detail"),
    path("datasets/<uuid:pk>/uploads/", UploadList.as_view(), name="upload-list"),
    path("uploads/<uuid:pk>/", UploadDetail.as_view(), name="upload-detail"),
    path("uploads/<uuid:pk>/preview/", UploadPreview.as_view(), name="upload-preview"),
    path("uploads/<uuid:pk>/start/", UploadStart.as_view(), name="upload-start"),
    path("uploads/<uuid:pk>/cancel/", UploadCancel.as_view(), name="upload-cancel"),
    path("uploads/<uuid:pk>/rejected/", UploadRejected.as_view(), name="upload-rejected"),
    path("projects/<uuid:pk>/images/", ImageList.as_view(), name="image-list"),
    path("projects/<uuid:pk>/images/<str:sha256>/", ImageDetail.as_view(), name="image-detail"),
    path("projects/<uuid:pk>/images/<str:sha256>/file/", ImageFile.as_view(), name="image-file"),
    path("datasets/<uuid:pk>/samples/", SampleList.as_view(), name="sample-list"),
    path("datasets/<uuid:pk>/next/", NextSample.as_view(), name="sample-next"),
    path("samples/<int:pk>/", SampleDetail.as_view(), name="sample-detail"),
    path("samples/<int:pk>/check/", SampleCheck.as_view(), name="sample-check"),
    path("samples/<int:pk>/revisions/", RevisionList.as_view(), name="revision-list"),
    path("samples/<int:pk>/revisions/<int:number>/", RevisionDetail.as_view(), name="revision-detail"),
    path("samples/<int:pk>/decisions/", DecisionList.as_view(), name="decision-list"),
    path("samples/<int:pk>/undo/", SampleUndo.as_view(), name="sample-undo"),
    path("datasets/<uuid:pk>/snapshots/", SnapshotList.as_view(), name="snapshot-list"),
    path("snapshots/<uuid:pk>/", SnapshotDetail.as_view(), name="snapshot-detail"),
    path("snapshots/<uuid:pk>/exports/", ExportList.as_view(), name="export-list"),
    path("exports/<uuid:pk>/", ExportDetail.as_view(), name="export-detail"),
    path("exports/<uuid:pk>/file/", ExportFile.as_view(), name="export-file"),
]
