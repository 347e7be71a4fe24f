"""Tables of captions as the server's preflight reads them: the fixture is shared, so that a report says what is trained."""

import json

import pytest
from conftest import ROOT
from prepare.captions import parse_captions

TABLES = json.loads((ROOT / "contract" / "fixtures" / "caption-tables.json").read_text())
NAMES = ("my set/a.png", "my set/b.png", "other/b.png")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table["name"])
def test_a_table_is_read_as_the_server_reads_it(table: dict) -> None:
    captions = parse_captions(table["bytes"].encode("latin-1"), "caption.csv")
    assert {name: text for name in NAMES if (text := captions.find(name))} == table["expected"]
