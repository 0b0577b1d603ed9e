"""What the guards of a package say about the deletion of documents."""

from collections.abc import Iterable

from openiom.kernel import Problem
from openiom.platform.configuration import DeletionGuard
from openiom.platform.database import Database


def deletion_problems(
    database: Database, guards: Iterable[tuple[str, DeletionGuard]], kind: str, *names: str
) -> list[Problem]:
    """Return what keeps these documents from being deleted."""
    found: list[Problem] = []
    with database.reading() as session:
        for guarded, guard in guards:
            if guarded == kind:
                found += guard(session, names)

    return found
