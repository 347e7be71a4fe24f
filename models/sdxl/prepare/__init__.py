"""From an archive of images to the dataset that a training sees: square pictures and captions with the trained word.

Knows nothing about networks: no torch in here.
"""

from prepare.dataset import Dataset, Example, prepare

__all__ = ["Dataset", "Example", "prepare"]
