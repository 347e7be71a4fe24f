"""From an archive to the dataset: every image prepared once, what was prepared before taken as it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import runner
from prepare import cache
from prepare.archive import Archive, Member, Skipped, open_archive
from prepare.captioning import make_captions
from prepare.dataset import Dataset, Example
from prepare.edits import NO_EDIT, Edit
from prepare.image import PreparedImage, Source, prepare_image
from prepare.networks import Networks, identify
from prepare.picture import PictureRefused
from prepare.prepared import recognise, take_as_it_is
from prepare.settings import Settings
from prepare.written import read_written

# What decides about pixels, and so about what of the cache is used; the words of a caption do not.
PIXEL_SETTINGS = (
    "resolution",
    "background",
    "crop_based_on_salience",
    "use_face_detection_instead",
    "clipseg_temperature",
    "mask_prompt",
)


def prepare_dataset(path: Path, settings: Settings, edits: dict[str, Edit]) -> Dataset:
    """Reads the archive's images and captions, and has the rest made. Raises `runner.Failure` when no image can be used.
    The networks' memory is free when it returns."""
    with open_archive(path) as archive, Networks() as networks:
        _refuse_edits_of_nothing(archive, edits)
        members = [member for member in archive.images if not edits.get(member.sha256, NO_EDIT).drop]
        dropped = [Skipped(member.name, "left out by an edit") for member in archive.images if member not in members]
        written, unused_rows = read_written(archive, members, edits, settings)
        images, unreadable = Preparation(archive, settings, edits, networks).prepare_all(members)
        if not images:
            raise runner.Failure(
                "no_images", "input_images: the archive holds no image that can be trained on. Read in its log why."
            )
        without = {file: image.png for file, image in images.items() if file not in written}
        captions = written | make_captions(without, settings.caption_prefix, networks)
        examples = [
            Example(_name(archive, member), member.sha256, images[member.file], captions[member.file], member.notes)
            for member in members
            if member.file in images
        ]
    cache.forget_what_is_old()
    as_they_are = sum(_before(archive, member, settings, edits) is not None for member in members)
    return Dataset(settings, examples, archive.skipped + dropped + unreadable, unused_rows, as_they_are)


@dataclass(frozen=True)
class Preparation:
    """All that the images of one archive are prepared with."""

    archive: Archive
    settings: Settings
    edits: dict[str, Edit]
    networks: Networks

    def prepare_all(self, members: list[Member]) -> tuple[dict[str, PreparedImage], list[Skipped]]:
        """The prepared images by file, and those that cannot be read."""
        images, unreadable = {}, []
        for place, member in enumerate(members):
            runner.turn(0)
            runner.stage("preparing", place, len(members))
            try:
                images[member.file] = self.prepare(member)
            except runner.Failure:
                raise
            except PictureRefused as refused:
                unreadable.append(Skipped(member.name, str(refused)))
            except Exception as error:  # noqa: BLE001 — Pillow raises many kinds for damaged files, SyntaxError among them
                unreadable.append(Skipped(member.name, f"it cannot be read ({error})"))
        return images, unreadable

    def prepare(self, member: Member) -> PreparedImage:
        mask = self.archive.read(member.mask) if member.mask else None
        before = _before(self.archive, member, self.settings, self.edits)
        if before:
            return take_as_it_is(before, self.archive.read(member.file), mask)
        edit = self.edits.get(member.sha256, NO_EDIT)
        masks = [hashlib.sha256(one).hexdigest() if one else None for one in (mask, edit.mask)]
        key = cache.key_of(kind="image", image=member.sha256, masks=masks, crop=edit.crop, **self.depends_on)
        kept = cache.recall(key)
        if kept:
            return _unpack(kept)
        source = Source(member.name, self.archive.read(member.file), mask)
        image = prepare_image(source, self.settings, edit, self.networks)
        cache.keep(key, _pack(image))
        return image

    @cached_property
    def depends_on(self) -> dict:
        settings = self.settings
        parts = ["swin2sr"]
        parts += ["face"] if settings.use_face_detection_instead else []
        parts += ["clipseg"] if settings.mask_prompt else []
        return {name: getattr(settings, name) for name in PIXEL_SETTINGS} | {"networks": [*map(identify, parts)]}


def _refuse_edits_of_nothing(archive: Archive, edits: dict[str, Edit]) -> None:
    unknown = edits.keys() - {member.sha256 for member in archive.images}
    if unknown:
        raise runner.Failure(
            "input_invalid", f"edits: no image of the archive has the sha256 {min(unknown)}. Leave it out."
        )


def _before(archive: Archive, member: Member, settings: Settings, edits: dict[str, Edit]) -> dict | None:
    """What an earlier preparation decided, where that is still what is asked for."""
    edit = edits.get(member.sha256, NO_EDIT)
    if edit.crop or edit.mask or archive.dataset is None:
        return None
    if archive.dataset["settings"]["resolution"] != settings.resolution:
        return None
    return recognise(archive.dataset, member.sha256)


def _name(archive: Archive, member: Member) -> str:
    before = recognise(archive.dataset, member.sha256)
    return before["name"] if before else member.name


def _pack(image: PreparedImage) -> dict[str, bytes]:
    decisions = {name: value for name, value in asdict(image).items() if name not in ("png", "mask_png")}
    files = {"decisions.json": json.dumps(decisions).encode(), "image.png": image.png}
    return files | ({"mask.png": image.mask_png} if image.mask_png else {})


def _unpack(files: dict[str, bytes]) -> PreparedImage:
    decisions = json.loads(files["decisions.json"])
    return PreparedImage(files["image.png"], files.get("mask.png"), **decisions | {"crop": tuple(decisions["crop"])})
