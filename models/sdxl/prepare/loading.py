"""How the networks of preparation are loaded: without a word in the log, and for one thread on a CPU."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading(device: str) -> Iterator[None]:
    """Keeps transformers' progress bars out, and its lines about torchvision, which is left out on purpose."""
    import torch
    from transformers.utils import logging

    if device == "cpu" and "OMP_NUM_THREADS" not in os.environ:
        # As the base does: beside another busy process a second thread makes all wait, and it changes the last bits.
        torch.set_num_threads(1)
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
