"""A training from its command to its weights, which a prediction has drawn with before anyone hears of them. Knows nothing
about what runs beside it."""

import json
from pathlib import Path
from typing import Any

from runner.attempt import Attempt
from runner.files import hash_file
from runner.listener import RunListener
from runner.model import Model
from runner.outcome import Failure, explain
from runner.output import collect, paths_in, report_output
from runner.protocol import StoredFile
from runner.rules import settle
from runner.signature import bind


def train(attempt: Attempt, model: Model, listener: RunListener) -> None:
    command = attempt.command
    listener.obey()
    check_files(command.files)
    fields = settle(model.train_fields, model.train_rules, command.input)
    result = model.train(**bind(fields, command.input, command.files))
    listener.obey()
    weights = getattr(result, "weights", result)
    if not isinstance(weights, Path):
        raise Failure("model_error", "train() has to return its weights' path, or an output with a field `weights`.")
    if model.can_predict:
        _check_weights(weights, attempt, model, listener)
        listener.obey()
    report_output(attempt, result)


def check_files(files: dict[str, StoredFile]) -> None:
    """Raises Failure when a file is not what the server says it is."""
    for name, file in files.items():
        if hash_file(Path(file.path)) != file.sha256:
            raise Failure("file_damaged", f"The file of the input {name} is not what was stored. Upload it again.")


def _check_weights(weights: Path, attempt: Attempt, model: Model, listener: RunListener) -> None:
    """Draws from the file as it lies on the disk, before anyone is told that the training went well: each of the card's
    prompts, or one picture by its defaults. They stay as `check-0.png` …"""
    card = _read_card(listener.artifacts.get("model_card.json"))
    prompts = card.get("prompts") or [{}]
    stored = StoredFile(str(weights.resolve()), hash_file(weights))
    try:
        for place, prompt in enumerate(prompts):
            listener.stage("checking", place, len(prompts))
            with listener.aside(f"check-{place}"):
                predictor = model.predictor(stored)
                values = bind(model.predict_fields, card.get("defaults", {}) | prompt, {})
                result = collect(predictor.predict(**values), listener)
            pictures = paths_in(result)
            if result == []:
                raise Failure("weights_unusable", "Nothing came of predict() with them. Read the training's log.")
            if pictures:
                target = attempt.folder / f"check-{place}{pictures[0].suffix}"
                target.write_bytes(pictures[0].read_bytes())
                listener.artifact(target)
    except Exception as error:
        raise Failure("weights_unusable", f"The trained weights cannot be used. {explain(error).message}") from error


def _read_card(card: Path | None) -> dict[str, Any]:
    return json.loads(card.read_text()) if card else {}
