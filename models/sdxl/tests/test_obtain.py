"""`python -m models.sdxl.obtain` against a hub of our own on this machine, which cuts, refuses and lies as it is told."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import ROOT
from huggingface_hub import constants
from obtain import __main__ as command_line
from obtain.manifest import read_manifest
from obtain.unpack import CONFIG, describe, write_vocabulary
from transformers import CLIPTokenizer

COMMIT = "a" * 40
# Over the 10 MB that huggingface_hub takes in at a time.
BIG = os.urandom(25_000_000)
EMOJI = ROOT / "bases" / "emoji"


@dataclass
class Hub:
    """What a hub that knows two repositories answers, and what it was asked."""

    files: dict[str, bytes]
    refusals: dict[str, tuple[int, str]] = field(default_factory=dict)
    cut_after: int | None = None
    damage: bool = False
    short: bool = False
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        if "/resolve/" in handler.path:
            self.asked.append((handler.command, handler.path, headers))
        [(repository, revision, path)] = re.findall(r"^/(o/\w+)/resolve/([^/]+)/(.+)$", handler.path) or [("", "", "")]
        if path in self.refusals:
            status, code = self.refusals[path]
            handler.send_response(status)
            handler.send_header("X-Error-Code", code)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        data = self.files.get(f"{repository}/{path}")
        if data is None or revision not in ("main", COMMIT):
            self.refusals = self.refusals | {path: (404, "EntryNotFound")}
            return self.answer(handler)
        start = int((re.findall(r"bytes=(\d+)-", handler.headers.get("Range", "")) or ["0"])[0])
        if start and start >= len(data):
            handler.send_response(416)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        large = path.endswith(".safetensors")
        git = hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()
        handler.send_response(206 if start else 200)
        handler.send_header("X-Repo-Commit", COMMIT)
        handler.send_header("ETag", f'"{git}"')
        if large:
            handler.send_header("X-Linked-ETag", f'"{hashlib.sha256(data).hexdigest()}"')
            handler.send_header("X-Linked-Size", str(len(data)))
        body = data[start:]
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command == "HEAD":
            return
        if large and self.damage:
            body = bytes([body[0] ^ 1]) + body[1:]
        if large and self.cut_after is not None:
            handler.wfile.write(body[: self.cut_after])
            handler.wfile.flush()
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
            return
        handler.wfile.write(body)


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub(
        {"o/base/unet/model.fp16.safetensors": BIG, "o/base/model_index.json": b"{}", "o/seg/weights.bin": b"small"}
    )

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            hub.answer(self)

        do_HEAD = do_GET

        def log_message(self, *_said: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield hub
    server.shutdown()
    server.server_close()


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@dataclass
class Place:
    folder: Path
    hub: Hub
    monkeypatch: pytest.MonkeyPatch
    endpoint: str | None = None

    @property
    def base(self) -> Path:
        return self.folder / "bases" / "toy"

    def manifest(self, **changes: object) -> Path:
        files = [
            {"path": "model_index.json"},
            {
                "path": "unet/model.fp16.safetensors",
                "as": "unet/model.safetensors",
                "size": len(BIG),
                "sha256": hashlib.sha256(BIG).hexdigest(),
            }
            | changes,
        ]
        other = [{"path": "weights.safetensors", "or": "weights.bin", "as": "seg/weights.safetensors"}]
        text = {
            "title": "Toy",
            "licence": {"name": "L", "url": "u"},
            "repositories": [
                {"id": "o/base", "revision": COMMIT, "files": files},
                {"id": "o/seg", "revision": "main", "files": other},
            ],
        }
        path = self.folder / "toy" / "manifest.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(text))
        return path

    def spawn(self, *words: str, **env: str) -> Ran:
        """As `easel base` does, with the settings from the environment."""
        here = {"HF_ENDPOINT": f"http://127.0.0.1:{self.hub.port}", "HF_HOME": str(self.folder / "hf")}
        command = [sys.executable, "-m", "models.sdxl.obtain", "--bases", str(self.folder / "bases"), *words]
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "NO_PROXY": "127.0.0.1", **here, **env}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    def run(self, *words: str) -> Ran:
        """The same in this process, which has the libraries loaded already."""
        endpoint = self.endpoint or f"http://127.0.0.1:{self.hub.port}"
        template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        self.monkeypatch.setattr(constants, "ENDPOINT", endpoint)
        self.monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        self.monkeypatch.setattr(constants, "HF_HUB_CACHE", str(self.folder / "hf" / "hub"))
        self.monkeypatch.setattr(sys, "argv", ["obtain", "--bases", str(self.folder / "bases"), *words])
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = command_line.main()
        return Ran(code, out.getvalue(), err.getvalue())

    def get(self) -> Ran:
        return self.run("get", str(self.manifest()))

    def partial(self) -> Path:
        return next(self.folder.glob("hf/hub/models--o--base/blobs/*.incomplete"))


@pytest.fixture
def place(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, hub, monkeypatch)


def test_a_base_is_got_pinned_and_stands_where_other_programs_find_it(place: Place, hub: Hub):
    done = place.spawn("get", str(place.manifest()), HF_TOKEN="hf_secret")
    assert done.code == 0, done.err
    *progress, record = map(json.loads, done.out.splitlines())
    assert progress[-1] == {"done": progress[-1]["total"], "total": len(BIG) + 7, "place": "seg/weights.bin"}
    assert (place.base / "unet" / "model.safetensors").read_bytes() == BIG
    assert (place.base / "seg" / "weights.bin").read_bytes() == b"small"
    snapshot = place.folder / "hf" / "hub" / "models--o--base" / "snapshots" / COMMIT
    assert (snapshot / "unet" / "model.fp16.safetensors").read_bytes() == BIG
    assert record["files"]["seg/weights.bin"]["commit"] == COMMIT
    assert all(headers["authorization"] == "Bearer hf_secret" for _, _, headers in hub.asked)
    hub.asked.clear()
    assert place.get().code == 0
    assert hub.asked == [], "what is there is neither fetched nor asked about again"


def test_what_a_cut_connection_left_is_gone_on_with_by_the_next_command(place: Place, hub: Hub):
    """huggingface_hub itself asks five times in a row; the rest is ours."""
    hub.cut_after = 11_000_000
    done = place.get()
    ranges = [headers.get("range") for method, path, headers in hub.asked if "unet" in path and method == "GET"]
    assert done.code == 0, done.err
    assert ranges == [None, f"bytes={10 << 20}-", f"bytes={20 << 20}-"]
    shutil.rmtree(place.folder / "hf")
    shutil.rmtree(place.base)
    hub.cut_after = 0
    place.monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    failed = place.get()
    assert failed.code == 1
    assert "No answer from 127.0.0.1" in failed.err
    assert "Run the same command again" in failed.err
    place.partial().write_bytes(BIG[:1_000_000])
    hub.cut_after = None
    hub.asked.clear()
    assert place.get().code == 0
    assert [h.get("range") for m, path, h in hub.asked if "unet" in path and m == "GET"] == ["bytes=1000000-"]
    assert (place.base / "unet" / "model.safetensors").read_bytes() == BIG


def test_a_rest_that_does_not_fit_is_fetched_anew_and_one_that_is_damaged_is_removed(place: Place, hub: Hub):
    assert place.get().code == 0
    blob = (place.base / "unet" / "model.safetensors").resolve()
    partial = blob.with_name(f"{blob.name}.incomplete")
    blob.rename(partial)
    with partial.open("ab") as file:
        file.write(b"more than there is")
    assert place.get().code == 0
    blob.unlink()
    partial.write_bytes(b"x" * 1000)
    failed = place.get()
    assert failed.code == 1
    assert re.search(r"unet/model.fp16.safetensors of o/base arrived damaged .* was removed", failed.err)
    assert not partial.exists()
    hub.damage = True
    assert "arrived damaged" in place.get().err
    hub.damage = False
    assert place.get().code == 0


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (401, "GatedRepo", "wants its terms accepted: do that on http://127.0.0.1"),
        (403, "GatedRepo", "set HF_TOKEN to a token of yours"),
        (401, "RepoNotFound", "wants a token for o/base: set HF_TOKEN"),
        (404, "RepoNotFound", "has no repository o/base"),
        (404, "RevisionNotFound", "no longer the revision that Easel pins"),
        (404, "EntryNotFound", "has no model_index.json at aaaa"),
        (418, "", "answered 418 to model_index.json of o/base"),
    ],
)
def test_each_refusal_of_the_hub_is_a_sentence_with_the_way_out(
    place: Place, hub: Hub, status: int, code: str, said: str
):
    hub.refusals["model_index.json"] = (status, code)
    failed = place.get()
    assert (failed.code, failed.out) == (1, "")
    assert said in failed.err
    assert "Traceback" not in failed.err
    assert not place.base.exists()


def test_a_hub_that_is_not_there_a_full_disk_and_another_file_than_pinned(place: Place, hub: Hub):
    place.endpoint = "http://127.0.0.1:9"
    place.monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    failed = place.get()
    assert "No answer from 127.0.0.1:9" in failed.err
    place.endpoint = None
    hub.files["o/base/unet/model.fp16.safetensors"] = BIG[:-1]
    failed = place.get()
    assert "is not the file that Easel pins" in failed.err
    assert not place.base.exists()
    usage = shutil.disk_usage(place.folder)
    place.monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=2_000_000))
    failed = place.get()
    assert "0.0 GB free. Free some space, or name another place in HF_HOME" in failed.err


def test_a_derivative_is_added_by_its_folder_and_known_again(place: Place):
    added = place.run("add", "mine", str(EMOJI))
    assert added.code == 0, added.err
    record = json.loads(added.out)
    assert (record["needs"], record["sha256"]) == ("cpu", hash_in_card())
    defaults = json.loads((place.folder / "bases" / "mine" / "defaults.json").read_text())
    assert [defaults["train"]["resolution"]["default"], defaults["predict"]["width"]["default"]] == [128, 128]
    assert place.run("add", "mine", str(EMOJI)).code == 0
    for name, path, said in [
        ("sdxl", str(EMOJI), "sdxl is taken by Easel"),
        ("No!", str(EMOJI), "No! is no name"),
        ("other", str(place.folder), "is no base in diffusers' layout: scheduler, text_encoder"),
        ("other", "/nowhere", "There is no base at /nowhere"),
        ("other", "o/nothing", "o/nothing is not in"),
    ]:
        refused = place.run("add", name, path)
        assert (refused.code, said in refused.err) == (1, True), refused.err
    listed = [json.loads(line)["name"] for line in place.run("list").out.splitlines()]
    assert listed == ["mine"]
    assert place.run("remove", "mine").out == ""
    assert EMOJI.is_dir()


def hash_in_card() -> str:
    """What a training on the embedded base wrote down of it."""
    return json.loads((ROOT / "examples" / "emoji-3d" / "model_card.json").read_text())["base"]["sha256"]


def places(base: str, parts: tuple[str, ...] = ("",)) -> dict[str, str]:
    """By place in the base's folder: at which revision it is had."""
    files = read_manifest(ROOT / "bases" / base / "manifest.json").files
    return {file.place: file.revision for file in files if file.place.startswith(parts)}


