"""What this process carries out, on the main thread: one attempt after another, and predictions between the steps of a
training that makes room for them. Knows nothing about lines or sockets."""

from collections.abc import Callable

from runner.attempt import Attempt
from runner.listener import TrainingListener
from runner.logs import LogCapture
from runner.model import Model
from runner.predicting import answer
from runner.report import Room
from runner.run import execute
from runner.training import train
from runner.waiting import Waiting


class Runs:
    """`slots_changed` is called when the process can take more or fewer runs than before."""

    def __init__(self, model: Model, logs: LogCapture, waiting: Waiting, slots_changed: Callable[[], None]) -> None:
        self._model = model
        self._logs = logs
        self._waiting = waiting
        self._slots_changed = slots_changed
        self._training: TrainingListener | None = None

    def slots(self) -> dict[str, int]:
        """How many runs of each kind it can hold at once, as things stand."""
        model, training = self._model, self._training
        answers = model.can_predict and (training is None or training.has_room)
        return {"train": int(model.can_train), "predict": model.together if answers else 0}

    def carry_out(self, attempt: Attempt) -> None:
        """Ends the attempt, whatever happens in it. Raises JournalBroken."""
        if attempt.command.kind == "prediction":
            answer(attempt, self._model, self._logs, self._waiting)
            return
        listener = TrainingListener(attempt, self._answer_between, self._slots_changed)
        self._training = listener
        self._slots_changed()
        try:
            execute(attempt, listener, self._logs, lambda: train(attempt, self._model, listener))
        finally:
            self._training = None
            self._slots_changed()

    def _answer_between(self, make: Room) -> None:
        """Those that wait, up to one batch: then it is the training's turn again."""
        for attempt in self._waiting.predictions()[:1]:
            if self._waiting.remove(attempt):
                with make():
                    answer(attempt, self._model, self._logs, self._waiting)
