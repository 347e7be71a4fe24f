"""Predictions, each by itself or, where the model can, those that wait for the same weights together. Knows nothing about
what runs beside them."""

import time
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from runner.attempt import Attempt
from runner.batch import BatchListener
from runner.listener import RunListener
from runner.logs import LogCapture
from runner.model import Model
from runner.outcome import Failure, explain
from runner.output import collect, pass_on, report_output
from runner.report import heard_by
from runner.run import Ending, done_since, ending_by, execute
from runner.signature import bind
from runner.training import check_files
from runner.waiting import Waiting
from runner.watchdog import Watchdog


@dataclass(frozen=True)
class Call:
    """A prediction that is about to be made. `inputs` are `predict`'s own."""

    attempt: Attempt
    listener: RunListener
    inputs: dict[str, Any]


def answer(
    attempt: Attempt, model: Model, logs: LogCapture, waiting: Waiting, watchdog: Watchdog | None = None
) -> None:
    """Ends the attempt, and those that wait and are answered together with it. `watchdog`: that of the training beside it."""
    listener = RunListener(attempt, watchdog)
    execute(attempt, listener, logs, lambda: _answer(attempt, listener, model, logs, waiting))


def _answer(attempt: Attempt, listener: RunListener, model: Model, logs: LogCapture, waiting: Waiting) -> None:
    listener.obey()
    weights = attempt.command.weights
    call = _prepare(attempt, listener, model)
    if not model.holds(weights):
        listener.stage("loading", None, None)
    predictor = model.predictor(weights)
    calls = [call, *_find_mates(call, predictor, model, waiting)]
    if len(calls) > 1 and _answer_together(calls, predictor, logs, waiting):
        return
    listener.stage("predicting", None, None)
    result = predictor.predict(**call.inputs)
    if isinstance(result, Iterator):
        pass_on(attempt, result, listener)
        return
    listener.obey()
    report_output(attempt, result)


def _prepare(attempt: Attempt, listener: RunListener, model: Model) -> Call:
    check_files(attempt.command.files)
    return Call(attempt, listener, bind(model.predict_fields, attempt.command.input, attempt.command.files))


def _find_mates(first: Call, predictor: Any, model: Model, waiting: Waiting) -> list[Call]:
    """Predictions that wait, for the same weights and with an equal `batch_key`; they wait no longer."""
    key = None if model.together == 1 or first.attempt.alone else predictor.batch_key(**first.inputs)
    mates: list[Call] = []
    for attempt in waiting.predictions() if key is not None else ():
        if len(mates) + 1 == model.together:
            break
        if attempt.alone or attempt.command.weights != first.attempt.command.weights:
            continue
        mate = _prepare_mate(attempt, key, predictor, model)
        if mate and waiting.remove(attempt):
            mates.append(mate)
    return mates


def _prepare_mate(attempt: Attempt, key: Hashable, predictor: Any, model: Model) -> Call | None:
    try:
        mate = _prepare(attempt, RunListener(attempt), model)
        return mate if predictor.batch_key(**mate.inputs) == key else None
    except Exception:  # noqa: BLE001 — said when its own turn comes
        return None


def _answer_together(calls: list[Call], predictor: Any, logs: LogCapture, waiting: Waiting) -> bool:
    """Ends all but the first, whose error is raised. False: together it did not work, and the others wait again, each by
    itself: what is too large for four may do for one."""
    started = time.monotonic()
    batch = BatchListener([call.listener for call in calls], logs)
    mates = calls[1:]
    with logs.to(batch.log), heard_by(batch):
        batch.stage("predicting", None, None)
        try:
            results = predictor.predict_together([call.inputs for call in calls])
            if len(results) != len(calls):
                gave = f"predict_together() gave {len(results)} results for {len(calls)} calls"
                raise Failure("model_error", f"{gave}: return one for each.")
        except Exception as error:  # noqa: BLE001
            print(f"Answered one after the other, for {len(calls)} together did not work. {explain(error).message}")
            waiting.put_back([mate.attempt.leave_alone() for mate in mates if not mate.attempt.over])
            return False
        errors = [_keep(call, result) for call, result in zip(calls, results, strict=True)]
        endings: list[Ending] = []
        for number, error in enumerate(errors[1:], 1):
            with batch.call(number):
                endings.append(ending_by(error) if error else done_since(started))
    for mate, ending in zip(mates, endings, strict=True):
        mate.attempt.conclude(ending)
    if errors[0]:
        raise errors[0]
    return True


def _keep(call: Call, result: Any) -> Exception | None:
    if isinstance(result, Exception):
        return result
    try:
        if not call.attempt.over:
            report_output(call.attempt, collect(result, call.listener))
    except Exception as error:  # noqa: BLE001 — one output that cannot be kept is its own run's
        return error
    return None
