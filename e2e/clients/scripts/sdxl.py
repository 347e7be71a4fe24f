"""Written for replicate.com, after its guide to fine-tuning SDXL: trains the version that the guide names, waits, and draws
with the result. Its client finds address and token in the environment."""

import sys
import time

import replicate

zip_path, destination, picture = sys.argv[1:4]
owner, name = destination.split("/")
replicate.models.create(owner, name, visibility="private", hardware="gpu-t4")

with open(zip_path, "rb") as images:
    training = replicate.trainings.create(
        version="stability-ai/sdxl:39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b",
        input={
            "input_images": images,
            "token_string": "TOK",
            "resolution": 64,
            "train_batch_size": 1,
            "max_train_steps": 1,
        },
        destination=f"{owner}/{name}",
    )

while training.status not in ("succeeded", "failed", "canceled"):
    time.sleep(0.5)
    training.reload()
assert training.status == "succeeded", training.error

output = replicate.run(
    training.output["version"],
    input={
        "prompt": "a photo of TOK riding a rainbow unicorn",
        "width": 128,
        "height": 128,
        "num_inference_steps": 2,
        "refine": "no_refiner",
        "apply_watermark": False,
    },
)
with open(picture, "wb") as file:
    file.write(output[0].read())
