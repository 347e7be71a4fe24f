"""One file of a repository on the Hugging Face hub, fetched into the hub's own cache, where every program finds it.

huggingface_hub speaks with the hub: HF_ENDPOINT, HF_TOKEN, HF_HOME, proxies, and a connection that breaks for a moment. It
no longer goes on in a later process with what an earlier one got, which a file of 5 GB needs: that is done here.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlparse

import httpx2
from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import http_get, repo_folder_name
from huggingface_hub.utils import build_hf_headers, get_token

from runner import Failure

SHA256_LETTERS = 64
COMMIT_LETTERS = 40


@dataclass(frozen=True)
class HubFile:
    """What the hub says of a file: the commit, the hash of its bytes (SHA-256, or git's SHA-1 of small files), and size."""

    repository: str
    path: str
    commit: str
    hash: str
    size: int
    location: str

    @property
    def blob(self) -> Path:
        return _folder(self.repository) / "blobs" / self.hash

    @property
    def snapshot(self) -> Path:
        return _folder(self.repository) / "snapshots" / self.commit / self.path


def ask(repository: str, revision: str, path: str) -> HubFile | None:
    """Asks the hub about a file; None where the repository has none of that name. Raises `runner.Failure`."""
    url = hf_hub_url(repository, path, revision=revision)
    try:
        said = get_hf_file_metadata(url, token=get_token())
    except EntryNotFoundError:
        return None
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        raise explain(error, repository, path) from error
    if said.commit_hash is None or said.etag is None or said.size is None:
        raise Failure(
            "hub_refused", f"{_host()} does not say what {path} of {repository} is. Set HF_ENDPOINT to a hub."
        )
    return HubFile(repository, path, said.commit_hash, said.etag, said.size, said.location)


def find_cached(repository: str, commit: str, path: str) -> Path | None:
    """The file in the cache, if it is there: of a commit, not of a branch."""
    snapshot = _folder(repository) / "snapshots" / commit / path
    return snapshot if len(commit) == COMMIT_LETTERS and snapshot.is_file() else None


def fetch(file: HubFile, on_bytes: Callable[[int], None]) -> Path:
    """Fetches the file, or what an earlier call left of it, and checks its hash. Calls `on_bytes` with bytes as they come.

    Raises `runner.Failure` with a sentence. What has come by then stays, and is gone on with; damaged bytes are removed.
    """
    if not file.blob.is_file():
        partial = file.blob.with_name(f"{file.hash}.incomplete")
        partial.parent.mkdir(parents=True, exist_ok=True)
        try:
            _receive(file, partial, on_bytes)
        except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
            raise explain(error, file.repository, file.path) from error
        check(partial, file.hash, file)
        os.replace(partial, file.blob)
    file.snapshot.parent.mkdir(parents=True, exist_ok=True)
    if not file.snapshot.exists():
        file.snapshot.unlink(missing_ok=True)
        file.snapshot.symlink_to(os.path.relpath(file.blob, file.snapshot.parent))
    return file.snapshot


def check(path: Path, expected: str, file: HubFile) -> None:
    """Raises `runner.Failure`, and removes the file, where its bytes are not those that were named."""
    found = hash_as_hub(path, expected)
    if found != expected:
        path.unlink()
        raise Failure(
            "file_damaged",
            f"{file.path} of {file.repository} arrived damaged (hash {found[:12]}… where {expected[:12]}… was promised) and "
            "was removed. Run the command again; where that does not help, something on the way changes files.",
        )


def hash_as_hub(path: Path, like: str) -> str:
    """SHA-256, or, where `like` is as short as git's, git's SHA-1 of the file as a blob."""
    with path.open("rb") as file:
        if len(like) == SHA256_LETTERS:
            return hashlib.file_digest(file, "sha256").hexdigest()
        total = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
        while chunk := file.read(1 << 20):
            total.update(chunk)
        return total.hexdigest()


def _receive(file: HubFile, partial: Path, on_bytes: Callable[[int], None]) -> None:
    class Listener:
        """Has of a progress bar what huggingface_hub calls."""

        def __init__(self, *_args: object, **_options: object) -> None: ...
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_error: object) -> None: ...
        def update(self, count: int = 1) -> None:
            on_bytes(count)

    headers = build_hf_headers(token=get_token())
    if urlparse(file.location).netloc != urlparse(constants.ENDPOINT).netloc:
        # The hub's token is none of the business of whoever stores its files.
        headers.pop("authorization", None)
    have = partial.stat().st_size if partial.is_file() else 0
    if have > file.size:
        partial.unlink()
        have = 0
    with partial.open("ab") as target:
        try:
            http_get(
                file.location, target, resume_size=have, headers=headers, expected_size=file.size, tqdm_class=Listener
            )
        except HfHubHTTPError as error:
            if error.response.status_code != 416:
                raise
            # What we have is no beginning of what is there now.
            target.truncate(0)
            on_bytes(-have)
            http_get(file.location, target, headers=headers, expected_size=file.size, tqdm_class=Listener)
        target.flush()
        os.fsync(target.fileno())


def explain(error: Exception, repository: str, path: str) -> Failure:
    """The sentence, with the way out, that an error of the hub or of the way there stands for."""
    page = f"{constants.ENDPOINT}/{repository}"
    if isinstance(error, GatedRepoError):
        return Failure(
            "hub_gated",
            f"{repository} wants its terms accepted: do that on {page}, then set HF_TOKEN to a token of yours.",
        )
    if isinstance(error, RevisionNotFoundError):
        return Failure(
            "hub_refused", f"{repository} has no longer the revision that Easel pins. Look for a newer Easel."
        )
    if isinstance(error, RepositoryNotFoundError):
        if error.response.status_code == 401:
            return Failure(
                "hub_refused", f"{_host()} wants a token for {repository}: set HF_TOKEN to one that is valid."
            )
        return Failure("hub_refused", f"{_host()} has no repository {repository}. Set HF_ENDPOINT to a full mirror.")
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        return Failure("hub_refused", f"{_host()} answered {status} to {path} of {repository}. Try again later.")
    if isinstance(error, httpx2.HTTPError):
        return Failure(
            "hub_silent",
            f"No answer from {_host()} ({type(error).__name__}: {error}). Is this machine online? HTTPS_PROXY names a proxy, "
            "HF_ENDPOINT a mirror. Run the same command again: it goes on with what has come.",
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure("disk_full", f"The disk is full at {path}. Free some space: the same command goes on with it.")
    if "Consistency check failed" in str(error):
        return Failure(
            "file_short",
            f"{path} of {repository} ended early. Run the same command again: it goes on with what has come.",
        )
    return Failure("hub_refused", f"{path} of {repository} could not be fetched: {error}. Run the same command again.")


def _folder(repository: str) -> Path:
    return Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repository, repo_type="model")


def _host() -> str:
    return urlparse(constants.ENDPOINT).netloc
