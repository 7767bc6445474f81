"""Rows of the data side, one noun per file."""

from .bulk_change import BulkChange, BulkChangeEntry
from .check_chunk import CheckChunk
from .dataset import Dataset, DatasetCount
from .decision import Decision
from .export import Export
from .finding import FindingRow
from .image import Image
from .loss_report import LossReport
from .revision import Revision
from .sample import Sample, SampleTag, SampleText
from .scan import Scan
from .snapshot import Snapshot, SnapshotEntry
from .upload import RejectedLine, Upload
from .upload_chunk import UploadChunk
from .waiver import Waiver

__all__ = [
    "BulkChange",
    "BulkChangeEntry",
    "CheckChunk",
    "Dataset",
    "DatasetCount",
    "Decision",
    "Export",
    "FindingRow",
    "Image",
    "LossReport",
    "RejectedLine",
    "Revision",
    "Sample",
    "SampleTag",
    "SampleText",
    "Scan",
    "Snapshot",
    "SnapshotEntry",
    "Upload",
    "UploadChunk",
    "Waiver",
]
