"""Compare the benchmarks of this checkout with those of another one, side by side.

    git worktree add ../before REVISION && make -C ../before install
    python -m scripts.compare_benchmarks ../before "order-to-release --orders 10000" inventory

Each round runs a benchmark in the other checkout and then in this one, so that both meet the same
load of the machine. Prints, for every figure that both report, its median before and after, and
the median over the rounds of after / before.
"""

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parents[1]
DEFAULT_BENCHMARKS = ("order-to-release", "inventory", "sourcing")

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure of a benchmark over all rounds; `ratio` is after / before."""

    figure: str
    before: float
    after: float
    ratio: float | None


def numbers_of(output: str) -> dict[str, float]:
    """Return the numbers of a benchmark's result, the JSON object on its last line.

    Texts, truth values and nested objects are left out. Raise `ValueError` without such a line.
    """
    lines = output.strip().splitlines()
    result = json.loads(lines[-1]) if lines else None
    if not isinstance(result, dict):
        raise ValueError("the benchmark printed no JSON object on its last line")

    numbers: dict[str, float] = {}
    for name, value in result.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            numbers[name] = float(value)

    return numbers


def run_benchmark(checkout: Path, arguments: Sequence[str]) -> dict[str, float]:
    """Run `iom bench` of a checkout and return its figures.

    Raise `subprocess.CalledProcessError` when the benchmark fails.
    """
    command = [str(checkout / ".venv/bin/iom"), "bench", *arguments, "--json"]
    run = subprocess.run(command, cwd=checkout, check=True, stdout=subprocess.PIPE, text=True)
    return numbers_of(run.stdout)


def compare(rounds: Sequence[tuple[Figures, Figures]]) -> list[Comparison]:
    """Return the comparison of every figure that all rounds report before and after."""
    comparisons: list[Comparison] = []
    for figure in rounds[0][0]:
        pairs: list[tuple[float, float]] = []
        for before, after in rounds:
            if figure in before and figure in after:
                pairs.append((before[figure], after[figure]))

        if len(pairs) == len(rounds):
            comparisons.append(_compare_figure(figure, pairs))

    return comparisons


def _compare_figure(figure: str, pairs: Sequence[tuple[float, float]]) -> Comparison:
    ratios = [after / before for before, after in pairs if before]
    return Comparison(
        figure,
        before=median(before for before, _ in pairs),
        after=median(after for _, after in pairs),
        ratio=median(ratios) if len(ratios) == len(pairs) else None,
    )


def table(benchmark: str, comparisons: Iterable[Comparison]) -> str:
    """Return the comparisons of a benchmark as a table for a terminal."""
    lines = [f"{benchmark:40}{'before':>14}{'after':>14}{'after/before':>14}"]
    for row in comparisons:
        ratio = "" if row.ratio is None else f"{row.ratio:.3f}"
        lines.append(f"  {row.figure:38}{row.before:14,.4g}{row.after:14,.4g}{ratio:>14}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="scripts.compare_benchmarks", description="Compare benchmarks with another checkout."
    )
    parser.add_argument("base", type=Path, help="the other checkout, with `make install` done")
    parser.add_argument(
        "benchmarks", nargs="*", default=DEFAULT_BENCHMARKS, help='such as "inventory --clients 2"'
    )
    parser.add_argument("--rounds", type=int, default=3)
    # `*` would otherwise end at the first option between two names.
    options = parser.parse_intermixed_args(arguments)
    base = options.base.resolve()
    if not (base / ".venv/bin/iom").exists():
        parser.error(f"{options.base} has no .venv/bin/iom: run make install there first")

    for benchmark in options.benchmarks:
        parts = shlex.split(benchmark)
        rounds: list[tuple[Figures, Figures]] = []
        for number in range(1, options.rounds + 1):
            sys.stderr.write(f"{benchmark}: round {number} of {options.rounds}\n")
            rounds.append((run_benchmark(base, parts), run_benchmark(HERE, parts)))

        sys.stdout.write(f"{table(benchmark, compare(rounds))}\n")

    return 0


if __name__ == "__main__":
    sys.exit(main())
