"""Sources that may not serve single lines: another one was chosen, or they refused the line."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from .engine import Refusal
from .order_port import OpenLine

Codes = NDArray[np.uint8]


def counted_since(now: datetime, hours: int) -> datetime:
    """Return the time since which refusals of sources count; 0 hours count all of them."""
    return now - timedelta(hours=hours) if hours else datetime.min.replace(tzinfo=UTC)


def line_refusals(
    lines: Sequence[OpenLine], index: Mapping[str, int], refused_since: datetime
) -> Codes | None:
    """(L, N) refusals of lines with assigned sources or refusals; None when no line has any.

    A line whose source was chosen by a person or a policy is served only from there, and none from
    a source that has declined it or given it back since `refused_since`.
    """
    special = [(i, line) for i, line in enumerate(lines) if line.source or line.refusals]
    if not special:
        return None

    codes = np.zeros((len(lines), len(index)), dtype=np.uint8)
    for i, line in special:
        if line.source:
            codes[i] = Refusal.OTHER
            codes[i, _nodes([line.source], index)] = Refusal.NONE

        refusing = _refusing_sources(line, refused_since)
        codes[i, _nodes(refusing, index)] = Refusal.DECLINED

    return codes


def _refusing_sources(line: OpenLine, since: datetime) -> list[str]:
    """Return the sources that have declined a line or given it back since then."""
    return [refusal.source for refusal in line.refusals if refusal.refused_at > since]


def _nodes(names: Sequence[str], index: Mapping[str, int]) -> list[int]:
    """Return the rows of the sources that the strategy knows."""
    return [index[name] for name in names if name in index]
