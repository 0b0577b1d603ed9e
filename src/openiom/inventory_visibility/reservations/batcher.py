"""Single reservations of many callers, made together: what a hot product needs."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from openiom.inventory_visibility.measures import (
    DEFAULT_FORMULA,
    HIERARCHY,
    Formula,
    Reserved,
    SoftReserve,
)
from openiom.platform.database import Database
from openiom.platform.group_commit import GroupCommit
from openiom.platform.retry import retry_transient

from .soft_reservations import soft_reserve


class Asked(NamedTuple):
    """One caller's wish. Wishes of one actor under one configuration share a batch."""

    wish: SoftReserve
    now: datetime
    actor: str
    hierarchy: Sequence[str]
    formula: Formula


class ReservationBatcher:
    """A process's desk for single reservations; `reserve` returns when its transaction is committed.

    Wishes should carry an event id: a connection lost while committing is tried again, and only the id tells that
    the first try had counted.
    """

    def __init__(self, database: Database, *, limit: int = 256) -> None:
        self._database = database
        self._combiner = GroupCommit[Asked, Reserved](self._run, limit=limit)

    def reserve(
        self,
        wish: SoftReserve,
        *,
        now: datetime,
        actor: str,
        hierarchy: Sequence[str] = HIERARCHY,
        formula: Formula = DEFAULT_FORMULA,
    ) -> Reserved:
        """As `soft_reserve` for one wish, in a transaction shared with whoever asks at the same time."""
        return self._combiner.ask(Asked(wish, now, actor, hierarchy, formula))

    def _run(self, asked: Sequence[Asked]) -> list[Reserved]:
        return retry_transient(
            self._database,
            lambda session: [
                answer
                for group in _alike(asked)
                for answer in soft_reserve(
                    session,
                    [one.wish for one in group],
                    hierarchy=group[0].hierarchy,
                    formula=group[0].formula,
                    now=max(one.now for one in group),
                    actor=group[0].actor,
                )
            ],
        )


def _alike(asked: Sequence[Asked]) -> list[list[Asked]]:
    """Neighbors of one actor and configuration, in order: answers keep the order of the asks."""
    groups: list[list[Asked]] = []
    for one in asked:
        last = groups[-1][-1] if groups else None
        if (
            last
            and last.actor == one.actor
            and last.formula is one.formula
            and last.hierarchy == one.hierarchy
        ):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups
