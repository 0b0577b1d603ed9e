"""Soft reservations of external requests: checked at every level, idempotent, many at once."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.allocation_limits import keep_back_allocations
from openiom.inventory_visibility.columns import columns_of
from openiom.inventory_visibility.events import publish_availability_increased
from openiom.inventory_visibility.ledger.measure_intake import (
    known_events,
    numbered_event,
    rebalancing_entries,
    units_of_events,
)
from openiom.inventory_visibility.ledger.posting import (
    LedgerPosting,
    NewReservation,
    post,
    reserved_entry,
)
from openiom.inventory_visibility.locks import Families, lock_rows
from openiom.inventory_visibility.measures import (
    DEFAULT_FORMULA,
    HIERARCHY,
    ZERO,
    Family,
    Formula,
    Measure,
    ProductSource,
    ReservationResult,
    SoftReservationRequest,
    UnreserveRequest,
)
from openiom.platform.bulk import copy_rows, execute, fetch_as

from .places import Place, SiteOf, refusal, split
from .resolved_requests import ReservationRequest, add_every_location, resolve

FIRST_READ = 64


class _Scope(NamedTuple):
    """The open reservations that a release may use: of a stock key, a measure and a document.

    They are kept at the rows of `stock_ids`. An empty measure or document means any.
    """

    stock_ids: tuple[int, ...]
    reference: str
    data_source: str
    measure: str
    document: str


class _OpenRow(NamedTuple):
    id: int
    stock_id: int
    data_source: str
    measure: str
    open: Decimal


@dataclass(slots=True)
class _OpenReservation:
    """An open reservation, the units still open, and those this batch releases."""

    id: int
    stock_id: int
    measure: Measure
    open: Decimal
    released: Decimal = ZERO


@dataclass(slots=True)
class ReservationBatch:
    """Requests under lock: stock families, known events, and what the batch will post.

    `released` are the units each known event unreserved.
    """

    families: Families
    known: set[str]
    cause: str
    entries: list[LedgerPosting] = field(default_factory=list)
    documents: dict[Family, str] = field(default_factory=dict)
    created: list[NewReservation] = field(default_factory=list)
    freed: set[ProductSource] = field(default_factory=set)
    released: dict[str, Decimal] = field(default_factory=dict)

    def is_decided(self, request: ReservationRequest) -> bool:
        """Return whether the request is refused or its event was applied before."""
        return bool(request.refusal) or request.event_id in self.known

    def add_entry(
        self,
        request: ReservationRequest,
        place: Place,
        delta: Decimal,
        measure: Measure,
        event_id: str | None,
    ) -> None:
        """Reserve `delta` units at a place of the request and remember the entry."""
        family, row = place.locked(self.families)
        family.reserve(row.level, delta)
        document = request.request.document
        self.entries.append(reserved_entry(row.id, delta, self.cause, document, measure, event_id))
        self.documents[place.key.family] = document
        if delta < 0 and not place.key.organization:
            self.freed.add((place.key.product, place.key.source))

    def reserve(self, request: ReservationRequest) -> ReservationResult:
        """Reserve the units of a request when they fit every level, or without a check."""
        if self.is_decided(request):
            return request.result_without_check()

        asked = request.request
        reason = refusal(self.families, request.places, asked.quantity) if asked.check else ""
        if reason:
            return ReservationResult(False, request.reference, reason=reason)

        if request.event_id:
            self.known.add(request.event_id)

        parts = split(self.families, request.places, asked.quantity)
        for number, (place, units) in enumerate(parts):
            event_id = numbered_event(request.event_id, number)
            self.add_entry(request, place, units, request.measure, event_id)
            self.created.append(self._new_reservation(request, place, units))

        return ReservationResult(True, request.reference)

    def _new_reservation(
        self, request: ReservationRequest, place: Place, units: Decimal
    ) -> NewReservation:
        """Return the reservation of some units of a request at a place."""
        _, row = place.locked(self.families)
        asked = request.request
        return NewReservation(
            stock_id=row.id,
            line_id=asked.line_id,
            quantity=units,
            expires_at=asked.expires_at,
            reference=request.reference,
            data_source=asked.data_source,
            measure=asked.measure,
            document=asked.document,
        )

    def release(
        self, request: ReservationRequest, reservations: Sequence[_OpenReservation]
    ) -> ReservationResult:
        """Release units of these open reservations, the oldest first.

        A repeated event has the result it had the first time.
        """
        event_id = request.event_id
        if event_id in self.known:
            before = self.released.get(event_id or "", ZERO)
            return request.release_result(before, duplicate=True)

        missing = -request.request.quantity
        released: dict[tuple[int, Measure], Decimal] = {}
        for one in reservations:
            units = min(one.open, missing)
            if units:
                one.open -= units
                one.released += units
                missing -= units
                key = one.stock_id, one.measure
                released[key] = released.get(key, ZERO) + units

        places = self._places_by_row(request)
        for number, ((stock_id, measure), units) in enumerate(released.items()):
            entry_event = numbered_event(event_id, number)
            self.add_entry(request, places[stock_id], -units, measure, entry_event)

        units = -request.request.quantity - missing
        if event_id and units:
            self.known.add(event_id)
            self.released[event_id] = units

        return request.release_result(units)

    def scope_of(self, request: ReservationRequest) -> _Scope:
        """Return which open reservations a release may use; never those of order lines."""
        rows = tuple(self._places_by_row(request))
        if request.any_measure:
            return _Scope(rows, request.reference, "", "", request.request.document)
        return _Scope(rows, request.reference, *request.measure, "")

    def _places_by_row(self, request: ReservationRequest) -> dict[int, Place]:
        """Return the places of a request by the id of their stock row."""
        found = {}
        for place in request.places:
            _, row = place.locked(self.families)
            found[row.id] = place
        return found


def soft_reserve(
    session: Session,
    requests: Sequence[SoftReservationRequest],
    *,
    hierarchy: Sequence[str] = HIERARCHY,
    formula: Formula = DEFAULT_FORMULA,
    site_of: SiteOf | None = None,
    now: datetime,
    actor: str,
    cause: str = "soft reservation",
) -> list[ReservationResult]:
    """Reserve stock for each request in order, whole or not at all; negative quantities unreserve.

    A request fits when its quantity is free at its level and at every coarser one. With
    `check=False` it is reserved in any case and the shortage posted as overdraft. A repeated event
    changes nothing.

    Args:
        hierarchy: Dimension names, the coarsest first, without the location, which is the source.
        site_of: Given when stock is partitioned by product: a request without a location may then
            reserve at every location.
    """
    resolved = []
    for request in requests:
        one = resolve(request, hierarchy)
        if one.measure not in formula.reservations:
            name = ".".join(one.measure)
            one.refusal = f"{name} is not a soft-reservation measure"

        resolved.append(one)

    if site_of:
        add_every_location(session, resolved, hierarchy, site_of)

    return _apply(
        session, resolved, allocations=formula.allocations, now=now, actor=actor, cause=cause
    )


def unreserve(
    session: Session,
    requests: Sequence[UnreserveRequest],
    *,
    hierarchy: Sequence[str] = HIERARCHY,
    site_of: SiteOf | None = None,
    now: datetime,
    actor: str,
    cause: str = "unreserve",
) -> list[ReservationResult]:
    """Unreserve up to the quantity of each request, the oldest reservation first.

    Units that are not reserved are returned as `invalid`.
    """
    resolved = []
    for request in requests:
        negative = SoftReservationRequest(
            request.organization,
            request.product,
            request.source,
            -request.quantity,
            request.dimensions,
            event_id=request.event_id,
            document=request.document,
        )
        one = resolve(negative, hierarchy)
        one.any_measure = True
        if request.quantity <= 0:
            one.refusal = "the quantity to unreserve must be above zero"
        elif request.reference and request.reference != one.reference:
            one.refusal = "the reservation id belongs to another product or other dimension values"

        resolved.append(one)

    if site_of:
        add_every_location(session, resolved, hierarchy, site_of)

    return _apply(session, resolved, allocations={}, now=now, actor=actor, cause=cause)


def _apply(
    session: Session,
    requests: Sequence[ReservationRequest],
    *,
    allocations: Mapping[Measure, int],
    now: datetime,
    actor: str,
    cause: str,
) -> list[ReservationResult]:
    """Lock the stock of all requests, apply them in order, and post what they moved.

    Args:
        allocations: The sign of each allocation measure in what may be reserved.
    """
    valid = [request for request in requests if not request.refusal]
    families: Families = {}
    if valid:
        places: list[Place] = []
        for request in valid:
            places += request.places

        values = {place.key.dimensions: place.levels[-1] for place in places}
        families = lock_rows(session, [place.key for place in places], values, now)
        keep_back_allocations(session, families.values(), allocations)

    known = known_events(session, [request.event_id for request in valid])
    batch = ReservationBatch(families, known, cause)
    batch.released = _released_before(session, valid, known)

    results: list[ReservationResult] = []
    # Runs of reservations and of releases alternate: a release may use what an earlier request of
    # the same batch reserved.
    for is_release, run in groupby(requests, key=lambda request: request.is_release):
        if is_release:
            results += _release_run(session, batch, list(run), now)
        else:
            results += map(batch.reserve, run)

    entries = batch.entries + rebalancing_entries(batch.families, batch.documents, cause)
    post(session, entries, now=now, actor=actor, reservations=batch.created)
    publish_availability_increased(session, batch.freed, cause=cause, now=now, actor=actor)
    return results


def _released_before(
    session: Session, requests: Sequence[ReservationRequest], known: Set[str]
) -> dict[str, Decimal]:
    """Return the units that each repeated release unreserved when it was applied."""
    repeated = []
    for request in requests:
        event_id = request.event_id
        if request.is_release and event_id in known:
            repeated.append(str(event_id))

    moved = units_of_events(session, repeated)
    return {event_id: -units for event_id, units in moved.items()}


def _release_run(
    session: Session, batch: ReservationBatch, requests: Sequence[ReservationRequest], now: datetime
) -> list[ReservationResult]:
    """Release the units of consecutive requests; reservations of this batch are stored first."""
    _store_created(session, batch, now)
    by_scope = _open_reservations(session, batch, requests)

    results = []
    for request in requests:
        if request.refusal:
            results.append(request.result_without_check())
        else:
            results.append(batch.release(request, by_scope[batch.scope_of(request)]))

    released: dict[int, _OpenReservation] = {}
    for reservations in by_scope.values():
        for one in reservations:
            if one.released:
                released[one.id] = one

    if released:
        execute(
            session,
            "UPDATE inventory_visibility.reservation r"
            " SET open = r.open - d.units, released = r.released + d.units"
            " FROM unnest(%s::bigint[], %s::numeric[]) AS d(id, units) WHERE r.id = d.id",
            columns_of(list(released.values()), "id", "released"),
        )

    return results


def _store_created(session: Session, batch: ReservationBatch, now: datetime) -> None:
    if batch.created:
        rows = [(*one, one.quantity, now) for one in batch.created]
        columns = (*NewReservation._fields, "open", "created_at")
        copy_rows(session, "inventory_visibility.reservation", columns, rows)
        batch.created.clear()


def _open_reservations(
    session: Session, batch: ReservationBatch, requests: Sequence[ReservationRequest]
) -> dict[_Scope, list[_OpenReservation]]:
    """Return the open reservations of each scope; scopes of one stock row share them."""
    wanted: dict[int, Decimal] = {}
    scopes = []
    for request in requests:
        if not request.refusal:
            scope = batch.scope_of(request)
            scopes.append(scope)
            for stock_id in scope.stock_ids:
                wanted[stock_id] = wanted.get(stock_id, ZERO) - request.request.quantity

    shared: dict[int, _OpenReservation] = {}
    by_scope = {}
    for scope in dict.fromkeys(scopes):
        reservations = []
        most = sum((wanted[stock_id] for stock_id in scope.stock_ids), ZERO)
        for row in _read_open(session, scope, most):
            measure = row.data_source, row.measure
            one = _OpenReservation(row.id, row.stock_id, measure, row.open)
            reservations.append(shared.setdefault(row.id, one))

        by_scope[scope] = reservations

    return by_scope


def _read_open(session: Session, scope: _Scope, wanted: Decimal) -> list[_OpenRow]:
    """Return open reservations, the oldest first, until they hold the wanted units.

    The lock of their stock row keeps them from changing.
    """
    limit = FIRST_READ
    while True:
        rows = fetch_as(
            session,
            _OpenRow,
            "SELECT id, stock_id, data_source, measure, open"
            " FROM inventory_visibility.reservation"
            " WHERE stock_id = ANY(%(stock_ids)s) AND open > 0 AND line_id IS NULL"
            " AND reference = %(reference)s"
            " AND (%(data_source)s = ''"
            " OR data_source = %(data_source)s AND measure = %(measure)s)"
            " AND (%(document)s = '' OR document = %(document)s) ORDER BY id LIMIT %(limit)s",
            {**scope._asdict(), "stock_ids": list(scope.stock_ids), "limit": limit},
        )
        if len(rows) < limit or sum((row.open for row in rows), ZERO) >= wanted:
            return rows

        limit *= 4
