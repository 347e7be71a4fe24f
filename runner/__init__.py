"""What a model may tell the runner. A model's `predict()` and `train()` stay plain functions: outside a run every
call here does nothing. Knows nothing about sockets; see `report.py` for what each name means."""

from runner.outcome import Canceled, Failure
from runner.report import artifact, folder, metric, progress, resume, sample, snapshot, stage, state, turn

__all__ = [
    "Canceled",
    "Failure",
    "artifact",
    "folder",
    "metric",
    "progress",
    "resume",
    "sample",
    "snapshot",
    "stage",
    "state",
    "turn",
]
