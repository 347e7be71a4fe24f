"""Pictures drawn over images of all kinds: their size follows the image, and what a mask keeps stays as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import Called, Functions
from PIL import Image, ImageDraw

from runner import Failure

FOX = {"prompt": "an emoji of a fox", "num_inference_steps": 6}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("images")


@pytest.fixture(scope="module")
def predictor(functions: Functions):
    return functions.predictor()


@pytest.fixture(scope="module")
def fox(functions: Functions, predictor) -> Path:
    return functions.draw(predictor, **FOX).result[0]


@pytest.fixture(scope="module")
def lower_half(folder: Path) -> Path:
    mask = Image.new("L", (128, 128))
    ImageDraw.Draw(mask).rectangle((0, 64, 127, 127), fill=255)
    mask.save(folder / "mask.png")
    return folder / "mask.png"


def save(picture: Image.Image, path: Path, **options) -> Path:
    picture.save(path, **options)
    return path


def pixels(called: Called, place: int = 0) -> np.ndarray:
    return np.asarray(Image.open(called.result[place]), dtype=int)


def read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"), dtype=int)


def test_a_picture_goes_farther_from_its_image_with_more_strength(functions: Functions, predictor, fox: Path):
    over = {**FOX, "prompt": "an emoji of a robot", "image": fox}
    distances = [
        np.abs(pixels(functions.draw(predictor, **over, prompt_strength=strength)) - read(fox)).mean()
        for strength in (0, 0.01, 0.5, 1)
    ]
    assert distances[0] == 0
    assert distances == sorted(set(distances))


def test_at_full_strength_nothing_of_the_image_is_left(functions: Functions, predictor, folder: Path):
    black, white = (save(Image.new("RGB", (128, 128), name), folder / f"{name}.png") for name in ("black", "white"))
    drawn = [functions.draw(predictor, **FOX, image=image, prompt_strength=1) for image in (black, white)]
    assert (pixels(drawn[0]) == pixels(drawn[1])).all()


@pytest.mark.parametrize("scheduler", ["K_EULER", "HeunDiscrete", "PNDM", "LCM"])
@pytest.mark.parametrize("strength", [0.5, 1])
def test_what_a_mask_keeps_stays_to_the_pixel(
    functions: Functions, predictor, fox: Path, lower_half: Path, scheduler: str, strength: float
):
    given = {**FOX, "prompt": "an emoji of a robot", "num_inference_steps": 4, "scheduler": scheduler}
    drawn = pixels(functions.draw(predictor, **given, image=fox, mask=lower_half, prompt_strength=strength))
    assert (drawn[:64] == read(fox)[:64]).all()
    assert np.abs(drawn[64:] - read(fox)[64:]).mean() > 5


def test_what_is_painted_anew_goes_with_what_stays(functions: Functions, predictor, fox: Path, lower_half: Path):
    """Not two pictures pasted together: without the image's latents beside it, the lower half would be another."""
    drawn = pixels(functions.draw(predictor, **FOX, seed=5, image=fox, mask=lower_half, prompt_strength=1))
    apart = pixels(functions.draw(predictor, **FOX, seed=5))
    assert np.abs(drawn[64:] - apart[64:]).mean() > 5
    # Where the halves meet, rows differ no more than twice as much as neighbours do elsewhere in the image.
    seams = np.abs(np.diff(drawn, axis=0)).mean(axis=(1, 2))
    assert seams[62:65].max() < 2 * np.abs(np.diff(read(fox), axis=0)).mean(axis=(1, 2)).max()


def test_a_phone_photo_is_drawn_over_upright(functions: Functions, predictor, folder: Path):
    sideways = Image.new("RGB", (96, 64), "white")
    ImageDraw.Draw(sideways).rectangle((0, 0, 47, 63), fill="red")
    exif = sideways.getexif()
    exif[0x0112] = 6
    photo = save(sideways, folder / "photo.jpg", exif=exif)
    drawn = pixels(functions.draw(predictor, image=photo, prompt_strength=0))
    assert drawn.shape == (96, 64, 3)
    assert drawn[10, 32, 1] < 60 and drawn[86, 32, 1] > 200


def test_what_is_clear_in_an_image_is_white(functions: Functions, predictor, folder: Path):
    clear = save(Image.new("RGBA", (64, 64), (255, 0, 0, 0)), folder / "clear.png")
    assert (pixels(functions.draw(predictor, image=clear, prompt_strength=0)) == 255).all()


def test_any_size_becomes_one_that_can_be_drawn_and_it_is_said(functions: Functions, predictor, folder: Path):
    odd = save(Image.new("RGB", (101, 75), "red"), folder / "odd.png")
    drawn = functions.draw(predictor, image=odd)
    assert pixels(drawn).shape == (72, 104, 3)
    assert "image: 101 × 75 pixels, drawn over at 104 × 72" in drawn.log
    huge = save(Image.new("RGB", (6000, 3000), "red"), folder / "huge.jpg")
    drawn = functions.draw(predictor, image=huge, prompt_strength=0)
    assert pixels(drawn).shape == (360, 728, 3)
    assert "drawn over at 728 × 360" in drawn.log
    mask = save(Image.new("L", (50, 200), 255), folder / "tall.png")
    assert "mask: 50 × 200 pixels, stretched to" in functions.draw(predictor, image=odd, mask=mask).log


def test_a_mask_without_white_keeps_all_and_says_so(functions: Functions, predictor, fox: Path, folder: Path):
    black = save(Image.new("L", (128, 128)), folder / "kept.png")
    drawn = functions.draw(predictor, image=fox, mask=black)
    assert (pixels(drawn) == read(fox)).all()
    assert "mask: nothing in it is white" in drawn.log


def test_several_pictures_over_one_image(functions: Functions, predictor, fox: Path, lower_half: Path):
    over = {"image": fox, "mask": lower_half, "prompt_strength": 0.7}
    several = functions.draw(predictor, **over, num_outputs=2, seed=7)
    alone = functions.draw(predictor, **over, seed=8)
    assert np.abs(pixels(several, 1) - pixels(alone)).max() <= 2
    assert (pixels(several, 0) != pixels(several, 1)).any()


def test_what_is_no_picture_is_refused_by_name(functions: Functions, predictor, fox: Path, folder: Path):
    (folder / "no.png").write_bytes(b"no picture")
    for given in ({"image": folder / "no.png"}, {"image": fox, "mask": folder / "no.png"}):
        with pytest.raises(Failure, match=f"^{list(given)[-1]}: no picture can be read") as failure:
            functions.draw(predictor, **given)
        assert failure.value.code == "input_invalid"
    tiny = save(Image.new("RGB", (5, 5)), folder / "tiny.png")
    with pytest.raises(Failure, match="^image: it is 5 × 5 pixels"):
        functions.draw(predictor, image=tiny)
