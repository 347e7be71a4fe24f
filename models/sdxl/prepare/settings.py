"""What a person asked of preparation, checked once. Knows nothing about archives, pictures or networks."""

from __future__ import annotations

from dataclasses import dataclass, fields

from PIL import ImageColor
from words import contains, read_token_strings, split

import runner

DEFAULT_TOKEN = "TOK"
TOKEN_CHARACTERS_MAX = 40
CONCEPTS_MAX = 8
RESOLUTION_STEP = 32


@dataclass(frozen=True)
class Settings:
    """The inputs of `train` that decide about the dataset, by their names there."""

    resolution: int
    token_string: str
    caption_prefix: str
    caption_mode: str
    mask_target_prompts: str | None
    crop_based_on_salience: bool
    use_face_detection_instead: bool
    clipseg_temperature: float
    background: str

    @property
    def tokens(self) -> list[str]:
        """The token strings, one for each concept."""
        return read_token_strings(self.token_string)

    @property
    def ground(self) -> tuple[int, int, int]:
        """The colour (red, green, blue) that shows where a picture is clear."""
        return ImageColor.getrgb(self.background)[:3]

    @property
    def mask_prompt(self) -> str | None:
        """What CLIPSeg is asked to find, or None when it is not asked."""
        return None if self.use_face_detection_instead else (self.mask_target_prompts or "").strip() or None


def read_settings(inputs: dict) -> Settings:
    """The settings among a function's inputs. Says what it changed; raises `runner.Failure` for what cannot be meant."""
    settings = Settings(**{field.name: inputs[field.name] for field in fields(Settings)})
    _refuse_what_cannot_be_meant(settings)
    if len(settings.tokens) > 1:
        return settings  # Which of several concepts an image shows, only its own caption can say.
    prefix = follow(settings.caption_prefix, settings.tokens[0])
    return Settings(**{**vars(settings), "caption_prefix": prefix})


def follow(prefix: str, token_string: str) -> str:
    """The caption prefix with the token string in it: in the place of TOK, or else in front."""
    if contains(prefix, token_string):
        return prefix
    if contains(prefix, DEFAULT_TOKEN):
        followed = token_string.join(split(prefix, [DEFAULT_TOKEN])[::2])
        print(f'caption_prefix follows the token string: "{followed.strip()}".')
        return followed
    followed = f"{token_string} {prefix}"
    print(f'caption_prefix lacks the token string, so it was put in front: "{followed.strip()}".')
    return followed


def _refuse_what_cannot_be_meant(settings: Settings) -> None:
    if settings.resolution % RESOLUTION_STEP:
        _refuse("resolution", f"{settings.resolution} is not a multiple of {RESOLUTION_STEP}. Give one")
    if not settings.tokens:
        _refuse("token_string", "it is empty. Give a word such as TOK")
    if len(settings.tokens) > CONCEPTS_MAX:
        _refuse(
            "token_string",
            f"it names {len(settings.tokens)} concepts, {CONCEPTS_MAX} are the most. Train fewer at once",
        )
    for token in settings.tokens:
        if len(token) > TOKEN_CHARACTERS_MAX:
            _refuse(
                "token_string",
                f"{token} has {len(token)} characters, {TOKEN_CHARACTERS_MAX} are the most. Choose a shorter one",
            )
    if not settings.clipseg_temperature > 0:
        _refuse("clipseg_temperature", f"{settings.clipseg_temperature} is not above 0. Try 0.5 to 1")
    try:
        ImageColor.getrgb(settings.background)
    except ValueError:
        _refuse("background", f"{settings.background!r} is no colour. Give a name such as white, or #rrggbb")


def _refuse(name: str, reason: str) -> None:
    raise runner.Failure("input_invalid", f"{name}: {reason}.")
