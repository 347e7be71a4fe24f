"""Bases on this machine: got from the Hugging Face hub, added from a folder or a file, and found again.

`python -m models.sdxl.obtain` is what `easel base` calls. Its parts: resolve, layout and unpack put a base's files into
diffusers' layout; manifest, hub and get fetch those that a manifest names. Only unpack imports torch.
"""
