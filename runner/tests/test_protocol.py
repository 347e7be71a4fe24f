"""The fixtures that both languages read: what is valid on this side is valid on the other."""

import json
from pathlib import Path

import pytest

from runner.protocol import (
    COMMANDS,
    LINE_BYTES_MAX,
    REPORTS,
    ProtocolError,
    parse_command,
    parse_report,
    write_report,
)

FIXTURES = Path(__file__).parents[2] / "contract" / "fixtures"


def lines(name: str) -> list[bytes]:
    return (FIXTURES / name).read_bytes().splitlines()


def test_reads_every_kind_of_report() -> None:
    reports = [parse_report(line) for name in ("hello.jsonl", "process.jsonl", "events.jsonl") for line in lines(name)]
    assert {report["type"] for report in reports} == set(REPORTS)


def test_writes_reports_as_they_stand_there() -> None:
    for name in ("hello.jsonl", "process.jsonl", "events.jsonl"):
        for line in lines(name):
            assert write_report(json.loads(line)) == line + b"\n"


def test_reads_every_kind_of_command() -> None:
    for line in lines("commands.jsonl"):
        parse_command(line)
    assert {json.loads(line)["type"] for line in lines("commands.jsonl")} == set(COMMANDS)


@pytest.mark.parametrize("case", list(map(json.loads, lines("invalid.jsonl"))), ids=lambda case: case["reason"])
def test_refuses(case: dict[str, str]) -> None:
    parse = {"process": parse_report, "server": parse_command}[case["side"]]
    with pytest.raises(ProtocolError):
        parse(case["line"].encode())


def test_refuses_a_line_over_the_limit() -> None:
    with pytest.raises(ProtocolError, match="1000000 are allowed"):
        parse_command(b" " * LINE_BYTES_MAX + b'{"type":"shutdown"}')


def test_passes_over_what_a_newer_server_adds() -> None:
    run = json.loads(lines("commands.jsonl")[0]) | {"priority": 3}
    assert parse_command(json.dumps(run).encode()) == parse_command(lines("commands.jsonl")[0])
