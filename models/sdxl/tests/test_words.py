"""Token strings are found as whole words, case-exact, and never as patterns."""

import pytest
from words import contains, read_token_strings, split, without


@pytest.mark.parametrize(
    ("text", "tokens", "parts"),
    [
        ("a TOK emoji", ["TOK"], ["a ", "TOK", " emoji"]),
        ("TOK", ["TOK"], ["", "TOK", ""]),
        ("stoked, TOKen, aTOK, TOK_1, TOK2, tok", ["TOK"], ["stoked, TOKen, aTOK, TOK_1, TOK2, tok"]),
        ("TOK's hat, (TOK), TOK-like", ["TOK"], ["", "TOK", "'s hat, (", "TOK", "), ", "TOK", "-like"]),
        ("a sks dog here", ["sks dog"], ["a ", "sks dog", " here"]),
        ("a.c abc", ["a.c"], ["", "a.c", " abc"]),
        ("x[*]y $^ (.*)", ["[*]"], ["x", "[*]", "y $^ (.*)"]),
        ("ein Bär, Bären", ["Bär"], ["ein ", "Bär", ", Bären"]),
        ("TOK HAT and TOK", ["TOK", "TOK HAT"], ["", "TOK HAT", " and ", "TOK", ""]),
        ("no word", [], ["no word"]),
    ],
)
def test_split(text: str, tokens: list[str], parts: list[str]):
    assert split(text, tokens) == parts


def test_contains():
    assert contains("a TOK", "TOK")
    assert not contains("a tok", "TOK")


def test_several_token_strings_stand_between_commas():
    assert read_token_strings("TOK") == ["TOK"]
    assert read_token_strings(" TOK, my hat ,,TOK") == ["TOK", "my hat"]
    assert read_token_strings(" , ") == []


@pytest.mark.parametrize(
    ("caption", "left"),
    [
        ("a TOK emoji of a fox", "an emoji of a fox"),
        ("A TOK dog", "A dog"),
        ("an TOK cat", "a cat"),
        ("a photo of TOK, a dog on grass", "a photo of a dog on grass"),
        ("a fox in the style of TOK", "a fox"),
        ("in the style of TOK, a fox", "a fox"),
        ("TOK with HAT", "with"),
        ("TOK", ""),
        ("stoked", "stoked"),
    ],
)
def test_a_caption_without_its_words(caption: str, left: str):
    assert without(caption, ["TOK", "HAT"]) == left
