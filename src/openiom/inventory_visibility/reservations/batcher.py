"""Group commit of single reservations of concurrent callers, for products in high demand."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import configuration_for_writing
from openiom.inventory_visibility.measures import (
    ReservationResult,
    SoftReservationRequest,
)
from openiom.platform.database import Database
from openiom.platform.group_commit import GroupCommit
from openiom.platform.retry import retry_transient

from .soft_reservations import soft_reserve


class _PendingRequest(NamedTuple):
    """The request of one caller."""

    request: SoftReservationRequest
    now: datetime
    actor: str


class ReservationBatcher:
    """Reserves in one transaction what concurrent callers of a process request.

    `reserve` returns when its transaction is committed. Requests should have an event id: a commit
    whose connection was lost is retried, and only the id tells that the first try was applied.
    """

    def __init__(self, database: Database, *, limit: int = 256) -> None:
        self._database = database
        self._calls = GroupCommit[_PendingRequest, ReservationResult](self._run, limit=limit)

    def reserve(
        self, request: SoftReservationRequest, *, now: datetime, actor: str
    ) -> ReservationResult:
        """Reserve like `soft_reserve`, in a transaction shared with concurrent callers.

        It is checked by the configuration in use when the transaction runs.
        """
        return self._calls.submit(_PendingRequest(request, now, actor))

    def _run(self, pending: Sequence[_PendingRequest]) -> list[ReservationResult]:
        """Reserve the requests of all callers; return one result per request, in order."""

        def reserve_all(session: Session) -> list[ReservationResult]:
            configuration = configuration_for_writing(session)
            results: list[ReservationResult] = []
            for group in _neighbors(pending):
                first = group[0]
                results += soft_reserve(
                    session,
                    [one.request for one in group],
                    hierarchy=configuration.stock_hierarchy,
                    formula=configuration.formula,
                    site_of=configuration.site_lookup,
                    now=max(one.now for one in group),
                    actor=first.actor,
                )

            return results

        return retry_transient(self._database, reserve_all)


def _neighbors(pending: Sequence[_PendingRequest]) -> list[list[_PendingRequest]]:
    """Return runs of requests of one actor, in order, so results keep the order of the calls."""
    groups = [[pending[0]]]
    for previous, one in pairwise(pending):
        if previous.actor == one.actor:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups
