"""The data side, in the namespace `api`."""

from django.urls import include, path

from .annotations import AdjudicationDetail, AdjudicationList, AnnotationList, SampleAdjudicate
from .assignments import AssignmentList, SampleAssign
from .bulk_changes import (
    BulkChangeApply,
    BulkChangeDetail,
    BulkChangeDiscard,
    BulkChangeEntryDetail,
    BulkChangeEntryList,
    BulkChangeList,
    BulkChangeUndo,
)
from .checks import SampleCheck
from .comments import CommentDetail, CommentList
from .compositions import Composition
from .datasets import CheckCancel, DatasetDetail, DatasetList
from .drafts import SampleDraft
from .forms import SampleForm
from .gold import GoldAccuracy, GoldDetail, GoldList, SampleGold
from .guidelines import GuidelineDetail, GuidelineList
from .holding import SampleHold, SampleLetGo, SampleShown
from .images import ImageDetail, ImageFile, ImageList
from .reading import SampleRender
from .recent import RecentDecisions
from .revision_diffs import RevisionDiff
from .samples import (
    DecisionList,
    NextSample,
    RevisionDetail,
    RevisionList,
    SampleDetail,
    SampleList,
    SampleRestore,
    SampleUndo,
)
from .scans import ScanDetail, ScanList
from .snapshots import (
    ExportDetail,
    ExportFile,
    ExportList,
    LossReportDetail,
    SnapshotCard,
    SnapshotDetail,
    SnapshotDiff,
    SnapshotList,
)
from .team import AgreementReport, TeamReport
from .trials import DatasetTrial, ProjectTrial
from .uploads import UploadCancel, UploadDetail, UploadList, UploadPreview, UploadRejected, UploadStart
from .waivers import DatasetWaiverList, SampleWaiverList, WaiverDetail

