"""What a benchmark says: progress on stderr, its figures on stdout."""

import json
import sys
from collections.abc import Mapping, Sequence


def print_progress(what: str) -> None:
    print(what, file=sys.stderr)


def print_figures(figures: Mapping[str, object], *, as_json: bool) -> None:
    """One line of JSON for programs, a table for people."""
    width = max(map(len, figures)) + 2
    print(
        json.dumps(figures)
        if as_json
        else "\n".join(f"{name:{width}}{value}" for name, value in figures.items())
    )


def milliseconds(seconds: Sequence[float], quantile: float) -> float:
    """That quantile of what was measured."""
    ordered = sorted(seconds)
    return round(1000 * ordered[min(len(ordered) - 1, int(len(ordered) * quantile))], 2)
