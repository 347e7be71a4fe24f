"""Four predictions that wait for one model: drawn as one batch, beside one after the other. 25 steps with guidance.

    .venv/bin/python bench/together.py [rounds]

The two take turns. Exits 1 above the bar.
"""

from __future__ import annotations

import statistics
import sys

import plain
import torch
from picture import seconds

BAR = 0.6
COUNT = 4


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    predictor = plain.make_predictor(None)
    together, apart = [], []
    for first in range(0, rounds * COUNT, COUNT):
        calls = [plain.inputs(prompt=f"an emoji of a fox, {seed}", seed=seed) for seed in range(first, first + COUNT)]
        assert len({predictor.batch_key(**call) for call in calls}) == 1
        together.append(seconds(lambda calls=calls: predictor.predict_together(calls)))
        apart.append(seconds(lambda calls=calls: [predictor.predict(**call) for call in calls]))
    ratio = statistics.median(together) / statistics.median(apart)
    print(
        f"{COUNT} pictures   together {statistics.median(together):.2f} s   in a row {statistics.median(apart):.2f} s   "
        f"{ratio:.2f} (bar {BAR}), {torch.get_num_threads()} threads"
    )
    return 0 if ratio <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
