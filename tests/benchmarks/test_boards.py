"""What is measured of boards and badges runs to its end on a small programme."""

import pytest

from benchmarks import boards, maker
from portal.invariants import problems
from portal.kernel.db import Database


def test_the_report_times_every_read_every_kind_of_preview_and_an_act(
    database: Database, programme: maker.Programme, capsys: pytest.CaptureFixture[str]
) -> None:
    boards.report(database, programme, times=2)
    lines = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][1:]
    assert [line[0].removeprefix("| ").split(":")[0] for line in lines] == [
        "board of all time",
        "board of this month",
        "board of a track",
        "board within a company",
        "board of companies, first page",
        "badges of a member with progress",
        *["preview"] * 5,
        "an award with its act",
    ]
    assert all(float(line[1]) > 0 for line in lines)
    with database.snapshot() as session:
        assert problems(session) == []
