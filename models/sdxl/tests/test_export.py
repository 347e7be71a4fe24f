"""Exported files in the hands of diffusers' own loaders, in a process that cannot import anything of ours."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import test_quirks
import torch
from adapter import Adapter
from conftest import ROOT, Called, Functions
from export import __main__ as command_line
from export.bundle import FORMATS, export_weights
from export.names import lora_name
from export.stored import StoredBase
from obtain.layout import check_layout
from obtain.unpack import unpack
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from weights import read_weights, write_weights
from whole import Whole

from runner import Failure

EMOJI = ROOT / "bases" / "emoji"
DRAWN = {"prompt": "a TOK emoji of a fox", "num_inference_steps": 6, "guidance_scale": 4.0}
STRONGER = 40
SMALL_MB = 0.3

twin_folder = test_quirks.twin_folder

# Runs each README's own lines up to the picture, which is drawn with a seed.
FRESH = """
import importlib.util, os, re, sys
for name in ("runner", "base", "weights", "export"):
    assert importlib.util.find_spec(name) is None, name
import torch
torch.set_num_threads(1)
for folder, base in zip(sys.argv[1::2], sys.argv[2::2]):
    os.chdir(folder)
    code = re.search("```python\\n(.*?)```", open("README.md").read(), re.S).group(1)
    code = re.sub('(?m)^base = ".*"', lambda _: f"base = {base!r}", code.split("\\npicture = ")[0])
    names = {}
    exec(code, names)
    generator = torch.Generator("cpu").manual_seed(1)
    names["pipeline"](**DRAWN | {"prompt": "a <tok> emoji of a fox"}, generator=generator).images[0].save("fresh.png")
"""


@pytest.fixture(scope="module")
def strong(trained: Called, tmp_path_factory) -> Path:
    """The short training's weights with its small change made large: what is dropped or scaled wrong shows."""
    path = tmp_path_factory.mktemp("strong") / "toy.tar"
    weights = read_weights(trained.result)
    pairs = {name: (down, up * STRONGER) for name, (down, up) in weights.adapter.pairs.items()}
    write_weights(path, replace(weights, adapter=Adapter(pairs)))
    return path


@pytest.fixture(scope="module")
def exported(strong: Path, twin_folder: Path, tmp_path_factory) -> dict[str, Path]:
    """A folder of each kind, each with `fresh.png` in it, drawn by its README in a fresh process."""
    root = tmp_path_factory.mktemp("exported")
    for name, (base, file_format, max_mb) in kinds(twin_folder).items():
        export_weights(strong, base, file_format, root / name, "toy", max_mb)
    draw_freshly({root / name: base for name, (base, _, _) in kinds(twin_folder).items()})
    return {name: root / name for name in kinds(twin_folder)}


def kinds(twin_folder: Path) -> dict[str, tuple[Path, str, float | None]]:
    return {
        "diffusers": (EMOJI, "diffusers", None),
        "kohya": (EMOJI, "kohya", None),
        "checkpoint": (EMOJI, "checkpoint", None),
        "small diffusers": (EMOJI, "diffusers", SMALL_MB),
        "small kohya": (EMOJI, "kohya", SMALL_MB),
        "twin diffusers": (twin_folder, "diffusers", None),
        "twin checkpoint": (twin_folder, "checkpoint", None),
    }


