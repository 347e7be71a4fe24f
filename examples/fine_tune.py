"""Trains on the demo's zip and draws with the result, by the model's two plain functions: no server, no client.

.venv/bin/python examples/fine_tune.py "a TOK emoji of a fox"
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from runner.model import Model

prompt = sys.argv[1] if len(sys.argv) > 1 else "a TOK emoji of a fox"
model = Model(ROOT / "models" / "sdxl", ROOT / "bases" / "emoji")

train_inputs = {field.name: field.default for field in model.train_fields}
trained = model.train(**train_inputs | {"input_images": ROOT / "examples" / "fluent-3d.zip", "seed": 0})

predictor = model.predictor_class()
predictor.setup(trained.weights)
predict_inputs = {field.name: field.default for field in model.predict_fields}
pictures = predictor.predict(**predict_inputs | {"prompt": prompt, "seed": 1})

print("weights:", trained.weights)
print("picture:", *pictures)
