"""Soft reservations of the contract and their reversal."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    InventoryConfiguration,
    Measure,
    ReservationBatcher,
    ReservationResult,
    SoftReservationRequest,
    UnreserveRequest,
    soft_reserve,
    unreserve,
)
from openiom.kernel import Invalid, IomError, Refused

from .body_parser import (
    hierarchy_prefix,
    measure_name,
    moment,
    number,
    quantities_of,
    stock_name,
    text,
    truth,
)
from .changes import ALREADY_APPLIED
from .responses import PARTIAL, SUCCESS, RecordResult, succeeded


def read_reserve(
    record: Mapping[str, Any], configuration: InventoryConfiguration
) -> SoftReservationRequest:
    """Return the reservation in a record; a negative quantity unreserves. Raises Invalid.

    `expiresAt`, when the reservation expires, is an addition to the published contract.
    """
    name = stock_name(record, configuration)
    hierarchy_prefix(name, configuration)
    measure, quantity = _quantity(record, configuration)
    expires = record.get("expiresat")
    record_id = text(record, "id")
    return SoftReservationRequest(
        organization=name.organization,
        product=name.product,
        source=name.source,
        quantity=quantity,
        dimensions=name.dimensions,
        data_source=measure[0],
        measure=measure[1],
        check=truth(record, "ifCheckAvailForReserv", default=True),
        expires_at=moment(expires, "expiresAt") if expires else None,
        event_id=f"reserve:{record_id}",
        document=record_id,
    )


def _quantity(
    record: Mapping[str, Any], configuration: InventoryConfiguration
) -> tuple[Measure, Decimal]:
    if record.get("quantities") is not None:
        given = quantities_of(record["quantities"], configuration)
        if len(given) != 1:
            raise Invalid(
                "contains several measures",
                where="quantities",
                remedy="send one request per measure",
            )

        ((measure, quantity),) = given.items()
    else:
        measure = measure_name(
            configuration,
            text(record, "quantityDataSource", default="iv"),
            text(record, "modifier"),
            where="modifier",
        )
        quantity = number(record.get("quantity"), "quantity")

    if measure not in configuration.reservation:
        raise Invalid(
            f"{'.'.join(measure)} is not a soft-reservation measure",
            where="modifier",
            remedy="map it to a calculated measure in the inventory configuration",
        )
    if not quantity:
        raise Invalid(
            "the quantity is zero", where="quantity", remedy="send a quantity other than zero"
        )

    return measure, quantity


def read_unreserve(
    record: Mapping[str, Any], configuration: InventoryConfiguration
) -> UnreserveRequest:
    """Return the request to unreserve in a record. Raises Invalid."""
    name = stock_name(record, configuration)
    hierarchy_prefix(name, configuration)
    quantity = number(record.get("offsetqty"), "OffsetQty")
    if quantity <= 0:
        raise Invalid(
            "is not above zero", where="OffsetQty", remedy="send how many units to unreserve"
        )

    return UnreserveRequest(
        organization=name.organization,
        product=name.product,
        source=name.source,
        quantity=quantity,
        dimensions=name.dimensions,
        reference=text(record, "reservationId"),
        event_id=f"unreserve:{text(record, 'id')}",
    )


def apply_reservations(
    session: Session,
    requests: Sequence[SoftReservationRequest],
    *,
    configuration: InventoryConfiguration,
    now: datetime,
    actor: str,
) -> Sequence[RecordResult | IomError]:
    """Reserve stock for every request, all of its quantity or none; return one result each."""
    reserved = soft_reserve(
        session,
        requests,
        hierarchy=configuration.stock_hierarchy,
        formula=configuration.formula,
        site_of=configuration.site_lookup,
        now=now,
        actor=actor,
    )
    results = []
    for request, reservation in zip(requests, reserved, strict=True):
        results.append(_reserve_result(request, reservation))

    return results


def reserve_concurrently(
    batcher: ReservationBatcher,
    request: SoftReservationRequest,
    *,
    now: datetime,
    actor: str,
) -> RecordResult | IomError:
    """Make one reservation in a transaction shared with concurrent requests (group commit)."""
    reservation = batcher.reserve(request, now=now, actor=actor)
    return _reserve_result(request, reservation)


def apply_unreservations(
    session: Session,
    requests: Sequence[UnreserveRequest],
    *,
    configuration: InventoryConfiguration,
    now: datetime,
    actor: str,
) -> Sequence[RecordResult | IomError]:
    """Unreserve the quantity of every request, at most what is reserved; return one result each."""
    unreserved = unreserve(
        session,
        requests,
        hierarchy=configuration.stock_hierarchy,
        site_of=configuration.site_lookup,
        now=now,
        actor=actor,
    )
    results = []
    for request, reservation in zip(requests, unreserved, strict=True):
        record_id = request.event_id.partition(":")[2]
        results.append(_unreserve_result(record_id, reservation))

    return results


def _reserve_result(
    request: SoftReservationRequest, reservation: ReservationResult
) -> RecordResult | IomError:
    if request.quantity < 0:
        return _unreserve_result(request.document, reservation)
    if not reservation.ok:
        return Refused(
            reservation.reason,
            where="quantity",
            remedy="reserve less, at another location, or later",
        )

    return _succeeded(request.document, reservation)


def _unreserve_result(record_id: str, reservation: ReservationResult) -> RecordResult | IomError:
    if not reservation.ok:
        return Refused(
            reservation.reason,
            where="OffsetQty",
            remedy="unreserve at most what is reserved there",
        )

    # A repeated request has its first result, so it is not said to have been applied before.
    result = _succeeded(record_id, replace(reservation, duplicate=False))
    result["totalInvalidOffsetQtyByReservId"] = float(reservation.invalid)
    return result


def _succeeded(record_id: str, reservation: ReservationResult) -> RecordResult:
    return succeeded(
        record_id,
        ALREADY_APPLIED if reservation.duplicate else reservation.reason,
        status=PARTIAL if reservation.invalid else SUCCESS,
        reservationId=reservation.reference,
    )
