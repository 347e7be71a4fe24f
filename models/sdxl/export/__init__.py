"""Trained weights in the file formats of other programs: `bundle.export_weights`, and `python -m models.sdxl.export`.

bundle → shrink, lora, embeddings, checkpoint, readme → names, description → stored, tensor_file. No network is built
here: names and shapes come from the base's files on disk.
"""