def draw_freshly(bases: dict[Path, Path]) -> None:
    """Draws in each folder by its README; the base is the one given for it."""
    code = f"DRAWN = {DRAWN!r}\n{FRESH}"
    places = [str(path) for pair in bases.items() for path in pair]
    command = [sys.executable, "-I", "-c", code, *places]
    done = subprocess.run(command, cwd=places[0], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def difference(one: Path, other: Path) -> int:
    first, second = (np.asarray(Image.open(path).convert("RGB")).astype(int) for path in (one, other))
    return int(np.abs(first - second).max())


def draw(functions: Functions, weights: Path) -> Path:
    return functions.draw(functions.predictor(weights), **DRAWN, seed=1, lora_scale=1).result[0]


@pytest.fixture(scope="module")
def own_picture(functions: Functions, strong: Path) -> Path:
    return draw(functions, strong)


@pytest.mark.parametrize("file_format", ["diffusers", "kohya", "checkpoint"])
def test_another_program_draws_the_same_picture(exported: dict[str, Path], own_picture: Path, file_format: str):
    assert difference(exported[file_format] / "fresh.png", own_picture) <= 2


def test_the_picture_shows_lora_and_word(functions: Functions, strong: Path, own_picture: Path):
    """Else the same picture would prove nothing."""
    predictor = functions.predictor(strong)
    without_lora = functions.draw(predictor, **DRAWN, seed=1, lora_scale=0).result[0]
    assert difference(without_lora, own_picture) > 40
    without_word = functions.draw(predictor, **DRAWN | {"prompt": "a emoji of a fox"}, seed=1, lora_scale=1).result[0]
    assert difference(without_word, own_picture) > 40


@pytest.mark.parametrize("file_format", ["diffusers", "kohya"])
def test_a_small_lora_draws_the_same(
    exported: dict[str, Path], functions: Functions, strong: Path, own_picture: Path, tmp_path: Path, file_format: str
):
    """Ranks differ from layer to layer there, and each layer's scale must still be 1."""
    folder = exported[f"small {file_format}"]
    path = folder / ("toy.safetensors" if file_format == "kohya" else "pytorch_lora_weights.safetensors")
    assert 0.95 * SMALL_MB * 1e6 < path.stat().st_size <= SMALL_MB * 1e6
    pairs = {}
    for layer in read_weights(strong).adapter.pairs:
        pairs[layer] = read_pair(load_file(path), layer, file_format)
    assert len({down.shape[0] for down, _ in pairs.values()}) > 2
    write_weights(tmp_path / "small.tar", replace(read_weights(strong), adapter=Adapter(pairs)))
    small = draw(functions, tmp_path / "small.tar")
    assert difference(folder / "fresh.png", small) <= 2
    assert difference(small, own_picture) > 2


def read_pair(tensors: dict, layer: str, file_format: str) -> tuple[torch.Tensor, torch.Tensor]:
    if file_format == "diffusers":
        return tuple(tensors[f"unet.{layer}.lora_{letter}.weight"] for letter in "AB")
    name = lora_name(layer, StoredBase(EMOJI).unet.config)
    down, up, alpha = (tensors[f"{name}.{part}"].float() for part in ("lora_down.weight", "lora_up.weight", "alpha"))
    return down, up * alpha / down.shape[0]


def test_sdxls_quirks_are_met(
    exported: dict[str, Path], functions: Functions, strong: Path, twin_folder: Path, on_base
):
    """A wrong end of text in the configuration, other padding, v-prediction, no zeros for an empty prompt."""
    on_base(twin_folder)
    own = draw(functions, strong)
    assert difference(exported["twin diffusers"] / "fresh.png", own) <= 2
    assert difference(exported["twin checkpoint"] / "fresh.png", own) <= 2
    assert "v_pred" in load_file(exported["twin checkpoint"] / "toy.safetensors")


def test_the_fidelity_reported_is_that_of_the_file(exported: dict[str, Path], strong: Path):
    """Measured on whole products, which the report never forms."""
    report = json.loads((exported["small diffusers"] / "fidelity.json").read_text())
    tensors = load_file(exported["small diffusers"] / "pytorch_lora_weights.safetensors")
    lost = total = 0.0
    for layer, (down, up) in read_weights(strong).adapter.pairs.items():
        own = up.double() @ down.double()
        kept = torch.zeros_like(own)
        if report["ranks"][layer]:
            small_down, small_up = (tensors[f"unet.{layer}.lora_{letter}.weight"].double() for letter in "AB")
            kept = small_up @ small_down
        assert report["errors"][layer] == pytest.approx(float((own - kept).norm() / own.norm()), abs=1e-5)
        lost, total = lost + float((own - kept).norm() ** 2), total + float(own.norm() ** 2)
    assert report["overall"] == pytest.approx((lost / total) ** 0.5, abs=1e-5)
    assert 0 < report["overall"] < 0.9


def test_files_say_what_they_are(exported: dict[str, Path]):
    with safe_open(exported["kohya"] / "toy.safetensors", "pt") as file:
        notes = file.metadata()
        alpha = file.get_tensor("lora_unet_middle_block_1_transformer_blocks_0_attn1_to_q.alpha")
    assert alpha.dtype == torch.float16
    assert notes["ss_network_dim"] == notes["ss_network_alpha"] == str(int(alpha))
    assert notes["modelspec.trigger_phrase"] == "TOK"
    assert json.loads(notes["ss_tag_frequency"])["toy"]["TOK"] == 16
    data = (exported["kohya"] / "toy.safetensors").read_bytes()
    data = data[8 + int.from_bytes(data[:8], "little") :]
    assert notes["sshs_model_hash"] == hashlib.sha256(data).hexdigest()
    assert notes["modelspec.hash_sha256"] == f"0x{notes['sshs_model_hash']}"
    words = load_file(exported["kohya"] / "embeddings" / "TOK.safetensors")
    assert {name: tuple(rows.shape) for name, rows in words.items()} == {"clip_l": (2, 128), "clip_g": (2, 192)}


def test_equal_weights_give_equal_files(exported: dict[str, Path], strong: Path, tmp_path: Path):
    export_weights(strong, EMOJI, "kohya", tmp_path, "toy", SMALL_MB)
    for path in sorted(path for path in exported["small kohya"].rglob("*") if path.suffix in (".safetensors", ".md")):
        assert (tmp_path / path.relative_to(exported["small kohya"])).read_bytes() == path.read_bytes()


def test_what_cannot_be_is_refused_by_name(strong: Path, tmp_path: Path):
    with pytest.raises(Failure, match=r"nothing of this LoRA fits in 0\.001 MB"):
        export_weights(strong, EMOJI, "kohya", tmp_path, "toy", 0.001)
    with pytest.raises(Failure, match="as large as its base"):
        export_weights(strong, EMOJI, "checkpoint", tmp_path, "toy", 6)
    layer, (down, up) = next(iter(read_weights(strong).adapter.pairs.items()))
    wider = Adapter({layer: (torch.cat([down, down], dim=1), up)})
    write_weights(tmp_path / "other.tar", replace(read_weights(strong), adapter=wider))
    with pytest.raises(Failure, match=f"trained on another base: {layer}"):
        export_weights(tmp_path / "other.tar", EMOJI, "kohya", tmp_path, "toy")
    write_weights(tmp_path / "huge.tar", replace(read_weights(strong), adapter=Adapter({layer: (down, up + 1e6)})))
    with pytest.raises(Failure, match=f"{layer}.lora_B.weight holds numbers too large for half precision"):
        export_weights(tmp_path / "huge.tar", EMOJI, "diffusers", tmp_path, "toy")
    assert not list(tmp_path.glob("*.safetensors*"))


def test_a_base_in_several_files_gives_the_same_checkpoint(exported: dict[str, Path], strong: Path, tmp_path: Path):
    """As SDXL's own UNet comes in full precision."""
    base = tmp_path / "emoji"
    shutil.copytree(EMOJI, base, ignore=shutil.ignore_patterns("clipseg", "blip", "swin2sr", "face"))
    whole = base / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(whole)
    whole.unlink()
    parts = {f"part-{place}.safetensors": sorted(tensors)[place::2] for place in range(2)}
    for file, names in parts.items():
        save_file({name: tensors[name] for name in names}, base / "unet" / file)
    index = {"weight_map": {name: file for file, names in parts.items() for name in names}}
    whole.with_name(f"{whole.name}.index.json").write_text(json.dumps(index))
    export_weights(strong, base, "checkpoint", tmp_path / "out", "toy")
    assert (tmp_path / "out" / "toy.safetensors").read_bytes() == (
        exported["checkpoint"] / "toy.safetensors"
    ).read_bytes()


def test_a_whole_model_is_a_folder_that_needs_no_base(functions: Functions, strong: Path, tmp_path: Path):
    unet = StoredBase(EMOJI).unet
    changed = {name: unet.read(name) * (1.2 if name.startswith("conv_out") else 1) for name in unet.names()}
    card = replace(read_weights(strong), adapter=None, whole=Whole({"unet": changed}))
    write_weights(tmp_path / "whole.tar", card)
    export_weights(tmp_path / "whole.tar", EMOJI, "diffusers", tmp_path / "out", "toy")
    draw_freshly({tmp_path / "out": Path(".")})
    own = draw(functions, tmp_path / "whole.tar")
    assert difference(tmp_path / "out" / "fresh.png", own) <= 2
    write_weights(tmp_path / "words.tar", replace(card, whole=None))
    assert difference(own, draw(functions, tmp_path / "words.tar")) > 10
    with pytest.raises(Failure, match="kohya is a format of LoRAs; ask for checkpoint"):
        export_weights(tmp_path / "whole.tar", EMOJI, "kohya", tmp_path / "no", "toy")
    with pytest.raises(Failure, match="a whole model is as large as its base"):
        export_weights(tmp_path / "whole.tar", EMOJI, "diffusers", tmp_path / "no", "toy", 6)


def test_a_checkpoint_is_unpacked_into_the_base_that_it_is_of(exported: dict[str, Path], tmp_path: Path):
    """As `EASEL_SDXL_BASE` and `easel base add` take them, with SDXL's own configuration in the place of this one."""
    unpack(exported["checkpoint"] / "toy.safetensors", tmp_path / "base", EMOJI)
    assert check_layout(tmp_path / "base")["sample_size"] == StoredBase(EMOJI).unet.config["sample_size"]
    for part in ("vae", "text_encoder_2"):
        own, unpacked = StoredBase(EMOJI).network(part), StoredBase(tmp_path / "base").network(part)
        assert own.names() == unpacked.names()
        assert all(torch.equal(own.read(name).half(), unpacked.read(name)) for name in own.names())
    (tmp_path / "old.ckpt").write_bytes(b"a pickle")
    with pytest.raises(Failure, match=r"is no \.safetensors"):
        unpack(tmp_path / "old.ckpt", tmp_path / "no")
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(Failure, match="other.safetensors is no checkpoint of SDXL, but something else"):
        unpack(tmp_path / "other.safetensors", tmp_path / "no", EMOJI)
    assert not list(tmp_path.glob("no*"))


@pytest.mark.parametrize("missing", ["adapter", "words"])
def test_weights_with_only_a_lora_or_only_words(strong: Path, tmp_path: Path, missing: str):
    write_weights(tmp_path / "half.tar", replace(read_weights(strong), **{missing: None}))
    for file_format in FORMATS:
        folder = tmp_path / file_format
        export_weights(tmp_path / "half.tar", EMOJI, file_format, folder, "toy")
        text = (folder / "README.md").read_text()
        assert ("load_lora_weights" in text) == (missing == "words" and file_format != "checkpoint")
        assert ("load_textual_inversion" in text) == (missing == "adapter")
        files = {str(path.relative_to(folder)) for path in folder.rglob("*.safetensors")}
        assert all((file in text) or (Path(file).name.removesuffix(".safetensors") in text) for file in files)
        compile(text.split("```python\n")[1].split("```")[0], "README.md", "exec")
    merged = load_file(tmp_path / "checkpoint" / "toy.safetensors")
    own = load_file(EMOJI / "unet" / "diffusion_pytorch_model.safetensors")
    same = torch.equal(
        merged["model.diffusion_model.middle_block.1.transformer_blocks.0.attn1.to_q.weight"],
        own["mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight"],
    )
    assert same == (missing == "adapter")


def test_the_command_line_says_what_was_written_and_lost(strong: Path, tmp_path: Path, monkeypatch, capsys):
    command = [sys.executable, "-m", "models.sdxl.export", strong, "--base", EMOJI, "--format", "kohya"]
    said = subprocess.run(
        [*command, "--out", tmp_path / "a", "--max-mb", "0.3"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert f"{tmp_path / 'a' / 'toy.safetensors'}  0.30 MB" in said
    assert re.search(r"Relative error \d+\.\d% overall", said)
    broken = tmp_path / "broken.tar"
    broken.write_bytes(b"no tar")
    monkeypatch.setattr(sys, "argv", ["export", str(broken), *map(str, command[4:]), "--out", str(tmp_path / "b")])
    assert command_line.main() == 1
    assert capsys.readouterr().err.startswith("broken.tar is not a tar of trained weights")
