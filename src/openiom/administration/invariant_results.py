"""What the last look at every promise about data found."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from .models import InvariantCheck


def store_checks(session: Session, checked: Sequence[Mapping[str, Any]], *, at: datetime) -> None:
    """Replace the answers: `name`, `promise`, `broken`, `rows` (the first offenders) and `seconds` of each query."""
    session.execute(delete(InvariantCheck))
    if checked:
        session.execute(insert(InvariantCheck), [{**c, "at": at} for c in checked])


def stored_checks(session: Session) -> list[InvariantCheck]:
    """The newest answers, broken promises first."""
    return list(
        session.scalars(
            select(InvariantCheck).order_by(InvariantCheck.broken.desc(), InvariantCheck.name)
        )
    )
