"""What became of every image, said in the log. Knows nothing about how it came about."""

from __future__ import annotations

from words import count_naming

from prepare.dataset import Dataset, Example

ROWS_SHOWN_MAX = 5


def say(dataset: Dataset, verbose: bool) -> None:
    """Prints the counts, what was left out and what was changed; with `verbose` each image's caption as well."""
    for skipped in dataset.skipped:
        print(f"Skipped {skipped.name}: {skipped.reason}.")
    count = len(dataset.examples)
    print(f"{count} images. Captions: {dataset.count_own_captions()} yours, {dataset.count_made_captions()} made.")
    if len(dataset.settings.tokens) > 1:
        print(f"Concepts: {_concepts(dataset)}.")
    if dataset.as_they_are:
        print(f"{dataset.as_they_are} images were prepared before and are taken as they are.")
    print(_masks(dataset.examples))
    upscaled = sum(example.image.upscaled for example in dataset.examples)
    if upscaled:
        print(f"{upscaled} were smaller than {dataset.settings.resolution} pixels and were enlarged.")
    if dataset.unused_rows:
        rows = ", ".join(dataset.unused_rows[:ROWS_SHOWN_MAX])
        print(f"The caption file names {len(dataset.unused_rows)} images that are not in the archive: {rows}")
    for example in dataset.examples:
        for note in example.notes:
            print(f"{example.name}: {note}.")
    for example in dataset.examples if verbose else []:
        print(f"  {example.name}: {example.caption}")


def _concepts(dataset: Dataset) -> str:
    captions = [example.caption for example in dataset.examples]
    return ", ".join(f"{token} in {count_naming(captions, [token])} captions" for token in dataset.settings.tokens)


def _masks(examples: list[Example]) -> str:
    sources = [example.image.mask_source for example in examples if example.image.mask_source != "none"]
    if not sources:
        return "No masks: all of each picture counts. mask_target_prompts names what matters most."
    kinds = ", ".join(f"{sources.count(source)} {MASK_WORDS[source]}" for source in dict.fromkeys(sources))
    return f"Masks: {kinds}, {len(examples) - len(sources)} without."


MASK_WORDS = {
    "edit": "from your edits",
    "file": "yours",
    "alpha": "from what is clear",
    "faces": "around faces",
    "prompt": "by prompt",
}
