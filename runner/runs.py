"""What this process carries out, on the main thread: one attempt after another, and predictions between the steps of a
training that makes room for them. Knows nothing about lines or sockets."""

import traceback
from collections.abc import Callable

from runner.attempt import Attempt
from runner.listener import TrainingListener
from runner.logs import LogCapture
from runner.model import Model
from runner.predicting import answer
from runner.protocol import LoadCommand
from runner.report import Room
from runner.run import end_hanging, execute
from runner.training import train
from runner.waiting import Waiting
from runner.watchdog import Watchdog


class Runs:
    """`slots_changed` is called when the process can take more or fewer runs than before. `hang_seconds`: see `Watchdog`."""

    def __init__(
        self,
        model: Model,
        logs: LogCapture,
        waiting: Waiting,
        slots_changed: Callable[[], None],
        hang_seconds: float,
    ) -> None:
        self._hang_seconds = hang_seconds
        self._model = model
        self._logs = logs
        self._waiting = waiting
        self._slots_changed = slots_changed
        self._training: TrainingListener | None = None
        self._watchdog: Watchdog | None = None

    def slots(self) -> dict[str, int]:
        """How many runs of each kind it can hold at once, as things stand."""
        model, training = self._model, self._training
        answers = model.can_predict and (training is None or training.has_room)
        return {"train": int(model.can_train), "predict": model.together if answers else 0}

    def loaded(self) -> dict[str, str | None] | None:
        """What it is ready to predict with: see `Model.loaded`."""
        return self._model.loaded

    def carry_out(self, task: Attempt | LoadCommand) -> None:
        """Ends the attempt, whatever happens in it. Raises JournalBroken."""
        before = self._model.loaded
        if isinstance(task, LoadCommand):
            self._load(task)
        elif task.command.kind == "prediction":
            answer(task, self._model, self._logs, self._waiting)
        else:
            self._train(task)
        if self._model.loaded != before or isinstance(task, LoadCommand):
            self._slots_changed()

    def _load(self, command: LoadCommand) -> None:
        """What goes wrong stands in the process's own log; a run that needs these weights will say it too."""
        try:
            self._model.predictor(command.weights)
        except Exception:  # noqa: BLE001
            traceback.print_exc()

    def _train(self, attempt: Attempt) -> None:
        watchdog = Watchdog(lambda seconds: end_hanging(attempt, seconds), self._hang_seconds)
        listener = TrainingListener(attempt, self._answer_between, self._slots_changed, watchdog)
        self._training, self._watchdog = listener, watchdog
        self._slots_changed()
        try:
            execute(attempt, listener, self._logs, lambda: train(attempt, self._model, listener))
        finally:
            watchdog.end()
            self._training = self._watchdog = None
            self._slots_changed()

    def _answer_between(self, make: Room) -> None:
        """Those that wait, up to one batch: then it is the training's turn again."""
        for attempt in self._waiting.predictions()[:1]:
            if self._waiting.remove(attempt):
                with make():
                    answer(attempt, self._model, self._logs, self._waiting, self._watchdog)
