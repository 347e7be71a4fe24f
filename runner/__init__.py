"""What a model may tell the runner. A model's `predict()` and `train()` stay plain functions: outside a run every
call here does nothing. Knows nothing about sockets; see `report.py` for what each name means."""

from runner.outcome import Canceled, Failure
from runner.report import (
    artifact,
    call,
    folder,
    metric,
    progress,
    resume,
    room,
    sample,
    snapshot,
    stage,
    state,
    state_asked,
    turn,
)

__all__ = [
    "Canceled",
    "Failure",
    "artifact",
    "call",
    "folder",
    "metric",
    "progress",
    "resume",
    "room",
    "sample",
    "snapshot",
    "stage",
    "state",
    "state_asked",
    "turn",
]
