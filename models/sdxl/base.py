"""The frozen base: the only file that knows SDXL, its two text encoders, its size conditioning and its file layout.

Everything is read from the base's own configuration, so any derivative of SDXL will do. Knows nothing about training,
techniques or files of trained weights, and nothing here changes a weight.

B = batch, T = tokens, C = channels, H, W = height and width.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from objective import Objective
from obtain.layout import hash_base
from obtain.resolve import resolve
from texts import cut_windows, read
from words import Meaning, Words

import runner

# How good a picture is, as a refiner is told of what to draw and of what not to: diffusers' numbers.
SCORE, NEGATIVE_SCORE = 6.0, 2.5
ENCODER_PREFIXES = ("text_encoder.", "text_encoder_2.")

# Query, key, value and output of every attention of the UNet, and the two layers behind each pair of attentions.
ATTENTION, FEED_FORWARD = (".to_q", ".to_k", ".to_v", ".to_out.0"), (".ff.net.0.proj", ".ff.net.2")
LORA_TARGETS = {"attention": ATTENTION, "attention_and_feed_forward": ATTENTION + FEED_FORWARD}


@dataclass(frozen=True)
class Conditioning:
    """All that the network is told besides the noisy latents: text [B, T, C], pooled text [B, C], sizes [B, 6], or [B, 5]
    with a score where a refiner is told."""

    context: torch.Tensor
    pooled: torch.Tensor
    sizes: torch.Tensor

    def __getitem__(self, rows: torch.Tensor) -> Conditioning:
        return Conditioning(self.context[rows], self.pooled[rows], self.sizes[rows])

    @classmethod
    def joined(cls, several: list[Conditioning]) -> Conditioning:
        """One batch of all of them. Their texts have to be equally long."""
        return cls(
            torch.cat([one.context for one in several]),
            torch.cat([one.pooled for one in several]),
            torch.cat([one.sizes for one in several]),
        )

    def without_text(self, dropped_B: torch.Tensor, empty: Conditioning) -> Conditioning:
        """Where `dropped_B` is true, the text is that of `empty`, which has one row. The sizes stay."""
        context = torch.where(dropped_B[:, None, None], empty.context, self.context)
        return Conditioning(context, torch.where(dropped_B[:, None], empty.pooled, self.pooled), self.sizes)


@dataclass(frozen=True)
class Tokens:
    """Token numbers [B, T] for each text encoder. Numbers past an encoder's vocabulary are rows of trained words."""

    ids: list[torch.Tensor]

    def __getitem__(self, rows: torch.Tensor) -> Tokens:
        return Tokens([ids[rows] for ids in self.ids])


def current() -> Base:
    """The base named by EASEL_BASE on the device named by EASEL_DEVICE, loaded once in the life of a process."""
    return _load(str(find_folder()), os.environ.get("EASEL_DEVICE", "cpu"))


def find_folder() -> Path:
    """Where the base's files are. EASEL_BASE may hold defaults only, as SDXL's does: then EASEL_SDXL_BASE names them."""
    folder = Path(os.environ.get("EASEL_BASE", ""))
    if (folder / "model_index.json").is_file():
        return folder.resolve()
    if named := os.environ.get("EASEL_SDXL_BASE"):
        return resolve(named)
    raise runner.Failure(
        "base_missing",
        "SDXL's files are not on this machine. Get them: easel base get sdxl. Or name them in EASEL_SDXL_BASE.",
    )


@functools.lru_cache(maxsize=1)
def _load(folder: str, device: str) -> Base:
    if device == "cpu" and "OMP_NUM_THREADS" not in os.environ:
        # On two idle cores a second thread trains 1.5 times as fast; beside one other busy process both wait for each other
        # at every small operation, 0.15 steps a second instead of 1.7. And the number of threads changes the last bits: with
        # one, a seed gives the same bytes on machines with different numbers of cores.
        torch.set_num_threads(1)
    return Base(Path(folder), torch.device(device))


class Base:
    """The networks of one base, frozen, on one device."""

    def __init__(self, folder: Path, device: torch.device, vae: torch.nn.Module | None = None) -> None:
        from diffusers import AutoencoderKL, UNet2DConditionModel
        from diffusers.schedulers import EulerDiscreteScheduler
        from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        logging.set_verbosity_error()  # else: lines about torchvision, which is left out on purpose
        # Without an explicit type the text encoders keep the file's and the UNet does not.
        dtype = torch.float32 if device.type == "cpu" else torch.bfloat16

        def load(kind: type, part: str, dtype: torch.dtype = dtype) -> torch.nn.Module:
            return kind.from_pretrained(folder / part, dtype=dtype).to(device).eval().requires_grad_(False)

        index = json.loads((folder / "model_index.json").read_text())
        self.folder, self.device, self.dtype = folder, device, dtype
        self.unet = load(UNet2DConditionModel, "unet")
        # SDXL's own VAE overflows in half precision; in float32 every VAE is right.
        self.vae = vae or load(AutoencoderKL, "vae", torch.float32)
        encoders = {"text_encoder": CLIPTextModel, "text_encoder_2": CLIPTextModelWithProjection}
        # A refiner's index says of the first one: [null, null].
        there = [part for part in encoders if index[part][0]]
        self.text_encoders = [load(encoders[part], part) for part in there]
        self.tokenizers = [
            CLIPTokenizer.from_pretrained(folder / part.replace("text_encoder", "tokenizer")) for part in there
        ]
        self.scheduler = EulerDiscreteScheduler.from_pretrained(folder / "scheduler")
        self.zeros_for_empty_prompt = index.get("force_zeros_for_empty_prompt", True)
        self.is_refiner = index.get("requires_aesthetics_score", False)
        self.pixels_per_latent = 2 ** (len(self.vae.config.block_out_channels) - 1)

    def networks(self) -> dict[str, torch.nn.Module]:
        """Those that a fine-tune may replace, by the names of their folders."""
        return {"unet": self.unet, "text_encoder": self.text_encoders[0], "text_encoder_2": self.text_encoders[1]}

    def stored_weights(self, name: str) -> dict[str, torch.Tensor]:
        """A network's weights as its files have them, in float32 on the device: nothing is lost by what it computes in."""
        stored = type(self.networks()[name]).from_pretrained(self.folder / name, dtype=torch.float32)
        return {key: weight.detach().to(self.device) for key, weight in stored.named_parameters()}

    def objective(self, snr_gamma: float) -> Objective:
        """What this base was trained to predict, on its own noise schedule."""
        alphas = self.scheduler.alphas_cumprod.to(self.device)
        return Objective(self.scheduler.config.prediction_type, alphas, snr_gamma)

    def adapter_targets(self, lora_targets: str = "attention_and_feed_forward") -> dict[str, torch.nn.Linear]:
        """The layers that a LoRA may stand beside, by name: see `LORA_TARGETS`."""
        ends = LORA_TARGETS[lora_targets]
        return {name: layer for name, layer in self.unet.named_modules() if name.endswith(ends)}

    @functools.cached_property
    def foldable_layers(self) -> dict[str, torch.nn.Module]:
        """All layers with a weight that a LoRA can change: the UNet's by their names there, and the text encoders'."""
        return {
            name: layer
            for prefix, network in (("", self.unet), *zip(ENCODER_PREFIXES, self.text_encoders, strict=True))
            for name, layer in ((f"{prefix}{inside}", one) for inside, one in network.named_modules())
            if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d)
        }

    def token_tables(self) -> list[torch.Tensor]:
        """Each text encoder's vocabulary [words, width]."""
        return [encoder.get_input_embeddings().weight for encoder in self.text_encoders]

    def usual_norms(self) -> list[tuple[float, float]]:
        """For each text encoder, between which lengths nine of ten of its vocabulary's rows are."""
        shares = torch.tensor([0.05, 0.95])
        norms = [table.detach().float().norm(dim=1).cpu() for table in self.token_tables()]
        return [tuple(torch.quantile(one, shares).tolist()) for one in norms]

    def look_up(self, words: str, count: int) -> list[torch.Tensor | None]:
        """Each text encoder's rows [count, width] for some words: a piece's in each where there are as many pieces, else the
        mean of all in every one. None where there is nothing to look up."""
        found = []
        for tokenizer, table in zip(self.tokenizers, self.token_tables(), strict=True):
            pieces = table[tokenizer(words, add_special_tokens=False).input_ids]
            middle = pieces.mean(dim=0, keepdim=True).expand(count, -1)
            found.append(None if len(pieces) == 0 else pieces if len(pieces) == count else middle)
        return found

    @torch.no_grad()
    def encode_images(self, pixels_BCHW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and deviation of each image's latents; pixels are in [-1, 1]."""
        posterior = self.vae.encode(pixels_BCHW.to(self.device, self.vae.dtype)).latent_dist
        shift, scale = self.vae.config.shift_factor or 0.0, self.vae.config.scaling_factor
        return (posterior.mean - shift) * scale, posterior.std * scale

    @torch.no_grad()
    def decode_latents(self, latents_BCHW: torch.Tensor) -> torch.Tensor:
        """Pixels in [-1, 1], not clamped."""
        shift, scale = self.vae.config.shift_factor or 0.0, self.vae.config.scaling_factor
        return self.vae.decode((latents_BCHW.to(self.vae.dtype) / scale) + shift, return_dict=False)[0]

    def latents_shape(self, size: tuple[int, int]) -> tuple[int, int, int]:
        """Channels, height and width of the latents of a picture of height and width `size` in pixels."""
        height, width = size
        return self.vae.config.latent_channels, height // self.pixels_per_latent, width // self.pixels_per_latent

    def tokenize(self, texts: list[str], meanings: dict[str, Meaning]) -> Tokens:
        """Each text's numbers, with what `meanings` says of token strings. What is past an encoder's window is left out."""
        firsts = [[windows[0] for windows in self._cut(text, meanings)] for text in texts]
        return self._number(zip(*firsts, strict=True))

    def count_windows(self, text: str, meanings: dict[str, Meaning]) -> int:
        """In how many windows the encoders read all of a text."""
        return max(map(len, self._cut(text, meanings)))

    def encode_prompts(self, tokens: Tokens, rows: list[torch.Tensor] | None, sizes_BS: torch.Tensor) -> Conditioning:
        """What the network is told about texts and their pictures' sizes (see `describe_sizes`).

        `rows` are those of the trained words, one tensor for each encoder; differentiable in them.
        """
        hidden, pooled = [], None
        for place, (encoder, tokenizer) in enumerate(zip(self.text_encoders, self.tokenizers, strict=True)):
            ids_BT = tokens.ids[place]
            output = read(encoder, ids_BT, rows[place] if rows else None)
            hidden.append(output.hidden_states[-2])
            # transformers looks for the highest token number where the config says eos_token_id 2, as SDXL's does, and
            # would take a new word for the end of the text. The tokenizer knows where the end is.
            end_B = (ids_BT == tokenizer.eos_token_id).int().argmax(dim=-1)
            pooled = output.last_hidden_state[torch.arange(len(ids_BT), device=self.device), end_B]
        # Sizes stay in float32: in bfloat16 a width of 1,003 would be told as 1,004.
        return Conditioning(
            torch.cat(hidden, dim=-1), self.text_encoders[-1].text_projection(pooled), sizes_BS.to(self.device)
        )

    def encode_negative(
        self, text: str, words: Words | None, size: tuple[int, int], windows: int | None = None
    ) -> Conditioning:
        """As `encode_text`, but an empty text is all zeros where the base was trained so."""
        conditioning = self.encode_text(text, words, size, windows, NEGATIVE_SCORE)
        if text or not self.zeros_for_empty_prompt:
            return conditioning
        return Conditioning(
            torch.zeros_like(conditioning.context), torch.zeros_like(conditioning.pooled), conditioning.sizes
        )

    @torch.no_grad()
    def encode_text(
        self,
        text: str,
        words: Words | None,
        size: tuple[int, int],
        windows: int | None = None,
        score: float = SCORE,
    ) -> Conditioning:
        """What the network is told about a text and a picture of height and width `size`. Has one row.

        A long text is read in several windows, or as many as `windows` says: their contexts stand one behind the other, and
        the pooled text is the first one's.
        """
        cut = self._cut(text, words.meanings if words else {})
        count = windows or max(map(len, cut))
        tokens = self._number((own + rest * count)[:count] for own, rest in zip(cut, self._cut("", {}), strict=True))
        # A refiner has the second encoder alone.
        rows = (
            [rows.to(self.device) for rows in words.rows[-len(self.text_encoders) :]] if words and words.rows else None
        )
        conditioning = self.encode_prompts(tokens, rows, self._sizes(size, score).repeat(count, 1))
        context = conditioning.context.flatten(0, 1)[None]
        return Conditioning(context, conditioning.pooled[:1], conditioning.sizes[:1])

    def predict(self, noisy_BCHW: torch.Tensor, t_B: torch.Tensor, conditioning: Conditioning) -> torch.Tensor:
        added = {"text_embeds": conditioning.pooled, "time_ids": conditioning.sizes}
        noisy_BCHW = noisy_BCHW.to(self.dtype)
        return self.unet(noisy_BCHW, t_B, conditioning.context.to(self.dtype), added_cond_kwargs=added).sample

    @contextlib.contextmanager
    def recomputing(self, wanted: bool) -> Iterator[None]:
        """Where `wanted`, the UNet keeps no activations inside its blocks until the block ends: a backward pass computes them
        anew (Chen et al., 2016), which takes half as long again and a fraction of the memory. Nothing else changes."""
        if wanted:
            # No state of a random generator is kept for the second time: nothing in the network is random, and it could not be
            # read while a step is recorded as a CUDA graph.
            self.unet.enable_gradient_checkpointing(
                functools.partial(torch.utils.checkpoint.checkpoint, use_reentrant=False, preserve_rng_state=False)
            )
        try:
            yield
        finally:
            self.unet.disable_gradient_checkpointing()

    def _cut(self, text: str, meanings: dict[str, Meaning]) -> list[list[list[int]]]:
        tables = zip(self.tokenizers, self.token_tables(), strict=True)
        return [cut_windows(tokenizer, text, meanings, len(table)) for tokenizer, table in tables]

    def _number(self, ids: Iterable[Sequence[list[int]]]) -> Tokens:
        return Tokens([torch.tensor(of_encoder, device=self.device) for of_encoder in ids])

    def _sizes(self, size: tuple[int, int], score: float) -> torch.Tensor:
        height, width = size
        if self.is_refiner:
            return torch.tensor([[height, width, 0, 0, score]])
        return describe_sizes([(width, height, (0, 0, width))], width, height)

    @functools.cached_property
    def sha256(self) -> str:
        """One hash of the base's files, by path and content, in their order."""
        return hash_base(self.folder)


def describe_sizes(pictures: list[tuple[int, int, tuple[int, int, int]]], width: int, height: int) -> torch.Tensor:
    """SDXL's size conditioning [B, 6] (Podell et al., 2023) for pictures that are shown at `width` × `height` pixels.

    Of each the width and height it was taken at, and the crop [x, y, width] of that, in its pixels.
    """
    scales = [width / across for _, _, (_, _, across) in pictures]
    return torch.tensor(
        [
            [own_height, own_width, round(y * scale), round(x * scale), height, width]
            for scale, (own_width, own_height, (x, y, _)) in zip(scales, pictures, strict=True)
        ],
        dtype=torch.float32,
    )
