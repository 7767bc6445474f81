"""Rows of the job side, one noun per file."""

from .advice import Advice
from .catalog import Budget, CatalogEntry, Price, SeenModel
from .connection import Connection
from .family import JobFamily
from .hook import Delivery, Hook, Receipt
from .imported_run import ImportedRun
from .inspection import Inspection
from .job import Job, JobMove
from .model_version import ModelVersion
from .report import Checkpoint, JobEvent, JobMetric
from .synthesis import Candidate, Synthesis
from .trial import Trial, TrialCase

__all__ = [
    "Advice",
    "Budget",
    "Candidate",
    "CatalogEntry",
    "Checkpoint",
    "Connection",
    "Delivery",
    "Hook",
    "ImportedRun",
    "Inspection",
    "Job",
    "JobEvent",
    "JobFamily",
    "JobMetric",
    "JobMove",
    "ModelVersion",
    "Price",
    "Receipt",
    "SeenModel",
    "Synthesis",
    "Trial",
    "TrialCase",
]
