"""The data side's pages. One URL per verb; the word before an id says whose id it is."""

from django.urls import path

from . import datasets, exports, images, revisions, samples, snapshots, uploads

urlpatterns = [
    path("datasets/", datasets.index, name="dataset-list"),
    path("datasets/create/", datasets.create, name="dataset-create"),
    path("datasets/<uuid:pk>/", datasets.detail, name="dataset-detail"),
    path("datasets/<uuid:pk>/update/", datasets.update, name="dataset-update"),
    path("datasets/<uuid:pk>/upload/", uploads.create, name="dataset-upload"),
    path("datasets/<uuid:pk>/annotate/", samples.annotate, name="dataset-annotate"),
    path("annotate/", samples.start, name="annotate"),
    path("datasets/<uuid:pk>/snapshots/create/", snapshots.create, name="snapshot-create"),
    path("uploads/<uuid:pk>/", uploads.detail, name="upload-detail"),
    path("uploads/<uuid:pk>/cancel/", uploads.cancel, name="upload-cancel"),
    path("uploads/<uuid:pk>/rejected/", uploads.rejected, name="upload-rejected"),
    path("projects/<uuid:pk>/images/", images.index, name="image-list"),
    path("projects/<uuid:pk>/images/<str:sha256>/", images.detail, name="image-file"),
    path("projects/<uuid:pk>/images/<str:sha256>/thumbnail/", images.thumbnail, name="image-thumbnail"),
    path("samples/<int:pk>/pictures/<int:number>/", images.inside, name="sample-picture"),
    path("samples/<int:pk>/", samples.detail, name="sample-detail"),
    path("samples/<int:pk>/save/", samples.save, name="sample-save"),
    path("samples/<int:pk>/check/", samples.check, name="sample-check"),
    path("samples/<int:pk>/decide/", samples.decide, name="sample-decide"),
    path("samples/<int:pk>/undo/", samples.undo, name="sample-undo"),
    path("samples/<int:pk>/tag/", samples.tag, name="sample-tag"),
    path("samples/<int:pk>/revisions/", revisions.index, name="revision-list"),
    path("samples/<int:pk>/revisions/<int:number>/", revisions.detail, name="revision-detail"),
    path("uploads/<uuid:pk>/update/", uploads.update, name="upload-update"),
    path("uploads/<uuid:pk>/start/", uploads.start, name="upload-start"),
    path("samples/<int:pk>/revisions/<int:number>/restore/", revisions.restore, name="revision-restore"),
    path("snapshots/<uuid:pk>/", snapshots.detail, name="snapshot-detail"),
    path("snapshots/<uuid:pk>/exports/create/", exports.create, name="export-create"),
    path("exports/<uuid:pk>/", exports.detail, name="export-detail"),
    path("exports/<uuid:pk>/file/", exports.file, name="export-file"),
]
