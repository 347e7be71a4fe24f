"""The README beside exported files: where they go, how to call them, and what they cannot carry."""

from __future__ import annotations

from dataclasses import dataclass

LOADING = """import torch
from diffusers import StableDiffusionXLPipeline
{imports}
base = "{base}"  # the base's folder, or its Hugging Face id
device, dtype = ("cuda", torch.float16) if torch.cuda.is_available() else ("cpu", torch.float32)
"""
WORD = """pipeline.load_textual_inversion(
    "{first}", tokenizer=pipeline.tokenizer, text_encoder=pipeline.text_encoder
)
pipeline.load_textual_inversion(
    "{second}", tokenizer=pipeline.tokenizer_2, text_encoder=pipeline.text_encoder_2
)
"""
JOINED_WORD = """rows = load_file("{file}")
pipeline.load_textual_inversion(
    rows["clip_l"], token={token!r}, tokenizer=pipeline.tokenizer, text_encoder=pipeline.text_encoder
)
pipeline.load_textual_inversion(
    rows["clip_g"], token={token!r}, tokenizer=pipeline.tokenizer_2, text_encoder=pipeline.text_encoder_2
)
"""
TEXT_END = """# SDXL's configuration names a wrong end of text; with words added, transformers would look for it in the wrong place.
pipeline.text_encoder_2.text_model.eos_token_id = pipeline.tokenizer_2.eos_token_id
"""
DRAWING = """
picture = pipeline({prompt!r}).images[0]
picture.save("picture.png")
"""


@dataclass(frozen=True)
class Shown:
    """What a README speaks of. `files` maps a token string to its embedding file's name without its end, `tokens` to
    its name in diffusers, `read_as` one without an embedding to what stands for it everywhere; `prompt` is written with these."""

    title: str
    base: str
    prompt: str
    files: dict[str, str]
    tokens: dict[str, str]
    read_as: dict[str, str]
    has_lora: bool
    scale: float


def diffusers_readme(shown: Shown) -> str:
    lines = [_loading(shown, joined=False), _whole_base()]
    if shown.has_lora:
        lines.append('pipeline.load_lora_weights(".", weight_name="pytorch_lora_weights.safetensors")\n')
    for name in shown.files.values():
        first, second = (f"{name}.{encoder}.safetensors" for encoder in ("text_encoder", "text_encoder_2"))
        lines.append(WORD.format(first=first, second=second))
    if shown.files:
        lines.append(TEXT_END)
    return _page(shown.title, "In diffusers, run this in the folder.", lines, shown)


def kohya_readme(shown: Shown) -> str:
    lines = [_loading(shown, joined=True), _whole_base()]
    if shown.has_lora:
        lines.append(f'pipeline.load_lora_weights(".", weight_name="{shown.title}.safetensors")\n')
    text = f"{_places(shown)}\n\nThe same files in diffusers, run this in the folder."
    return _page(shown.title, text, [*lines, *_joined_words(shown)], shown)


def checkpoint_readme(shown: Shown) -> str:
    loading = f'pipeline = StableDiffusionXLPipeline.from_single_file(\n    "{shown.title}.safetensors", config=base, '
    loading += "dtype=dtype, add_watermarker=False\n).to(device)\n"
    merged = f", its LoRA merged at scale {shown.scale:g}" if shown.has_lora else ""
    text = (
        f"`{shown.title}.safetensors` is the whole model{merged}: put it into "
        "`models/checkpoints` (ComfyUI) or `models/Stable-diffusion` (A1111)."
    )
    if shown.files:
        text += (
            " A checkpoint has no place for new words, because whoever loads it brings a tokenizer of a fixed length: "
            f"without the embedding the trained words are not drawn.\n\n{_embedding_places(shown)}"
        )
    text += "\n\nThe same files in diffusers, run this in the folder."
    return _page(shown.title, text, [_loading(shown, joined=True), loading, *_joined_words(shown)], shown)


def _page(title: str, text: str, lines: list[str], shown: Shown) -> str:
    said = [f"{token} is written `{name}` in diffusers." for token, name in shown.tokens.items()]
    said += [f"For {token} write `{name}`: as that the training has read it." for token, name in shown.read_as.items()]
    text = "\n".join([text, " ".join(said)] if said else [text])
    return f"# {title}\n\n{text}\n\n```python\n{''.join(lines)}{DRAWING.format(prompt=shown.prompt)}```\n"


def _loading(shown: Shown, joined: bool) -> str:
    imports = "from safetensors.torch import load_file\n" if joined and shown.files else ""
    return LOADING.format(base=shown.base, imports=imports)


def _whole_base() -> str:
    return "pipeline = StableDiffusionXLPipeline.from_pretrained(base, dtype=dtype, add_watermarker=False).to(device)\n"


def _joined_words(shown: Shown) -> list[str]:
    if not shown.files:
        return []
    words = [
        JOINED_WORD.format(token=shown.tokens[token], file=f"embeddings/{name}.safetensors")
        for token, name in shown.files.items()
    ]
    return [*words, TEXT_END]


def _places(shown: Shown) -> str:
    parts = []
    if shown.has_lora:
        parts.append(
            f"`{shown.title}.safetensors` goes into `models/loras` (ComfyUI; strength {shown.scale:g}, the text encoders' "
            f"strength does not matter) or `models/Lora` (A1111; write `<lora:{shown.title}:{shown.scale:g}>`)."
        )
    if shown.files:
        parts.append(_embedding_places(shown))
    return "\n\n".join(parts)


def _embedding_places(shown: Shown) -> str:
    said = "; ".join(
        f"for {token} write `embedding:{name}` in ComfyUI and `{name}` in A1111" for token, name in shown.files.items()
    )
    return (
        f"The files in `embeddings` go into `models/embeddings` (ComfyUI) or `embeddings` (A1111). In prompts, {said}."
    )
