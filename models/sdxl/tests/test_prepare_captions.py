"""Every image has a caption, its owner's where there is one, and the trained word in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import DEMO_ZIP, ROOT, encode_png, make_zip
from PIL import Image
from prepare import describe
from preparing import RAW_ZIP, gradient, read, write_edits
from transformers import BlipForConditionalGeneration, BlipProcessor
from words import contains

from runner import Failure

PNG = encode_png(gradient(64, 64))


def captions(path: Path, **given) -> dict[str, str]:
    return {example.name: example.caption for example in read(path, **given).examples}


def with_table(folder: Path, table: str | bytes, *names: str, others: dict[str, bytes] | None = None) -> Path:
    data = table if isinstance(table, bytes) else table.encode()
    pictures = {name: encode_png(gradient(64 + place, 64)) for place, name in enumerate(names)}
    return make_zip(folder / "a.zip", {**pictures, "caption.csv": data, **(others or {})})


def test_rows_find_images_by_path_or_by_the_end_of_it(tmp_path: Path, capsys):
    table = "caption,image_file\na TOK for c,./x\\c.png\na TOK bare,a.png\na TOK for b,b.png\na TOK for e,e.png\na TOK here,y/a.png\n"
    assert captions(with_table(tmp_path, table, "b.png", "x/a.png", "x/c.png", "y/a.png")) == {
        "b.png": "a TOK for b",
        "x/a.png": "a TOK bare",
        "x/c.png": "a TOK for c",
        "y/a.png": "a TOK here",
    }
    assert "1 images that are not in the archive: e.png" in capsys.readouterr().out


@pytest.mark.parametrize(
    "table",
    [
        "\ufeffcaption,image_file\na TOK,one.png\n",
        "caption;image_file\r\na TOK;one.png\r\n",
        'IMAGE_FILE,Caption\none.png,"a TOK"\n',
        " image_file , caption \none.png,  a   TOK \n",
        'number,caption,image_file\n1,"a\nTOK",photos/one.png\n',
        "caption,image_file\rwrong TOK,one.png\ra TOK,one.png\r",
    ],
)
def test_tables_as_people_write_them(tmp_path: Path, table: str):
    assert captions(with_table(tmp_path, table, "photos/one.png")) == {"photos/one.png": "a TOK"}


def test_the_table_comes_first_then_the_text_beside_the_image_then_blip(tmp_path: Path, capsys):
    files = {"a.txt": b"a TOK of the text", "b.txt": "\ufeffa TOK\nof the text ".encode(), "c.txt": b"  "}
    path = with_table(
        tmp_path, "caption,image_file\na TOK of the table,a.png\n", "a.png", "b.png", "c.png", others=files
    )
    first, second, third = read(path).examples
    assert (first.caption, first.caption_source) == ("a TOK of the table", "csv")
    assert (second.caption, second.caption_source) == ("a TOK of the text", "txt")
    assert third.caption_source == "made"
    assert third.caption.startswith("a photo of TOK, a")
    assert "3 images. Captions: 2 yours, 1 made." in capsys.readouterr().out


def test_the_word_is_put_in_front_where_it_is_missing(tmp_path: Path, capsys):
    path = with_table(tmp_path, "caption,image_file\na stoked tok,a.png\n", "a.png")
    dataset = read(path)
    assert dataset.examples[0].caption == "TOK a stoked tok"
    assert "a.png: put TOK in front of its caption." in capsys.readouterr().out
    assert describe(dataset)["images"][0]["notes"] == ["put TOK in front of its caption"]


@pytest.mark.parametrize(
    ("prefix", "token_string", "begins", "said"),
    [
        ("a photo of TOK, ", "TOK", "a photo of TOK, a", None),
        ("a photo of TOK, ", "my (odd) [wörd].*", "a photo of my (odd) [wörd].*, a", "follows the token string"),
        ("a photo of TOK, ", "T" * 40, f"a photo of {'T' * 40}, a", "follows"),
        ("a photo of TOK, ", "猫", "a photo of 猫, a", "follows"),
        ("a photo of ", "sks", "sks a photo of a", "lacks the token string, so it was put in front"),
        ("a TOKEN of ", "TOK", "TOK a TOKEN of a", "put in front"),
        ("", "x", "x a", "put in front"),
    ],
)
def test_made_captions_begin_with_the_prefix(tmp_path: Path, capsys, prefix, token_string, begins, said):
    path = make_zip(tmp_path / "a.zip", {"a.png": PNG})
    [example] = read(path, caption_prefix=prefix, token_string=token_string).examples
    assert example.caption.startswith(begins)
    assert contains(example.caption, token_string)
    log = capsys.readouterr().out
    assert (said in log) if said else ("caption_prefix" not in log)


def test_several_concepts_are_named_by_the_captions(tmp_path: Path, capsys):
    table = "caption,image_file\na TOK fox,a.png\na man in a HAT,b.png\nTOK in a HAT,c.png\n"
    names = ("a.png", "b.png", "c.png")
    said = captions(with_table(tmp_path, table, *names), token_string="TOK, HAT")
    assert list(said.values()) == ["a TOK fox", "a man in a HAT", "TOK in a HAT"]
    log = capsys.readouterr().out
    assert "Concepts: TOK in 2 captions, HAT in 2 captions." in log
    assert "caption_prefix" not in log


def test_what_names_no_concept_is_refused_by_name(tmp_path: Path):
    path = with_table(tmp_path, "caption,image_file\na TOK fox,a.png\na fox,b.png\n", "a.png", "b.png", "c.png")
    with pytest.raises(Failure) as failure:
        read(path, token_string="TOK,HAT")
    assert failure.value.code == "captions_incomplete"
    assert "2 concepts, TOK and HAT, and 2 images have no caption that names one of them: b.png, c.png" in (
        failure.value.message
    )
    assert "no caption names HAT" in failure.value.message


@pytest.mark.parametrize(
    ("token_string", "said"),
    [(" , ", "it is empty"), ("T" * 41, "41 characters"), (",".join("abcdefghi"), "9 concepts, 8 are the most")],
)
def test_token_strings_that_cannot_be_meant(tmp_path: Path, token_string: str, said: str):
    with pytest.raises(Failure, match=f"^token_string: .*{said}"):
        read(DEMO_ZIP, token_string=token_string)


def test_strict_refuses_what_is_missing_by_name(tmp_path: Path):
    path = with_table(tmp_path, "caption,image_file\na TOK,a.png\na fox,b.png\n", "a.png", "b.png", "c.png")
    with pytest.raises(Failure) as failure:
        read(path, caption_mode="strict")
    assert failure.value.code == "captions_incomplete"
    assert "1 images have no caption: c.png" in failure.value.message
    assert "1 captions lack the token string: b.png" in failure.value.message
    assert len(read(DEMO_ZIP, caption_mode="strict").examples) == 16


def test_a_persons_edit_comes_before_all(tmp_path: Path):
    path = with_table(tmp_path, "caption,image_file\na TOK,a.png\n", "a.png")
    [example] = read(path).examples
    edits = write_edits(tmp_path, {example.source_sha256: {"caption": "of a fox"}})
    [edited] = read(path, edits=edits).examples
    assert (edited.caption, edited.caption_source) == ("TOK of a fox", "edit")


def test_made_captions_are_transformers_own_greedy_ones():
    examples = read(RAW_ZIP, resolution=128, caption_prefix="TOK").examples
    assert len({example.caption for example in examples}) > 10
    folder = ROOT / "bases" / "emoji" / "blip"
    processor = BlipProcessor.from_pretrained(folder)
    network = BlipForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    for example in examples[:6]:
        pixels = processor(images=[example.picture], return_tensors="pt").pixel_values
        [tokens] = network.generate(pixel_values=pixels, num_beams=1, do_sample=False, max_new_tokens=40)
        assert example.caption == f"TOK {processor.decode(tokens, skip_special_tokens=True)}"


def test_captions_of_ones_own_load_no_network(tmp_path: Path):
    program = (
        "import sys; from preparing import DEMO_ZIP, read; read(DEMO_ZIP, mask_target_prompts='', verbose=True); "
        "sys.exit(bool({'torch', 'transformers', 'ai_edge_litert'} & sys.modules.keys()))"
    )
    paths = [ROOT, ROOT / "models" / "sdxl", Path(__file__).parent]
    environment = {"PYTHONPATH": ":".join(map(str, paths)), "EASEL_CACHE": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


def test_a_network_that_is_missing_is_named_with_how_to_get_it(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("EASEL_BASE", str(tmp_path))
    path = make_zip(tmp_path / "a.zip", {"a.png": encode_png(Image.new("RGB", (99, 99)))})
    with pytest.raises(Failure, match="blip is missing.* easel base get sdxl") as failure:
        read(path)
    assert failure.value.code == "model_missing"