urlpatterns = [
    path("datasets/", DatasetList.as_view(), name="dataset-list"),
    path("datasets/<uuid:pk>/", DatasetDetail.as_view(), name="dataset-detail"),
    path("datasets/<uuid:pk>/trial/", DatasetTrial.as_view(), name="dataset-trial"),
    path("projects/<uuid:pk>/trial/", ProjectTrial.as_view(), name="project-trial"),
    path("datasets/<uuid:pk>/check/cancel/", CheckCancel.as_view(), name="check-cancel"),
    path("datasets/<uuid:pk>/team/", TeamReport.as_view(), name="team"),
    path("datasets/<uuid:pk>/agreement/", AgreementReport.as_view(), name="agreement"),
    path("datasets/<uuid:pk>/guidelines/", GuidelineList.as_view(), name="guideline-list"),
    path("datasets/<uuid:pk>/guidelines/<int:number>/", GuidelineDetail.as_view(), name="guideline-detail"),
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
    path("datasets/<uuid:pk>/my-decisions/", RecentDecisions.as_view(), name="my-decisions"),
    path("datasets/<uuid:pk>/next/", NextSample.as_view(), name="sample-next"),
    path("samples/<int:pk>/", SampleDetail.as_view(), name="sample-detail"),
    path("samples/<int:pk>/restore/", SampleRestore.as_view(), name="sample-restore"),
    path("samples/<int:pk>/check/", SampleCheck.as_view(), name="sample-check"),
    path("samples/<int:pk>/render/", SampleRender.as_view(), name="sample-render"),
    path("samples/<int:pk>/form/", SampleForm.as_view(), name="sample-form"),
    path("samples/<int:pk>/revisions/", RevisionList.as_view(), name="revision-list"),
    path("samples/<int:pk>/revisions/<int:number>/", RevisionDetail.as_view(), name="revision-detail"),
    path("samples/<int:pk>/draft/", SampleDraft.as_view(), name="sample-draft"),
    path("samples/<int:pk>/revisions/<int:number>/diff/", RevisionDiff.as_view(), name="revision-diff"),
    path("samples/<int:pk>/decisions/", DecisionList.as_view(), name="decision-list"),
    path("samples/<int:pk>/annotations/", AnnotationList.as_view(), name="annotation-list"),
    path("samples/<int:pk>/adjudicate/", SampleAdjudicate.as_view(), name="sample-adjudicate"),
    path("datasets/<uuid:pk>/adjudications/", AdjudicationList.as_view(), name="adjudication-list"),
    path("adjudications/<int:pk>/", AdjudicationDetail.as_view(), name="adjudication-detail"),
    path("samples/<int:pk>/undo/", SampleUndo.as_view(), name="sample-undo"),
    path("datasets/<uuid:pk>/assignments/", AssignmentList.as_view(), name="assignment-list"),
    path("samples/<int:pk>/assign/", SampleAssign.as_view(), name="sample-assign"),
    path("datasets/<uuid:pk>/gold/", GoldList.as_view(), name="gold-list"),
    path("datasets/<uuid:pk>/gold/accuracy/", GoldAccuracy.as_view(), name="gold-accuracy"),
    path("samples/<int:pk>/gold/", SampleGold.as_view(), name="sample-gold"),
    path("gold/<int:pk>/", GoldDetail.as_view(), name="gold-detail"),
    path("samples/<int:pk>/hold/", SampleHold.as_view(), name="sample-hold"),
    path("samples/<int:pk>/shown/", SampleShown.as_view(), name="sample-shown"),
    path("samples/<int:pk>/let-go/", SampleLetGo.as_view(), name="sample-let-go"),
    path("samples/<int:pk>/comments/", CommentList.as_view(), name="comment-list"),
    path("comments/<int:pk>/", CommentDetail.as_view(), name="comment-detail"),
    path("datasets/<uuid:pk>/bulk-changes/", BulkChangeList.as_view(), name="bulk-change-list"),
    path("bulk-changes/<uuid:pk>/", BulkChangeDetail.as_view(), name="bulk-change-detail"),
    path("bulk-changes/<uuid:pk>/apply/", BulkChangeApply.as_view(), name="bulk-change-apply"),
    path("bulk-changes/<uuid:pk>/undo/", BulkChangeUndo.as_view(), name="bulk-change-undo"),
    path("bulk-changes/<uuid:pk>/discard/", BulkChangeDiscard.as_view(), name="bulk-change-discard"),
    path("bulk-changes/<uuid:pk>/entries/", BulkChangeEntryList.as_view(), name="bulk-change-entries"),
    path("bulk-changes/<uuid:pk>/entries/<int:position>/", BulkChangeEntryDetail.as_view(), name="bulk-change-entry"),
    path("datasets/<uuid:pk>/waivers/", DatasetWaiverList.as_view(), name="dataset-waivers"),
    path("samples/<int:pk>/waivers/", SampleWaiverList.as_view(), name="waiver-list"),
    path("waivers/<int:pk>/", WaiverDetail.as_view(), name="waiver-detail"),
    path("datasets/<uuid:pk>/scans/", ScanList.as_view(), name="scan-list"),
    path("scans/<uuid:pk>/", ScanDetail.as_view(), name="scan-detail"),
    path("datasets/<uuid:pk>/snapshots/", SnapshotList.as_view(), name="snapshot-list"),
    path("", include("datasets_app.api.list_urls")),
    path("snapshots/<uuid:pk>/", SnapshotDetail.as_view(), name="snapshot-detail"),
    path("snapshots/<uuid:pk>/card/", SnapshotCard.as_view(), name="snapshot-card"),
    path("snapshots/<uuid:pk>/diff/", SnapshotDiff.as_view(), name="snapshot-diff"),
    path("snapshots/<uuid:pk>/composition/", Composition.as_view(), name="composition"),
    path("snapshots/<uuid:pk>/loss-report/", LossReportDetail.as_view(), name="loss-report"),
    path("snapshots/<uuid:pk>/exports/", ExportList.as_view(), name="export-list"),
    path("exports/<uuid:pk>/", ExportDetail.as_view(), name="export-detail"),
    path("exports/<uuid:pk>/file/", ExportFile.as_view(), name="export-file"),
]
