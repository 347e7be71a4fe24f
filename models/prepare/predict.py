"""Preparation by itself: an archive of images in, the prepared archive out, which `train` takes as it is.

It is the very code that a training runs first (`models/sdxl/prepare`), with the embedded base's networks unless EASEL_BASE
names another base. Inputs have the names, and the meaning, that they have in `train`.
"""

import os
import sys
import tempfile
from pathlib import Path as LocalPath

from cog import BasePredictor, Input, Path

import runner

REPOSITORY = LocalPath(__file__).resolve().parents[2]


class Predictor(BasePredictor):
    """Prepares one archive a call; the networks are loaded where an image needs one, and let go."""

    def setup(self) -> None:
        os.environ.setdefault("EASEL_BASE", str(REPOSITORY / "bases" / "emoji"))
        sys.path.append(str(REPOSITORY / "models" / "sdxl"))

    def predict(
        self,
        input_images: Path = Input(description="A .zip or .tar file containing the image files to prepare"),
        resolution: int = Input(
            description="Square pixel resolution which your images will be resized to", default=128, ge=64, le=2048
        ),
        token_string: str = Input(
            description="The string that will be trained to refer to the concept in the input images",
            default="TOK",
            min_length=1,
            max_length=200,
        ),
        caption_prefix: str = Input(
            description="Text which will be used as prefix during automatic captioning. Should contain the token_string",
            default="a TOK emoji of ",
        ),
        mask_target_prompts: str | None = Input(
            description="Prompt that describes the part of the image that is important, such as `photo of a dog`",
            default=None,
        ),
        crop_based_on_salience: bool = Input(
            description="Whether to crop each image around its important part", default=True
        ),
        use_face_detection_instead: bool = Input(
            description="Whether to use face detection instead of CLIPSeg for masking", default=False
        ),
        clipseg_temperature: float = Input(description="How blurry the CLIPSeg mask is", default=1.0, ge=0.01, le=1000),
        verbose: bool = Input(description="Whether the log shows each image's caption", default=True),
        caption_mode: str = Input(
            description="What becomes of images without a caption: fill writes one, strict refuses them, and captions "
            "without the token string too",
            default="fill",
            choices=["fill", "strict"],
        ),
        edits: Path | None = Input(
            description="Changes to single images, by their sha256: a JSON object of crop, caption, mask and drop",
            default=None,
        ),
        background: str = Input(description="The colour that shows where a picture is clear", default="white"),
    ) -> Path:
        """Prepares the images and returns a zip of squares, masks, captions and every decision about them."""
        inputs = dict(locals())
        del inputs["self"]
        import prepare

        path = LocalPath(tempfile.mkdtemp(prefix="prepared-", dir=runner.folder())) / prepare.PREPARED_NAME
        prepare.write_prepared(prepare.prepare(inputs), path)
        return Path(path)
