"""Requests of soft reservations, resolved to the stock keys where they may reserve."""

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(slots=True)
class ReservationRequest:
    """A request with its stock key and the places where it may reserve; most have one.

    A negative quantity unreserves. `refusal` is set when the request is invalid whatever the stock.
    With `any_measure` units of every soft-reservation measure may be unreserved. `event_id` is
    unique over all organizations, None for a request without an event.
    """

    request: SoftReservationRequest
    key: StockKey
    reference: str
    event_id: str | None
    measure: Measure
    is_release: bool = False
    places: Sequence[Place] = ()
    any_measure: bool = False
    refusal: str = ""

    def result_without_check(self) -> ReservationResult:
        """Return the result of a refused request, or of a reservation that was made before."""
        if not self.refusal:
            return ReservationResult(True, self.reference, duplicate=True)

        asked = self.request.quantity
        invalid = ZERO if asked.is_nan() else max(ZERO, -asked)
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
    resolved = ReservationRequest(
        request,
        key,
        reference_of(key),
        event_key(request.organization, request.event_id),
        (request.data_source, request.measure),
    )

    if not request.quantity or not is_quantity(request.quantity):
        resolved.refusal = (
            f"the quantity must be a number other than zero below {LARGEST:.0e}"
            " with at most four decimals"
        )
        return resolved

    resolved.is_release = request.quantity < 0
    try:
        resolved.places = [place_of(key, request.dimensions, hierarchy)]
    except ValueError as error:
        resolved.refusal = str(error)

    return resolved


def add_every_location(
    session: Session,
    requests: Sequence[ReservationRequest],
    hierarchy: Sequence[str],
    site_of: SiteOf,
) -> None:
    """Add a place at every location to the requests without a location."""
    unlocated = set()
    for request in requests:
        if not request.key.source:
            unlocated.add((request.key.organization, request.key.product))

    locations = stocked_locations(session, unlocated)
    for request in requests:
        if request.refusal or request.key.source:
            continue

        key = request.key
        places = list(request.places)
        for source in locations[key.organization, key.product]:
            # Only stock of the own organization leaves the site of its location out.
            site = "" if key.organization else site_of(source)
            at = key._replace(source=source)
            places.append(place_of(at, request.request.dimensions, hierarchy, site=site))

        request.places = places
