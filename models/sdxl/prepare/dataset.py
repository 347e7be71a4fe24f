"""The dataset of one training, made from an archive. Says in the log what became of every image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from prepare.archive import Archive, Member, open_archive
from prepare.captions import CaptionTable, parse_captions, with_word
from prepare.picture import square

import runner


@dataclass(frozen=True)
class Example:
    """One image as it is trained: its owner's name for it, the square picture, its final caption and where that is from."""

    name: str
    picture: Image.Image
    caption: str
    caption_source: str


@dataclass(frozen=True)
class Dataset:
    examples: list[Example]


def prepare(path: Path, resolution: int, token_string: str, caption_prefix: str, verbose: bool) -> Dataset:
    """Reads the archive's images and captions. Raises `runner.Failure` when no image can be used."""
    with open_archive(path) as archive:
        table = _read_captions(archive)
        examples = []
        for place, member in enumerate(archive.images):
            runner.stage("preparing", place, len(archive.images))
            picture = _read_picture(archive, member, resolution)
            if picture:
                caption, source = _caption(table, member.name, token_string, caption_prefix)
                examples.append(Example(member.name, picture, caption, source))
        _report(examples, table.without_image([member.name for member in archive.images]), verbose)
    if not examples:
        raise runner.Failure(
            "no_images", "input_images: the archive holds no image that can be read (JPEG, PNG, WebP)."
        )
    return Dataset(examples)


def _read_captions(archive: Archive) -> CaptionTable:
    # Intake also keeps the .txt files that stand beside pictures; they are not tables.
    files = [member for member in archive.captions if member.file.endswith(".csv")]
    tables = [parse_captions(archive.read(member), member.name) for member in files]
    return CaptionTable({name: caption for table in tables for name, caption in table.rows.items()})


def _read_picture(archive: Archive, member: Member, resolution: int) -> Image.Image | None:
    try:
        return square(archive.read(member), resolution)
    # Pillow raises many kinds of error for damaged files, SyntaxError among them; one bad image must not end a training.
    except Exception as error:
        print(f"Skipped {member.name}: it cannot be read ({error}).")
        return None


def _caption(table: CaptionTable, name: str, token_string: str, caption_prefix: str) -> tuple[str, str]:
    own = table.find(name)
    text = with_word(own or caption_prefix.strip(), token_string)
    if own and text != own:
        print(f"{name}: put {token_string} in front of its caption.")
    return text, "caption file" if own else "prefix alone"


def _report(examples: list[Example], unused_rows: list[str], verbose: bool) -> None:
    bare = sum(example.caption_source == "prefix alone" for example in examples)
    print(f"{len(examples)} images. Captions: {len(examples) - bare} from the caption file, {bare} the prefix alone.")
    if unused_rows:
        print(
            f"The caption file names {len(unused_rows)} images that are not in the archive: {', '.join(unused_rows[:5])}"
        )
    for example in examples if verbose else []:
        print(f"  {example.name}: {example.caption}")
