"""LoRAs and embeddings that other programs made, for a base: `tensors.read_tensors`.

tensors → lora, embedding → layers, products → misfit. Nothing is ever unpickled.
"""
