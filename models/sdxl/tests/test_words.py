"""Token strings are found as whole words, case-exact, and never as patterns."""

import pytest
from words import contains, split


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
