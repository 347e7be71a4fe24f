"""`python -m models.sdxl.export trained_model.tar --base bases/emoji --format kohya --out FOLDER`, from the root."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

# The model's files import each other as top-level modules, as in Cog.
sys.path[:0] = [str(Path(__file__).parents[3]), str(Path(__file__).parents[1])]

from export.bundle import FORMATS, MEGABYTE, Exported, export_weights, name_safely
from export.pack import pack
from runner import Failure


def main() -> int:
    """Exports by the command line's arguments, and says what was written and what was lost."""
    parser = argparse.ArgumentParser(prog="python -m models.sdxl.export", description="Weights for other programs.")
    parser.add_argument("weights", type=Path, help="a tar of trained weights")
    parser.add_argument("--base", type=Path, required=True, help="the base's folder in diffusers' layout")
    parser.add_argument("--format", choices=FORMATS, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write into")
    parser.add_argument("--title", help="what to call it (default: the tar's name)")
    parser.add_argument("--max-mb", type=float, help="the largest LoRA file wanted, in 1,000,000 bytes")
    parser.add_argument("--pack", type=Path, help="put all into this one file, and describe it in JSON on stdout")
    given = parser.parse_args()
    title = name_safely(given.title or given.weights.stem)
    try:
        exported = export_weights(given.weights, given.base, given.format, given.out, title, given.max_mb)
    except Failure as failure:
        print(failure.message, file=sys.stderr)
        return 1
    if given.pack:
        print(json.dumps(pack(exported, given.out, title, given.pack)))
    else:
        say(exported)
    return 0


def say(exported: Exported) -> None:
    for path in exported.files:
        print(f"{path}  {path.stat().st_size / MEGABYTE:.2f} MB")
    if fidelity := exported.fidelity:
        worst = max(fidelity.errors, key=fidelity.errors.__getitem__)
        kept = [rank for rank in fidelity.ranks.values() if rank]
        print(
            f"Made smaller: {len(kept)} of {len(fidelity.ranks)} layers kept, rank {min(kept)} to {max(kept)}. Relative error "
            f"{fidelity.overall:.1%} overall, {fidelity.errors[worst]:.1%} at most ({worst}); fidelity.json has every layer."
        )


if __name__ == "__main__":
    sys.exit(main())
