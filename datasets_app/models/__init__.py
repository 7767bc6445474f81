"""Rows of the data side, one noun per file."""

from .adjudication import Adjudication
from .annotation import Annotation
from .bulk_change import BulkChange, BulkChangeEntry
from .check_chunk import CheckChunk
from .comment import Comment
from .dataset import Dataset, DatasetCount
from .decision import Decision
from .draft import Draft
from .export import Export
from .finding import FindingRow
from .gold import Gold
from .guideline import Guideline
from .image import Image
from .loss_report import LossReport
from .revision import Revision
from .sample import Sample, SampleTag, SampleText
from .scan import Scan
from .seat import Seat
from .share import Share
from .snapshot import Snapshot, SnapshotEntry
from .source import RevisionSource
from .spot_check import SpotCheck, SpotCheckEntry
from .upload import RejectedLine, Upload
from .upload_chunk import UploadChunk
from .view import SavedView
from .waiver import Waiver

__all__ = [
    "Adjudication",
    "Annotation",
    "BulkChange",
    "BulkChangeEntry",
    "CheckChunk",
    "Comment",
    "Dataset",
    "DatasetCount",
    "Decision",
    "Draft",
    "Export",
    "FindingRow",
    "Gold",
    "Guideline",
    "Image",
    "LossReport",
    "RejectedLine",
    "Revision",
    "RevisionSource",
    "Sample",
    "SampleTag",
    "SampleText",
    "SavedView",
    "Scan",
    "Seat",
    "Share",
    "Snapshot",
    "SnapshotEntry",
    "SpotCheck",
    "SpotCheckEntry",
    "Upload",
    "UploadChunk",
    "Waiver",
]
