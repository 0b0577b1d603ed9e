"""The side by side comparison of benchmarks of two checkouts."""

import stat
from collections.abc import Sequence
from pathlib import Path

import pytest
from scripts.compare_benchmarks import (
    HERE,
    Comparison,
    compare,
    main,
    numbers_of,
    run_benchmark,
    table,
)


def test_numbers_are_read_from_the_last_line() -> None:
    result = '{"rate": 12.5, "orders": 3, "mode": "batch", "proved": true, "floor": {"x": 1}}'

    assert numbers_of(f"progress\n{result}\n") == {"rate": 12.5, "orders": 3.0}


@pytest.mark.parametrize("output", ["", "\n", "[1, 2]", '"text"'])
def test_output_without_an_object_is_refused(output: str) -> None:
    with pytest.raises(ValueError, match="no JSON object on its last line"):
        numbers_of(output)


def test_the_ratio_is_the_median_of_the_rounds_not_the_ratio_of_the_medians() -> None:
    rounds = [
        ({"rate": 10.0}, {"rate": 20.0}),
        ({"rate": 40.0}, {"rate": 20.0}),
        ({"rate": 30.0}, {"rate": 45.0}),
    ]

    assert compare(rounds) == [Comparison("rate", before=30.0, after=20.0, ratio=1.5)]


def test_a_figure_that_one_side_lacks_is_left_out() -> None:
    rounds = [
        ({"rate": 1.0, "old": 2.0}, {"rate": 2.0, "new": 3.0}),
        ({"rate": 1.0, "old": 2.0}, {"rate": 4.0, "new": 3.0}),
    ]

    assert [row.figure for row in compare(rounds)] == ["rate"]


def test_a_figure_that_was_zero_has_no_ratio() -> None:
    assert compare([({"misses": 0.0}, {"misses": 2.0})]) == [Comparison("misses", 0.0, 2.0, None)]


def test_the_table_shows_before_after_and_ratio() -> None:
    lines = table(
        "inventory",
        [Comparison("rate", 1000.0, 1250.0, 1.25), Comparison("misses", 0.0, 2.0, None)],
    )

    assert [line.split() for line in lines.splitlines()] == [
        ["inventory", "before", "after", "after/before"],
        ["rate", "1,000", "1,250", "1.250"],
        ["misses", "0", "2"],
    ]


def test_a_benchmark_runs_in_its_own_checkout(tmp_path: Path) -> None:
    program = tmp_path / ".venv/bin/iom"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$@" > arguments\necho \'{"rate": 7}\'\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)

    assert run_benchmark(tmp_path, ["inventory", "--clients", "2"]) == {"rate": 7.0}
    assert (tmp_path / "arguments").read_text() == "bench inventory --clients 2 --json\n"


def test_options_may_be_given_between_the_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs: list[tuple[Path, Sequence[str]]] = []

    def run(checkout: Path, parts: Sequence[str]) -> dict[str, float]:
        runs.append((checkout, parts))
        return {"rate": 2.0 if checkout == HERE else 1.0}

    program = tmp_path / ".venv/bin/iom"
    program.parent.mkdir(parents=True)
    program.touch()
    monkeypatch.setattr("scripts.compare_benchmarks.run_benchmark", run)

    assert main([str(tmp_path), "--rounds", "2", "inventory --clients 2", "sourcing"]) == 0

    inventory, sourcing = ["inventory", "--clients", "2"], ["sourcing"]
    in_turns = [(tmp_path, inventory), (HERE, inventory)] * 2
    assert runs == [*in_turns, *[(tmp_path, sourcing), (HERE, sourcing)] * 2]
    assert "2.000" in capsys.readouterr().out


def test_a_checkout_without_an_installation_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(tmp_path)])

    assert stopped.value.code == 2
    assert "run make install there first" in capsys.readouterr().err
