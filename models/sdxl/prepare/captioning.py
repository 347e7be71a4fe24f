"""The captions that nobody wrote: BLIP's words about the squares that are trained on, each square asked about once."""

from __future__ import annotations

import hashlib
import io

from PIL import Image

import runner
from prepare import cache
from prepare.captions import Caption, with_prefix
from prepare.networks import Networks, identify

BATCH = 8


def make_captions(pngs: dict[str, bytes], prefix: str, networks: Networks) -> dict[str, Caption]:
    """A caption for each picture, behind the prefix; the pictures are PNG files by any name."""
    if not pngs:
        return {}
    network = identify("blip")
    keys = {
        name: cache.key_of(kind="caption", image=hashlib.sha256(png).hexdigest(), network=network)
        for name, png in pngs.items()
    }
    said = {name: kept["caption.txt"].decode() for name, key in keys.items() if (kept := cache.recall(key))}
    fresh = [name for name in pngs if name not in said]
    for start in range(0, len(fresh), BATCH):
        runner.turn(0)
        runner.stage("captioning", start, len(fresh))
        batch = fresh[start : start + BATCH]
        texts = networks.captioner.describe([Image.open(io.BytesIO(pngs[name])) for name in batch])
        for name, text in zip(batch, texts, strict=True):
            said[name] = text
            cache.keep(keys[name], {"caption.txt": text.encode()})
    return {name: Caption(with_prefix(prefix, text), "made") for name, text in said.items()}
