"""MediaPipe's full-range face detector (Bazarevsky et al., 2019): where are the faces in a photograph? Knows nothing about
crops or files. For photographs only: it takes a doughnut's hole for a face."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

INPUT_PIXELS = 192
CELLS = 48
SCORE_MIN = 0.4
SAME_FACE_OVERLAP = 0.3
WINDOWS_MAX = 9
MASK_PIXELS_MAX = 512
# The detector's box goes from the brows to the chin; a face also has a forehead and ears.
GROWN, RAISED = 1.35, 0.1


@dataclass(frozen=True)
class Face:
    """Centre and size as shares of the picture's width and height."""

    x: float
    y: float
    width: float
    height: float
    score: float


class FaceDetector:
    def __init__(self, file: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.interpreter = Interpreter(model_path=str(file), num_threads=1)
        self.interpreter.allocate_tensors()
        outputs = {output["shape"][-1]: output["index"] for output in self.interpreter.get_output_details()}
        self.boxes, self.scores = outputs[16], outputs[1]
        self.input = self.interpreter.get_input_details()[0]["index"]

    def detect(self, picture: Image.Image) -> list[Face]:
        """The faces, surest first. A long picture is also looked at in squares: as a whole its faces would be specks."""
        found = [face for window in _windows(*picture.size) for face in self._detect_in(picture, window)]
        return keep_one_each(found)

    def _detect_in(self, picture: Image.Image, window: tuple[int, int, int]) -> list[Face]:
        """Faces in a square [x, y, side] of the picture, which may reach beyond its edges; there it is black."""
        x, y, side = window
        square = picture.crop((x, y, x + side, y + side))
        small = square.resize((INPUT_PIXELS, INPUT_PIXELS), Image.Resampling.BILINEAR, reducing_gap=3)
        self.interpreter.set_tensor(self.input, np.asarray(small, dtype=np.float32)[None] / 127.5 - 1)
        self.interpreter.invoke()
        boxes, logits = (self.interpreter.get_tensor(index)[0] for index in (self.boxes, self.scores))
        across, down = side / picture.width, side / picture.height
        return [
            Face(
                x / picture.width + face.x * across,
                y / picture.height + face.y * down,
                face.width * across,
                face.height * down,
                face.score,
            )
            for face in decode(boxes, logits[:, 0])
        ]


def _windows(width: int, height: int) -> list[tuple[int, int, int]]:
    """The whole picture as a square, and squares of its shorter side that half cover each other."""
    longer, shorter = max(width, height), min(width, height)
    whole = ((width - longer) // 2, (height - longer) // 2, longer)
    count = 0 if width == height else min(WINDOWS_MAX, -(-2 * (longer - shorter) // shorter) + 1)
    starts = [round(place * (longer - shorter) / max(1, count - 1)) for place in range(count)]
    return [whole, *((start, 0, shorter) if width > height else (0, start, shorter) for start in starts)]


def decode(boxes: np.ndarray, logits: np.ndarray) -> list[Face]:
    """One anchor for each of 48 × 48 cells: `boxes` [2304, 16] hold the way from the cell's centre to the box's, and its
    size, in pixels of the input."""
    scores = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))
    found = []
    for index in np.flatnonzero(scores >= SCORE_MIN):
        row, column = divmod(int(index), CELLS)
        dx, dy, width, height = (float(number) / INPUT_PIXELS for number in boxes[index, :4])
        found.append(Face((column + 0.5) / CELLS + dx, (row + 0.5) / CELLS + dy, width, height, float(scores[index])))
    return found


def keep_one_each(faces: list[Face]) -> list[Face]:
    """The surest of those that overlap: neighbouring cells see the same face."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(overlap(face, other) < SAME_FACE_OVERLAP for other in kept):
            kept.append(face)
    return kept


def overlap(one: Face, other: Face) -> float:
    """Intersection over union."""
    width = min(one.x + one.width / 2, other.x + other.width / 2) - max(
        one.x - one.width / 2, other.x - other.width / 2
    )
    height = min(one.y + one.height / 2, other.y + other.height / 2) - max(
        one.y - one.height / 2, other.y - other.height / 2
    )
    shared = max(0.0, width) * max(0.0, height)
    return shared / (one.width * one.height + other.width * other.height - shared)


def draw_mask(faces: list[Face], width: int, height: int) -> Image.Image:
    """One mask (L) for all faces of a picture of this size: soft ovals, white on black."""
    scale = min(1.0, MASK_PIXELS_MAX / max(width, height))
    mask = Image.new("L", (max(1, round(width * scale)), max(1, round(height * scale))))
    pencil = ImageDraw.Draw(mask)
    for face in faces:
        x, y = face.x * mask.width, (face.y - RAISED * face.height) * mask.height
        across, down = GROWN * face.width / 2 * mask.width, GROWN * face.height / 2 * mask.height
        pencil.ellipse((x - across, y - down, x + across, y + down), fill=255)
    return mask.filter(ImageFilter.GaussianBlur(max(mask.size) / 128))
