"""Soft reservations and their undoing, as the contract says them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    LOCATION,
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
from .changes import ALREADY
from .responses import PARTIAL, SUCCESS, Answer, succeeded


def read_reserve(
    record: Mapping[str, Any], configuration: InventoryConfiguration
) -> SoftReservationRequest:
    """A reservation; a negative quantity gives back. `expiresAt` is ours: when it ends by itself."""
    name = stock_name(record, configuration)
    hierarchy_prefix(name, configuration)
    measure, quantity = _quantity(record, configuration)
    ends = record.get("expiresat")
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
        expires_at=moment(ends, "expiresAt") if ends else None,
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
                "reserves several measures", where="quantities", remedy="send one request a measure"
            )
        measure, quantity = next(iter(given.items()))
    else:
        modifier = text(record, "modifier")
        measure = measure_name(
            configuration,
            text(record, "quantityDataSource", default="iv"),
            modifier,
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
            "reserves nothing", where="quantity", remedy="send a quantity other than zero"
        )
    return measure, quantity


def read_unreserve(
    record: Mapping[str, Any], configuration: InventoryConfiguration
) -> UnreserveRequest:
    name = stock_name(record, configuration)
    hierarchy_prefix(name, configuration)
    quantity = number(record.get("offsetqty"), "OffsetQty")
    if quantity <= 0:
        raise Invalid(
            "is not above zero", where="OffsetQty", remedy="send how many units to give back"
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


def take_reserves(
    session: Session,
    asks: Sequence[SoftReservationRequest],
    *,
    configuration: InventoryConfiguration,
    now: datetime,
    actor: str,
) -> Sequence[Answer | IomError]:
    """Hold stock for each ask, whole or not at all; one answer an ask."""
    done = soft_reserve(
        session,
        asks,
        hierarchy=_below_location(configuration),
        formula=configuration.formula,
        now=now,
        actor=actor,
    )
    return [
        _reserved(ask.document, one, given_back=ask.quantity < 0)
        for ask, one in zip(asks, done, strict=True)
    ]


def take_reserve(
    together: ReservationBatcher,
    ask: SoftReservationRequest,
    configuration: InventoryConfiguration,
    *,
    now: datetime,
    actor: str,
) -> Answer | IomError:
    """One reservation, in a transaction shared with whoever asks at the same time; what a hot product needs."""
    done = together.reserve(
        ask,
        now=now,
        actor=actor,
        hierarchy=_below_location(configuration),
        formula=configuration.formula,
    )
    return _reserved(ask.document, done, given_back=ask.quantity < 0)


def take_unreserves(
    session: Session,
    asks: Sequence[UnreserveRequest],
    *,
    configuration: InventoryConfiguration,
    now: datetime,
    actor: str,
) -> Sequence[Answer | IomError]:
    """Give back what each ask names, as far as it is reserved; one answer an ask."""
    done = unreserve(session, asks, hierarchy=_below_location(configuration), now=now, actor=actor)
    ids = [ask.event_id.partition(":")[2] for ask in asks]
    return [_reserved(i, one, given_back=True) for i, one in zip(ids, done, strict=True)]


def _below_location(configuration: InventoryConfiguration) -> tuple[str, ...]:
    """The order of dimensions as stock rows know it: their location is their source."""
    return tuple(name for name in configuration.hierarchy if name != LOCATION)


def _reserved(record_id: str, done: ReservationResult, *, given_back: bool) -> Answer | IomError:
    if not done.ok:
        remedy = (
            "give back no more than is reserved there"
            if given_back
            else "ask for less, elsewhere, or later"
        )
        return Refused(done.reason, where="OffsetQty" if given_back else "quantity", remedy=remedy)
    message = ALREADY if done.duplicate else done.reason
    answer = succeeded(
        record_id,
        message,
        status=PARTIAL if done.invalid else SUCCESS,
        reservationId=done.reference,
    )
    if given_back:
        answer["totalInvalidOffsetQtyByReservId"] = float(done.invalid)
    return answer
