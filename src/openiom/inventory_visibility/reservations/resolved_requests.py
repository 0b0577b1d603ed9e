"""Requests of soft reservations, resolved to the stock keys where they may reserve."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy.orm import Session

from openiom.inventory_visibility.locks import stocked_locations
from openiom.inventory_visibility.measures import (
    LARGEST,
    ZERO,
    Measure,
    ReservationResult,
    SoftReservationRequest,
    StockKey,
    dimension_text,
    event_key,
    format_quantity,
    is_quantity,
    reference_of,
)

from .places import Place, SiteOf, place_of


@dataclass(frozen=True, slots=True)
class ReservationRequest:
    """A request with its stock key and the places where it may reserve; most have one.

    A negative quantity unreserves. `refusal` is set when the request is invalid whatever the stock.
    With `any_measure` units of every soft-reservation measure may be unreserved.
    """

    request: SoftReservationRequest
    key: StockKey
    reference: str
    places: Sequence[Place] = ()
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
        """Return the result of a refused request, or of a reservation that was made before."""
        if not self.refusal:
            return ReservationResult(True, self.reference, duplicate=True)
        invalid = max(ZERO, -self.request.quantity)
        return ReservationResult(False, self.reference, reason=self.refusal, invalid=invalid)

    def release_result(self, released: Decimal, *, duplicate: bool = False) -> ReservationResult:
        """Return the result of unreserving, which is the same when the event is repeated."""
        asked = -self.request.quantity
        missing = asked - released
        reason = ""
        if missing:
            reason = (
                f"{format_quantity(missing)} of {format_quantity(asked)} units were not reserved"
                " there"
            )

        return ReservationResult(bool(released), self.reference, duplicate, reason, missing)


def resolve(request: SoftReservationRequest, hierarchy: Sequence[str]) -> ReservationRequest:
    """Return a request with its key and place, refused when either is invalid."""
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
        return replace(resolved, places=[place_of(key, request.dimensions, hierarchy)])
    except ValueError as error:
        return replace(resolved, refusal=str(error))


def at_every_location(
    session: Session,
    requests: Sequence[ReservationRequest],
    hierarchy: Sequence[str],
    site_of: SiteOf,
) -> list[ReservationRequest]:
    """Return the requests, those without a location with a place at every location."""
    unlocated = set()
    for request in requests:
        if not request.key.source:
            unlocated.add((request.key.organization, request.key.product))

    locations = stocked_locations(session, unlocated)
    found = []
    for request in requests:
        if request.refusal or request.key.source:
            found.append(request)
            continue

        key = request.key
        places = list(request.places)
        for source in locations[key.organization, key.product]:
            # Only stock of the own organization leaves the site of its location out.
            site = "" if key.organization else site_of(source)
            at = key._replace(source=source)
            places.append(place_of(at, request.request.dimensions, hierarchy, site=site))

        found.append(replace(request, places=places))

    return found
