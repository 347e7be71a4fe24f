"""Makes the trained example that Easel brings along, `easel/emoji-3d`: its weights, its card, a picture of each prompt.

.venv/bin/python examples/make_emoji_3d.py

The same libraries give the same bytes. Another tar is another version of the model: run it again only to publish one.
"""

import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from runner.model import Model

FOLDER = ROOT / "examples" / "emoji-3d"
# Rank 4 keeps the tar near half a megabyte; the style takes no more.
RECIPE = {
    "input_images": ROOT / "examples" / "fluent-3d.zip",
    "seed": 0,
    "lora_rank": 4,
    "max_train_steps": 300,
    "sample_steps": 0,
}

model = Model(ROOT / "models" / "sdxl", ROOT / "bases" / "emoji")
trained = model.train(**{field.name: field.default for field in model.train_fields} | RECIPE)
FOLDER.mkdir(exist_ok=True)
for path in (trained.weights, trained.weights.with_name("model_card.json")):
    shutil.copy(path, FOLDER)

predictor = model.predictor_class()
predictor.setup(FOLDER / "trained_model.tar")
defaults = {field.name: field.default for field in model.predict_fields}
for place, prompt in enumerate(json.loads((FOLDER / "model_card.json").read_text())["prompts"]):
    (picture,) = predictor.predict(**defaults | prompt)
    shutil.copy(picture, FOLDER / f"check-{place}.png")
