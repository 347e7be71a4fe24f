"""Three prompts that show what a training has taught, on things that its images do not show. Knows nothing about drawing."""

from __future__ import annotations

import os
import re

from words import contains

THINGS = ("a fox", "a rocket", "a guitar")
SCENES = ("on a beach at sunset", "in a snowy forest", "as an oil painting")


def ready_prompts(asked: list[str] | None, captions: list[str], token_string: str, caption_prefix: str) -> list[str]:
    """The first three of those that were asked for; else what the captions have in common, led on to something new.

    What ends in "of", such as "a TOK emoji of", goes on with a thing, and so does a style; all else with a scene.
    """
    if asked:
        return [prompt if contains(prompt, token_string) else f"{token_string} {prompt}" for prompt in asked[:3]]
    lead = _lead(captions, token_string, caption_prefix)
    if lead.endswith(" of"):
        return [f"{lead} {thing}" for thing in THINGS]
    if "style" in lead:
        return [f"{lead}, {thing}" for thing in THINGS]
    return [f"{lead}, {scene}" for scene in SCENES]


def _lead(captions: list[str], token_string: str, caption_prefix: str) -> str:
    common = os.path.commonprefix(captions) if len(set(captions)) > 1 else ""
    for text in (common.rpartition(" ")[0], caption_prefix):
        # What is common may end in an article: "a photo of TOK, a" of "a photo of TOK, a bear" and "… a dog".
        lead = re.sub(r"[\s,]+(?:an?|the)?$", "", text)
        if contains(lead, token_string):
            return lead.rstrip(", ")
    return f"a picture of {token_string}"
