"""Rows of the job side, one noun per file."""

from .advice import Advice
from .catalog import Budget, CatalogEntry, Price, SeenModel
from .connection import Connection
from .evaluation import Arm, Case, Evaluation, Outcome
from .family import JobFamily
from .gate import ReleaseGate
from .hook import Delivery, Hook, Receipt
from .imported_run import ImportedRun
from .inspection import Inspection
from .job import Job, JobMove
from .model_version import ModelVersion
from .playground import PlaygroundAnswer
from .report import Checkpoint, JobEvent, JobMetric
from .synthesis import Candidate, Synthesis

__all__ = [
    "Advice",
    "Arm",
    "Budget",
    "Candidate",
    "Case",
    "CatalogEntry",
    "Checkpoint",
    "Connection",
    "Delivery",
    "Evaluation",
    "Hook",
    "ImportedRun",
    "Inspection",
    "Job",
    "JobEvent",
    "JobFamily",
    "JobMetric",
    "JobMove",
    "ModelVersion",
    "Outcome",
    "PlaygroundAnswer",
    "Price",
    "Receipt",
    "ReleaseGate",
    "SeenModel",
    "Synthesis",
]
