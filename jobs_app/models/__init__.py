"""Rows of the job side, one noun per file."""

from .connection import Connection
from .job import Job, JobMove
from .model_version import ModelVersion
from .report import Checkpoint, JobEvent, JobMetric

__all__ = ["Checkpoint", "Connection", "Job", "JobEvent", "JobMetric", "JobMove", "ModelVersion"]
