"""Results of the latest invariant checks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from .models import InvariantResult


def store_invariant_results(
    session: Session, results: Sequence[Mapping[str, Any]], *, at: datetime
) -> None:
    """Replace the stored results.

    A result has the `name` and `promise` of the invariant, `violations` (how many rows break it),
    `rows` (the first of them) and the `seconds` its query took.
    """
    session.execute(delete(InvariantResult))
    if results:
        rows = [{**result, "checked_at": at} for result in results]
        session.execute(insert(InvariantResult), rows)


def latest_invariant_results(session: Session) -> list[InvariantResult]:
    """Return the stored results, violated invariants first."""
    query = select(InvariantResult).order_by(
        InvariantResult.violations.desc(), InvariantResult.name
    )
    return list(session.scalars(query))
