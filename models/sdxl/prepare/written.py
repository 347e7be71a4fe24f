"""The captions that a person wrote, by image: in an edit, in the table, or in a text beside the image."""

from __future__ import annotations

from words import count_naming

import runner
from prepare.archive import Archive, Member
from prepare.captions import NO_TABLE, Caption, CaptionTable, one_line, parse_captions, with_word
from prepare.edits import NO_EDIT, Edit
from prepare.prepared import recognise
from prepare.settings import Settings

NAMES_SHOWN_MAX = 10


def read_written(
    archive: Archive, members: list[Member], edits: dict[str, Edit], settings: Settings
) -> tuple[dict[str, Caption], list[str]]:
    """Captions by the image's file, and the rows of the table that name no image.

    Raises `runner.Failure` for a table that cannot be read; with `caption_mode=strict` when a caption is missing or lacks
    the token string; and with several token strings when a caption names none of them, or one is in no caption.
    """
    table = parse_captions(archive.read(archive.table), archive.table) if archive.table else NO_TABLE
    found = {member.file: _find(archive, member, table, edits, settings) for member in members}
    if settings.caption_mode == "strict":
        _refuse_what_is_missing(members, found)
    if len(settings.tokens) > 1:
        _refuse_what_names_no_concept(members, found, settings.tokens)
    written = {file: caption for file, caption in found.items() if caption}
    return written, table.without_image([member.name for member in archive.images])


def _find(
    archive: Archive, member: Member, table: CaptionTable, edits: dict[str, Edit], settings: Settings
) -> Caption | None:
    edited = one_line(edits.get(member.sha256, NO_EDIT).caption or "")
    if edited:
        return with_word(edited, "edit", settings.tokens)
    row = table.find(member.name)
    if row:
        before = recognise(archive.dataset, member.sha256)
        unchanged = before is not None and before["caption"] == row
        return with_word(row, before["caption_source"] if unchanged else "csv", settings.tokens)
    text = one_line(archive.read(member.text).decode("utf-8-sig", errors="replace")) if member.text else ""
    return with_word(text, "txt", settings.tokens) if text else None


def _refuse_what_is_missing(members: list[Member], found: dict[str, Caption | None]) -> None:
    without = [member.name for member in members if found[member.file] is None]
    wordless = [member.name for member in members if (caption := found[member.file]) and caption.note]
    reasons = []
    if without:
        reasons.append(f"{len(without)} images have no caption: {_first(without)}")
    if wordless:
        reasons.append(f"{len(wordless)} captions lack the token string: {_first(wordless)}")
    if reasons:
        raise runner.Failure(
            "captions_incomplete", f"caption_mode is strict, and {'; '.join(reasons)}. Write these captions."
        )


def _refuse_what_names_no_concept(
    members: list[Member], found: dict[str, Caption | None], token_strings: list[str]
) -> None:
    texts = {member.name: caption.text if (caption := found[member.file]) else "" for member in members}
    nameless = [name for name, text in texts.items() if not count_naming([text], token_strings)]
    reasons = []
    if nameless:
        reasons.append(f"{len(nameless)} images have no caption that names one of them: {_first(nameless)}")
    reasons += [f"no caption names {token}" for token in token_strings if not count_naming(texts.values(), [token])]
    if reasons:
        said = " and ".join([", ".join(token_strings[:-1]), token_strings[-1]])
        raise runner.Failure(
            "captions_incomplete",
            f"token_string names {len(token_strings)} concepts, {said}, and {'; '.join(reasons)}. "
            "Write captions that name what each image shows.",
        )


def _first(names: list[str]) -> str:
    more = len(names) - NAMES_SHOWN_MAX
    return ", ".join(names[:NAMES_SHOWN_MAX]) + (f", and {more} more" if more > 0 else "")
