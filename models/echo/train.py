"""Echo's trainer: "trains" a digest, one hash a step, and can be told to go wrong in each way a trainer does. Same
inputs give the same weights, with or without a resume in between."""

import contextlib
import ctypes
import hashlib
import json
import os
import signal
import subprocess
import time

from cog import BaseModel, Input, Path
from picture import write_picture
from voice import hold, lend
from weights import write_weights

import runner


class TrainingOutput(BaseModel):
    weights: Path


def train(
    input_images: Path = Input(description="A .zip or .tar file; echo hashes its bytes"),
    seed: int = Input(default=0, ge=0, description="Makes another digest"),
    steps: int = Input(default=10, ge=1, le=100_000, description="Number of steps"),
    step_seconds: float = Input(default=0.0, ge=0, le=600, description="How long a step takes"),
    token_string: str = Input(default="TOK", description="The word that the weights stand for"),
    sample_every: int = Input(default=0, ge=0, description="Steps between samples and snapshots; 0 is never"),
    state_every: int = Input(default=0, ge=0, description="Steps between training states; 0 is never"),
    fail_at: int | None = Input(default=None, ge=1, description="Raise an error at this step"),
    exit_at: int | None = Input(default=None, ge=1, description="Die by SIGKILL at this step, unless resumed"),
    hang_at: int | None = Input(default=None, ge=1, description="Sleep for ever at this step, unless resumed"),
    freeze_at: int | None = Input(default=None, ge=1, description="Stop every thread at this step, unless resumed"),
    leave_at: int | None = Input(default=None, ge=1, description="Start a child in a session of its own, and leave it"),
    ignore_sigterm: bool = Input(default=False, description="Do not end on SIGTERM"),
    spoil_weights: bool = Input(default=False, description="Write weights that cannot be read"),
    makes_room: bool = Input(default=True, description="Let predictions be answered between two steps"),
) -> TrainingOutput:
    if ignore_sigterm:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    folder = runner.folder()
    resumed_from, digest = _begin(input_images, seed)
    step = resumed_from
    runner.stage("training")
    with hold(), runner.room(lend) if makes_room else contextlib.nullcontext():
        for step in range(resumed_from + 1, steps + 1):
            if runner.turn(step):
                step -= 1
                print(f"echo: ended early, after step {step}")
                break
            if step == fail_at:
                raise runner.Failure("echo_failed", f"Echo was told to fail at step {step}. Leave out fail_at.")
            if step == leave_at:
                subprocess.Popen(["sleep", "600"], start_new_session=True)
            if not resumed_from and step == freeze_at:
                _hold_everything()
            if not resumed_from and step in (exit_at, hang_at):
                _go_wrong(step == exit_at)
            time.sleep(step_seconds)
            digest = hashlib.sha256(f"{digest} {step}".encode()).hexdigest()
            runner.progress(step, steps)
            runner.metric(step, loss=1 / step)
            if sample_every and step % sample_every == 0:
                _sample(folder, step, token_string, digest, seed)
            if runner.state_asked() or (state_every and step % state_every == 0):
                _save_state(folder, step, digest)
    runner.stage("saving")
    weights = write_weights(folder / "trained_model.tar", {"token": token_string, "steps": step, "digest": digest})
    if spoil_weights:
        weights.write_bytes(b"no tar")
    _write_card(folder / "model_card.json", token_string, step, resumed_from)
    return TrainingOutput(weights=Path(weights))


def _begin(input_images: Path, seed: int) -> tuple[int, str]:
    """The steps done before this attempt, and the digest after them."""
    state = runner.resume()
    if state is None:
        print("echo: starting from the beginning")
        return 0, hashlib.sha256(input_images.read_bytes() + str(seed).encode()).hexdigest()
    saved = json.loads((state / "state.json").read_text())
    print(f"echo: resuming after step {saved['step']}")
    return saved["step"], saved["digest"]


def _go_wrong(die: bool) -> None:
    if die:
        os.kill(os.getpid(), signal.SIGKILL)
    while True:
        time.sleep(60)


def _hold_everything() -> None:
    """Calls into C that keep the interpreter to themselves, as code that forgets to let it go does."""
    while True:
        ctypes.PyDLL(None).sleep(3600)


def _sample(folder: Path, step: int, token: str, digest: str, seed: int) -> None:
    picture = write_picture(folder / f"sample-{step}.png", bytes.fromhex(digest)[:3])
    runner.sample(picture, step, prompt=f"an echo of {token}", seed=seed)
    snapshot = folder / f"snapshot-{step}.tar"
    runner.snapshot(write_weights(snapshot, {"token": token, "steps": step, "digest": digest}), step)


def _save_state(folder: Path, step: int, digest: str) -> None:
    state = folder / f"state-{step}"
    state.mkdir()
    (state / "state.json").write_text(json.dumps({"step": step, "digest": digest}))
    runner.state(state, step)


def _write_card(path: Path, token: str, steps: int, resumed_from: int) -> None:
    defaults = {"text": f"an echo of {token}"}
    card = {"token_string": token, "steps": steps, "resumed_from": resumed_from, "defaults": defaults}
    path.write_text(json.dumps(card))
    runner.artifact(path)
