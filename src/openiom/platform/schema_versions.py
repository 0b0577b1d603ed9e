"""Which migrations a database has, and which versions of the program work with its schema.

During a rolling upgrade the schema is migrated first, while processes of the previous version run.
Every migration states the oldest revision whose program works with the schema that it leaves, so a
running process knows whether a newer schema is one that it can serve.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, DateTime, Identity, Text, func
from sqlalchemy.orm import Mapped, Session, mapped_column

from .bulk import fetch, fetch_as
from .database import Base


class SchemaVersion(Base):
    """A migration that was applied, in the order of `id`.

    compatible_with  the oldest revision whose program works with the schema that it left
    """

    __tablename__ = "schema_version"
    __table_args__ = {"schema": "platform"}

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    revision: Mapped[str] = mapped_column(Text, unique=True)
    compatible_with: Mapped[str] = mapped_column(Text)
    applied_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


@dataclass(frozen=True, slots=True)
class AppliedMigration:
    """A migration that a database has."""

    revision: str
    compatible_with: str


class SchemaState(StrEnum):
    """How the schema of a database relates to the program."""

    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"
    INCOMPATIBLE = "incompatible"

    @property
    def is_usable(self) -> bool:
        """Return whether the program works with the schema."""
        return self in (SchemaState.CURRENT, SchemaState.NEWER)


def applied_migrations(session: Session) -> list[AppliedMigration]:
    """Return the migrations of a database in their order; none before the first one."""
    if fetch(session, "SELECT to_regclass('platform.schema_version')") == [(None,)]:
        return []

    query = "SELECT revision, compatible_with FROM platform.schema_version ORDER BY id"
    return fetch_as(session, AppliedMigration, query)


def schema_state(applied: Sequence[AppliedMigration], *, head: str) -> SchemaState:
    """Return how a schema with these migrations relates to a program whose newest one is `head`."""
    revisions = [migration.revision for migration in applied]
    if head not in revisions:
        return SchemaState.OLDER

    own = revisions.index(head)
    newer = applied[own + 1 :]
    if not newer:
        return SchemaState.CURRENT

    return _state_of_newer(newer, usable_by=set(revisions[: own + 1]))


def _state_of_newer(newer: Sequence[AppliedMigration], *, usable_by: set[str]) -> SchemaState:
    """Return whether a program that has these revisions works with the newer migrations."""
    for migration in newer:
        if migration.compatible_with not in usable_by:
            return SchemaState.INCOMPATIBLE
    return SchemaState.NEWER
