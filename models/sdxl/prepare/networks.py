"""The networks that preparation asks: each found in the base's folder, loaded when it is first needed, let go together."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Self

import runner

# Part → the file that says it is there, and where it comes from.
PARTS = {
    "blip": ("config.json", "Salesforce/blip-image-captioning-large", "write captions"),
    "clipseg": (
        "config.json",
        "CIDAS/clipseg-rd64-refined",
        "find what mask_target_prompts names or tell the best snapshot",
    ),
    "swin2sr": ("config.json", "caidas/swin2SR-realworld-sr-x4-64-bsrgan-psnr", "enlarge small pictures"),
    "face": ("face_detection_full_range.tflite", None, "find faces"),
}


class Networks:
    """`segmenter`, `captioner`, `upscaler` and `faces`. Used in a `with` block, at whose end their memory is free again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        loaded = self.__dict__.keys() & {"segmenter", "captioner", "upscaler", "faces"}
        for name in loaded:
            del self.__dict__[name]
        if loaded and device().startswith("cuda"):
            import torch

            torch.cuda.empty_cache()

    @cached_property
    def segmenter(self):
        from prepare.segmenter import Segmenter

        return Segmenter(find_part("clipseg"), device())

    @cached_property
    def captioner(self):
        from prepare.captioner import Captioner

        return Captioner(find_part("blip"), device())

    @cached_property
    def upscaler(self):
        from prepare.upscaler import Upscaler

        return Upscaler(find_part("swin2sr"), device())

    @cached_property
    def faces(self):
        from prepare.faces import FaceDetector

        return FaceDetector(find_part("face") / PARTS["face"][0])


def device() -> str:
    return os.environ.get("EASEL_DEVICE", "cpu")


def find_part(part: str) -> Path:
    """The folder of one network. Raises `runner.Failure` that says how to get it."""
    file, source, purpose = PARTS[part]
    folder = next((folder / part for folder in _folders(part) if (folder / part / file).is_file()), None)
    if folder:
        return folder
    wanted = next(iter(_folders(part)), Path("BASE")) / part
    how = f"Get it with: easel base get sdxl. It is {source}." if source else f"Put {file} there."
    raise runner.Failure("model_missing", f"{wanted} is missing, and without it nothing can {purpose}. {how}")


def identify(part: str) -> str:
    """Which network this is, for the names of cached results: it changes when the files are replaced."""
    try:
        folder = find_part(part)
    except runner.Failure:
        return f"{part}: none"
    files = sorted(path for path in folder.iterdir() if path.suffix in (".safetensors", ".bin", ".tflite", ".json"))
    return f"{part}: " + " ".join(f"{path.name}:{path.stat().st_size}:{path.stat().st_mtime_ns}" for path in files)


def _folders(part: str) -> list[Path]:
    given = [Path(os.environ[name]) for name in ("EASEL_SDXL_BASE", "EASEL_BASE") if os.environ.get(name)]
    # A base that was added brings none of these; what was got for SDXL serves any derivative of it.
    got = [Path(os.environ["EASEL_BASES"]) / "sdxl"] if os.environ.get("EASEL_BASES") else []
    # The face detector looks at photographs, whatever is trained; every base may use the one that the repository brings.
    beside = [folder.parent / "emoji" for folder in given if part == "face"]
    return [folder for folder in given + got + beside if folder.is_dir()]
