"""Figures are computed and printed for people and programs."""

import json

import pytest
from benchmarks.figures import measure_seconds, milliseconds, print_figures, print_progress


@pytest.mark.parametrize(
    ("quantile", "expected"), [(0.0, 1.0), (0.5, 51.0), (0.95, 96.0), (0.99, 100.0), (1.0, 100.0)]
)
def test_a_quantile_is_a_measured_value(quantile: float, expected: float) -> None:
    seconds = [number / 1000 for number in range(100, 0, -1)]

    assert milliseconds(seconds, quantile) == expected


def test_milliseconds_are_rounded_to_hundredths() -> None:
    assert milliseconds([0.0123456], 0.5) == 12.35


def test_figures_are_one_line_of_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    print_progress("half done")
    print_figures({"orders": 5, "ratio": 0.4}, as_json=True)

    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"orders": 5, "ratio": 0.4}
    assert len(printed.out.splitlines()) == 1
    assert printed.err == "half done\n"


def test_figures_are_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    print_figures({"orders": 5, "orders_per_second": 0.4}, as_json=False)

    assert capsys.readouterr().out == "orders             5\norders_per_second  0.4\n"


def test_every_round_is_measured() -> None:
    calls: list[int] = []

    seconds = measure_seconds(lambda: calls.append(1), rounds=7)

    assert len(calls) == 7
    assert len(seconds) == 7
    assert min(seconds) >= 0
