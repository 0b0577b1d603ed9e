"""Output of a benchmark: progress on standard error, its figures on standard output."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter


def print_progress(text: str) -> None:
    """Print a line of progress."""
    print(text, file=sys.stderr)


def print_figures(figures: Mapping[str, object], *, as_json: bool) -> None:
    """Print the figures as one line of JSON, or as a table for people."""
    if as_json:
        print(json.dumps(figures))
        return
    width = max(map(len, figures)) + 2
    for name, value in figures.items():
        print(f"{name:{width}}{value}")


def milliseconds(seconds: Sequence[float], quantile: float) -> float:
    """Return a quantile of measured seconds in milliseconds."""
    ordered = sorted(seconds)
    place = min(len(ordered) - 1, int(len(ordered) * quantile))
    return round(1000 * ordered[place], 2)


def measure_seconds(request: Callable[[], object], *, rounds: int) -> list[float]:
    """Return the seconds of each of `rounds` requests made one after the other."""
    seconds: list[float] = []
    for _ in range(rounds):
        started = perf_counter()
        request()
        seconds.append(perf_counter() - started)
    return seconds
