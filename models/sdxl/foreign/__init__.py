"""LoRAs and embeddings that other programs made, for a base: `tensors.read_tensors`.

tensors → lora, embedding → layers. Nothing is ever unpickled.
"""
