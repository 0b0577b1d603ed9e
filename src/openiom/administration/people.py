"""The people who use the installation, as other users see them: names and e-mail addresses only."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .models import User

MAX_PEOPLE = 1_000


class Person(NamedTuple):
    """An active user."""

    email: str
    name: str


def active_people(session: Session, emails: Collection[str] | None = None) -> list[Person]:
    """Return active users by name: all of them, or those with one of these lower-case addresses."""
    query = select(User.email, User.name).where(User.active)
    if emails is not None:
        query = query.where(func.lower(User.email).in_(emails))

    rows = session.execute(query.order_by(User.name, User.email).limit(MAX_PEOPLE))
    return [Person(row.email, row.name) for row in rows]
