"""`python -m runner.schema_files` writes the committed schema of each version that the repository brings along. Run it
after a signature or a base's defaults have changed."""

import json
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]

# Schema file → the model, and the base that gives its defaults.
SCHEMA_FILES: dict[str, tuple[str, str | None]] = {
    "models/echo/openapi.json": ("models/echo", None),
    "models/prepare/openapi.json": ("models/prepare", None),
    "bases/emoji/openapi.json": ("models/sdxl", "bases/emoji"),
    "bases/sdxl/openapi.json": ("models/sdxl", "bases/sdxl"),
    "e2e/models/words/openapi.json": ("e2e/models/words", None),
    "e2e/models/pages/openapi.json": ("e2e/models/pages", None),
}


def read_schema(model: str, base: str | None) -> dict[str, object]:
    """In a process of its own, because each model's files are top-level modules and would meet the other's."""
    command = [sys.executable, "-m", "runner", "schema", "--model", model, *(["--base", base] if base else [])]
    return json.loads(subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE).stdout)


def main() -> None:
    for file, (model, base) in SCHEMA_FILES.items():
        text = json.dumps(read_schema(model, base), indent=2, ensure_ascii=False)
        (REPOSITORY / file).write_text(text + "\n")
        print(file)


if __name__ == "__main__":
    main()
