"""Rows of the data side, one noun per file."""

from .dataset import Dataset, DatasetCount
from .decision import Decision
from .export import Export
from .finding import FindingRow
from .revision import Revision
from .sample import Sample, SampleTag, SampleText
from .snapshot import Snapshot, SnapshotEntry
from .upload import RejectedLine, Upload

__all__ = [
    "Dataset",
    "DatasetCount",
    "Decision",
    "Export",
    "FindingRow",
    "RejectedLine",
    "Revision",
    "Sample",
    "SampleTag",
    "SampleText",
    "Snapshot",
    "SnapshotEntry",
    "Upload",
]