def test_what_can_be_got_is_pinned_but_for_the_enlarger_of_which_no_revision_is_published():
    unpinned = [at for base in ("sdxl", "sdxl-refiner") for at, commit in places(base).items() if commit == "main"]
    assert {Path(place).parts[0] for place in unpinned} == {"swin2sr"}


def test_of_a_refiner_all_is_got_that_sdxl_has_of_the_parts_that_it_has():
    parts = ("model_index.json", "scheduler/", "text_encoder_2/", "tokenizer_2/", "unet/")
    assert places("sdxl-refiner").keys() == places("sdxl", parts).keys()


def test_the_vocabulary_that_a_single_file_lacks_is_clips_to_the_byte(tmp_path: Path):
    """Its hash is the one under which SDXL's own repository has it."""
    manifest = json.loads((CONFIG.parent / "manifest.json").read_text())
    pins = {file["path"]: file["sha256"] for file in manifest["repositories"][0]["files"]}
    merges = (CONFIG / "tokenizer" / "merges.txt").read_bytes()
    assert hashlib.sha256(merges).hexdigest() == pins["tokenizer/merges.txt"]
    assert hashlib.sha256(write_vocabulary(merges.decode()).encode()).hexdigest() == pins["tokenizer/vocab.json"]
    described = describe(CONFIG, tmp_path / "config")
    # "a photo of a cat" as CLIP numbers it, and the padding by which SDXL's two encoders differ.
    numbers = [49406, 320, 1125, 539, 320, 2368, 49407]
    for part, padding in (("tokenizer", 49407), ("tokenizer_2", 0)):
        tokenizer = CLIPTokenizer.from_pretrained(described / part)
        assert tokenizer("a photo of a cat", padding="max_length", max_length=8).input_ids == [*numbers, padding]
