"""Soft reservations of external requests: checked at every level, idempotent, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.hierarchy import (
    Level,
    LockedStockRow,
    StockFamily,
    levels_of,
)
from openiom.inventory_visibility.columns import columns_of
from openiom.inventory_visibility.events import publish_availability_increased
from openiom.inventory_visibility.ledger.measure_intake import (
    known_events,
    numbered_event,
    rebalancing_entries,
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
    LARGEST,
    ZERO,
    Family,
    Formula,
    Measure,
    ProductSource,
    ReservationResult,
    SoftReservationRequest,
    StockKey,
    UnreserveRequest,
    dimension_text,
    event_key,
    format_quantity,
    is_quantity,
    reference_of,
)
from openiom.platform.bulk import copy_rows, execute, fetch_as

FIRST_READ = 64


@dataclass(frozen=True, slots=True)
class ReservationRequest:
    """A request with its stock key and levels, the coarsest first.

    A negative quantity unreserves. `refusal` is set when the request is invalid whatever the stock.
    With `any_measure` units of every soft-reservation measure may be unreserved.
    """

    request: SoftReservationRequest
    key: StockKey
    reference: str
    levels: Sequence[Level] = ()
    any_measure: bool = False
    refusal: str = ""

    @property
    def event_id(self) -> str | None:
        return event_key(self.request.organization, self.request.event_id)

    @property
    def measure(self) -> Measure:
        return self.request.data_source, self.request.measure

    @property
    def is_release(self) -> bool:
        return self.request.quantity < 0

    def result_without_check(self) -> ReservationResult:
        """Return the result of a refused request, or of one whose event was applied before."""
        if not self.refusal:
            return ReservationResult(True, self.reference, duplicate=True)
        invalid = max(ZERO, -self.request.quantity)
        return ReservationResult(False, self.reference, reason=self.refusal, invalid=invalid)


class _Scope(NamedTuple):
    """The open reservations that a release may use: of a stock row, a measure and a document.

    An empty measure or document means any.
    """

    stock_id: int
    data_source: str
    measure: str
    document: str


class _OpenRow(NamedTuple):
    id: int
    data_source: str
    measure: str
    open: Decimal


@dataclass(slots=True)
class _OpenReservation:
    """An open reservation, the units still open, and those this batch releases."""

    id: int
    measure: Measure
    open: Decimal
    released: Decimal = ZERO


@dataclass(slots=True)
class ReservationBatch:
    """Requests under lock: stock families, known events, and what the batch will post."""

    families: Families
    known: set[str]
    cause: str
    entries: list[LedgerPosting] = field(default_factory=list)
    documents: dict[Family, str] = field(default_factory=dict)
    created: list[NewReservation] = field(default_factory=list)
    freed: set[ProductSource] = field(default_factory=set)

    def stock_of(self, request: ReservationRequest) -> tuple[StockFamily, LockedStockRow]:
        """Return the family and the row that a request names."""
        family = self.families[request.key.family]
        return family, family.rows[request.levels[-1]]

    def is_decided(self, request: ReservationRequest) -> bool:
        """Return whether the request is refused or its event was applied before."""
        return bool(request.refusal) or request.event_id in self.known

    def add_entry(
        self,
        request: ReservationRequest,
        delta: Decimal,
        measure: Measure,
        event_id: str | None,
    ) -> None:
        """Reserve `delta` units on the row of the request and remember the entry."""
        family, row = self.stock_of(request)
        family.reserve(row.level, delta)
        document = request.request.document
        entry = reserved_entry(row.id, delta, self.cause, document, measure)
        self.entries.append(entry._replace(event_id=event_id))
        self.documents[request.key.family] = document
        if delta < 0 and not request.key.organization:
            self.freed.add((request.key.product, request.key.source))

    def reserve(self, request: ReservationRequest) -> ReservationResult:
        """Reserve the units of a request when they fit every level, or without a check."""
        if self.is_decided(request):
            return request.result_without_check()

        asked = request.request
        family, row = self.stock_of(request)
        reason = family.refusal(request.levels, asked.quantity) if asked.check else ""
        if reason:
            return ReservationResult(False, request.reference, reason=reason)

        if request.event_id:
            self.known.add(request.event_id)

        self.add_entry(request, asked.quantity, request.measure, request.event_id)
        self.created.append(
            NewReservation(
                stock_id=row.id,
                line_id=asked.line_id,
                quantity=asked.quantity,
                expires_at=asked.expires_at,
                reference=request.reference,
                data_source=asked.data_source,
                measure=asked.measure,
                document=asked.document,
            )
        )
        return ReservationResult(True, request.reference)

    def release(
        self, request: ReservationRequest, reservations: Sequence[_OpenReservation]
    ) -> ReservationResult:
        """Release units of these open reservations, the oldest first."""
        missing = -request.request.quantity
        released: dict[Measure, Decimal] = {}
        for one in reservations:
            units = min(one.open, missing)
            if units:
                one.open -= units
                one.released += units
                missing -= units
                released[one.measure] = released.get(one.measure, ZERO) + units

        event_id = request.event_id
        for number, (measure, units) in enumerate(released.items()):
            self.add_entry(request, -units, measure, numbered_event(event_id, number))

        if event_id and released:
            self.known.add(event_id)

        reason = ""
        if missing:
            asked = format_quantity(-request.request.quantity)
            reason = f"{format_quantity(missing)} of {asked} units were not reserved there"

        return ReservationResult(bool(released), request.reference, reason=reason, invalid=missing)

    def scope_of(self, request: ReservationRequest) -> _Scope:
        """Return which open reservations a release may use; never those of order lines."""
        _, row = self.stock_of(request)
        if request.any_measure:
            return _Scope(row.id, "", "", request.request.document)
        return _Scope(row.id, *request.measure, "")


def soft_reserve(
    session: Session,
    requests: Sequence[SoftReservationRequest],
    *,
    hierarchy: Sequence[str] = HIERARCHY,
    formula: Formula = DEFAULT_FORMULA,
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
    """
    resolved = []
    for request in requests:
        one = _resolve(request, hierarchy)
        if one.measure not in formula.reservations:
            name = ".".join(one.measure)
            one = replace(one, refusal=f"{name} is not a soft-reservation measure")

        resolved.append(one)

    return _apply(session, resolved, now=now, actor=actor, cause=cause)


