"""From a file's bytes to upright pixels in sRGB, and to the square that is trained on."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from conftest import encode_png
from PIL import Image, ImageCms
from preparing import difference, gradient, read_one

PICTURE = gradient(64, 64)


def test_centre_square_by_lanczos(tmp_path: Path):
    image = gradient(300, 200)
    example = read_one(tmp_path, encode_png(image))
    expected = image.crop((50, 0, 250, 200)).resize((64, 64), Image.Resampling.LANCZOS)
    assert example.picture.tobytes() == expected.tobytes()
    assert (example.image.width, example.image.height, example.image.crop) == (300, 200, (50, 0, 200))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_are_turned_upright(tmp_path: Path, orientation: int):
    upright = gradient(96, 64)
    # What the camera's chip saw, by the value that tells how it was held (EXIF 2.3, tag 0x0112).
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    seen = upright.transpose(Image.Transpose(turns[orientation])) if orientation > 1 else upright
    tag = Image.Exif()
    tag[0x0112] = orientation
    example = read_one(tmp_path, encode_png(seen, format="JPEG", quality=100, subsampling=0, exif=tag), "phone.jpg")
    assert (example.image.width, example.image.height) == (96, 64)
    assert difference(example.picture, upright.crop((16, 0, 80, 64))) < 2


def sixteen_bits(picture: Image.Image) -> bytes:
    return encode_png(Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257))


def in_another_space(picture: Image.Image) -> bytes:
    """The same colours, with red and blue in each other's place and a profile that says so."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"????", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"????", b"bXYZ", 1)
    return encode_png(Image.merge("RGB", picture.split()[::-1]), icc_profile=swapped)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.jpg", encode_png(PICTURE, format="JPEG", quality=95, subsampling=0), PICTURE),
        ("a.webp", encode_png(PICTURE, format="WEBP", lossless=True), PICTURE),
        ("a.avif", encode_png(PICTURE, format="AVIF", quality=95), PICTURE),
        ("palette.png", encode_png(PICTURE.quantize(256)), PICTURE),
        ("grey.png", encode_png(PICTURE.convert("L")), PICTURE.convert("L").convert("RGB")),
        ("grey16.png", sixteen_bits(PICTURE), PICTURE.convert("L").convert("RGB")),
        ("greyalpha.png", encode_png(PICTURE.convert("LA")), PICTURE.convert("L").convert("RGB")),
        ("one-bit.png", encode_png(PICTURE.convert("1")), PICTURE.convert("1").convert("RGB")),
        ("profile.png", in_another_space(PICTURE), PICTURE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_formats(tmp_path: Path, name: str, data: bytes, expected: Image.Image):
    assert difference(read_one(tmp_path, data, name).picture, expected) < 6


def test_a_profile_that_does_not_fit_is_left_out_and_said(tmp_path: Path):
    example = read_one(tmp_path, encode_png(PICTURE, icc_profile=b"no profile"))
    assert example.picture.tobytes() == PICTURE.tobytes()
    assert example.image.notes == ["its colour profile does not fit it and is left out"]


def test_what_is_clear_shows_the_background(tmp_path: Path):
    clear = encode_png(Image.new("RGBA", (64, 64), (0, 0, 0, 0)))
    assert read_one(tmp_path, clear).picture.getextrema() == ((255, 255),) * 3
    assert read_one(tmp_path, clear, background="#ff8000").picture.getextrema() == ((255, 255), (128, 128), (0, 0))
    half = encode_png(Image.new("RGBA", (64, 64), (0, 0, 0, 128)))
    assert read_one(tmp_path, half).picture.getextrema() == ((127, 127),) * 3
    by_palette = PICTURE.quantize(8)
    by_palette.info["transparency"] = by_palette.getpixel((0, 0))
    assert read_one(tmp_path, encode_png(by_palette)).picture.getpixel((0, 0)) == (255, 255, 255)


def test_of_an_animation_the_first_frame_is_used_and_said(tmp_path: Path):
    data = io.BytesIO()
    PICTURE.save(data, "WEBP", save_all=True, append_images=[Image.new("RGB", (64, 64))], lossless=True)
    example = read_one(tmp_path, data.getvalue(), "a.webp")
    assert example.picture.tobytes() == PICTURE.tobytes()
    assert example.image.notes == ["animated: its first frame is used"]


def test_a_large_photo_is_decoded_reduced_and_looks_the_same(tmp_path: Path):
    large = gradient(4000, 3000)
    example = read_one(tmp_path, encode_png(large, format="JPEG", quality=95), "photo.jpg")
    assert (example.image.width, example.image.height, example.image.crop) == (4000, 3000, (500, 0, 3000))
    exact = large.crop((500, 0, 3500, 3000)).resize((64, 64), Image.Resampling.LANCZOS)
    assert difference(example.picture, exact) < 1


@pytest.mark.parametrize("side", [63, 40, 16])
def test_what_is_too_small_is_enlarged(tmp_path: Path, side: int):
    large = gradient(256, 256)
    small = large.resize((side, side), Image.Resampling.BICUBIC)
    example = read_one(tmp_path, encode_png(small))
    assert example.image.upscaled
    # No edge of padding is left: the gradient still runs from one side to the other.
    assert difference(example.picture, large.resize((64, 64))) < 6


def test_what_is_large_enough_is_not_enlarged(tmp_path: Path):
    example = read_one(tmp_path, encode_png(PICTURE))
    assert not example.image.upscaled
    assert example.picture.tobytes() == PICTURE.tobytes()


def test_tiles_meet_without_a_seam():
    from prepare.networks import Networks

    picture = gradient(400, 40)
    with Networks() as networks:
        large = np.asarray(networks.upscaler.enlarge(picture), dtype=int)
    assert large.shape == (160, 1600, 3)
    steps = np.abs(np.diff(large[:, :, 0].mean(axis=0)))
    assert steps.max() < 2


def test_a_subject_on_a_plain_ground_is_not_cut_off(tmp_path: Path):
    beside = Image.new("RGB", (300, 100), (240, 236, 230))
    beside.paste(gradient(60, 60), (20, 20))
    data = encode_png(beside, format="JPEG", quality=90)
    example = read_one(tmp_path, data, "a.jpg")
    assert example.image.crop == pytest.approx((0, 0, 100), abs=2)
    assert example.image.crop_source == "subject"
    plain = read_one(tmp_path, data, "a.jpg", crop_based_on_salience=False).image
    assert (plain.crop, plain.crop_source) == ((100, 0, 100), "centre")


def test_without_a_plain_ground_the_centre_is_taken(tmp_path: Path):
    photo = gradient(300, 100)
    photo.paste((255, 0, 0), (10, 20, 60, 60))
    image = read_one(tmp_path, encode_png(photo)).image
    assert (image.crop, image.crop_source) == ((100, 0, 100), "centre")


# Amounts of cyan, magenta, yellow and black, and the colour that libvips 8.18 shows for them.
@pytest.mark.parametrize(
    ("inks", "colour"),
    [
        ((0, 0, 0, 0), (255, 255, 255)),
        ((255, 0, 0, 0), (0, 153, 227)),
        ((0, 255, 0, 0), (234, 0, 128)),
        ((0, 255, 255, 0), (232, 0, 0)),
        ((0, 0, 0, 255), (20, 5, 0)),
        ((96, 32, 191, 64), (127, 140, 68)),
    ],
)
def test_inks_without_a_profile_look_as_the_server_shows_them(tmp_path: Path, inks: tuple, colour: tuple):
    data = encode_png(Image.new("CMYK", (64, 64), inks), format="JPEG", quality=100)
    expected = Image.new("RGB", (64, 64), colour)
    assert difference(read_one(tmp_path, data, "cmyk.jpg").picture, expected) < 4