def unreserve(
    session: Session,
    requests: Sequence[UnreserveRequest],
    *,
    hierarchy: Sequence[str] = HIERARCHY,
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
        one = replace(_resolve(negative, hierarchy), any_measure=True)
        if request.quantity <= 0:
            one = replace(one, refusal="the quantity to unreserve must be above zero")
        elif request.reference and request.reference != one.reference:
            one = replace(
                one,
                refusal="the reservation id belongs to another product or other dimension values",
            )

        resolved.append(one)

    return _apply(session, resolved, now=now, actor=actor, cause=cause)


def _resolve(request: SoftReservationRequest, hierarchy: Sequence[str]) -> ReservationRequest:
    """Return a request with its key and levels, refused when either is invalid."""
    dimensions = dimension_text(request.dimensions)
    key = StockKey(request.organization, request.product, request.source, dimensions)
    resolved = ReservationRequest(request, key, reference_of(key))
    if not request.quantity or not is_quantity(request.quantity):
        return replace(
            resolved,
            refusal=f"the quantity must be a number other than zero below {LARGEST:.0e}"
            " with at most four decimals",
        )

    try:
        return replace(resolved, levels=levels_of(request.dimensions, hierarchy))
    except ValueError as error:
        return replace(resolved, refusal=str(error))


def _apply(
    session: Session,
    requests: Sequence[ReservationRequest],
    *,
    now: datetime,
    actor: str,
    cause: str,
) -> list[ReservationResult]:
    """Lock the stock of all requests, apply them in order, and post what they moved."""
    valid = [request for request in requests if not request.refusal]
    families: Families = {}
    if valid:
        values = {request.key.dimensions: request.levels[-1] for request in valid}
        families = lock_rows(session, [request.key for request in valid], values, now)

    known = known_events(session, [request.event_id for request in valid])
    batch = ReservationBatch(families, known, cause)

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


def _release_run(
    session: Session, batch: ReservationBatch, requests: Sequence[ReservationRequest], now: datetime
) -> list[ReservationResult]:
    """Release the units of consecutive requests; reservations of this batch are stored first."""
    _store_created(session, batch, now)
    by_scope = _open_reservations(session, batch, requests)

    results = []
    for request in requests:
        if batch.is_decided(request):
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
        if not batch.is_decided(request):
            scope = batch.scope_of(request)
            scopes.append(scope)
            previous = wanted.get(scope.stock_id, ZERO)
            wanted[scope.stock_id] = previous - request.request.quantity

    shared: dict[int, _OpenReservation] = {}
    by_scope = {}
    for scope in dict.fromkeys(scopes):
        reservations = []
        for row in _read_open(session, scope, wanted[scope.stock_id]):
            one = _OpenReservation(row.id, (row.data_source, row.measure), row.open)
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
            "SELECT id, data_source, measure, open FROM inventory_visibility.reservation"
            " WHERE stock_id = %(stock_id)s AND open > 0 AND line_id IS NULL"
            " AND (%(data_source)s = ''"
            " OR data_source = %(data_source)s AND measure = %(measure)s)"
            " AND (%(document)s = '' OR document = %(document)s) ORDER BY id LIMIT %(limit)s",
            {**scope._asdict(), "limit": limit},
        )
        if len(rows) < limit or sum((row.open for row in rows), ZERO) >= wanted:
            return rows

        limit *= 4
