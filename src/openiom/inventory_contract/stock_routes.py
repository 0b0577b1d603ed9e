"""Routes that change stock: changes, sets, soft reservations, adjustments. Bulk: 512 records."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import Path, Query, Request
from fastapi.responses import Response

from openiom.inventory_visibility import ReservationBatcher, SoftReservationRequest
from openiom.kernel import IomError
from openiom.platform.http import RawBody, Router

from .adjustments import apply_adjustments, read_adjustment
from .body_parser import data_source_of
from .changes import ChangeReader, apply_changes, apply_sets
from .dependencies import PREFIX, CurrentWriter, process_record, process_records
from .openapi_shapes import ADJUSTMENT, CHANGE, RESERVE, SET, UNRESERVE, body_of
from .reservations import (
    apply_reservations,
    apply_unreservations,
    read_reserve,
    read_unreserve,
    reserve_concurrently,
)
from .responses import RecordResult

router = Router(prefix=PREFIX, tags=["inventory visibility contract"])


@router.post("/onhand", openapi_extra=body_of(CHANGE))
def change_on_hand(request: Request, writer: CurrentWriter, body: RawBody) -> Response:
    """Add to quantities; an id counts once."""
    read = ChangeReader(writer.configuration).read_change
    return process_record(request, body, read=read, apply=writer.applier(apply_changes))


@router.post("/onhand/bulk", openapi_extra=body_of(CHANGE, many=True))
def change_on_hand_bulk(writer: CurrentWriter, body: RawBody) -> Response:
    """Add to quantities, up to 512 records; every record has a result with its index."""
    read = ChangeReader(writer.configuration).read_change
    return process_records(body, read=read, apply=writer.applier(apply_changes))


@router.post("/setonhand/{inventorySystem}/bulk", openapi_extra=body_of(SET, many=True))
def set_on_hand_bulk(
    system: Annotated[str, Path(alias="inventorySystem")], writer: CurrentWriter, body: RawBody
) -> Response:
    """Replace quantities of one system, up to 512 records.

    Values older than the current ones are ignored and listed in the message.
    """
    owner = data_source_of(writer.configuration, system, "inventorySystem").name
    return process_records(
        body,
        read=partial(ChangeReader(writer.configuration).read_set, system=owner),
        apply=writer.applier(partial(apply_sets, system=owner)),
    )


@router.post("/onhand/reserve", openapi_extra=body_of(RESERVE))
def reserve(request: Request, writer: CurrentWriter, body: RawBody) -> Response:
    """Soft-reserve a quantity; unless the request says otherwise, only what is available."""
    batcher: ReservationBatcher = request.app.state.reservation_batcher

    def apply(requests: Sequence[SoftReservationRequest]) -> Sequence[RecordResult | IomError]:
        return [
            reserve_concurrently(batcher, one, now=writer.now, actor=writer.actor)
            for one in requests
        ]

    return process_record(request, body, read=writer.reader(read_reserve), apply=apply)


@router.post("/onhand/reserve/bulk", openapi_extra=body_of(RESERVE, many=True))
def reserve_bulk(writer: CurrentWriter, body: RawBody) -> Response:
    """Soft-reserve up to 512 records in their order; a refused one does not stop the others."""
    return process_records(
        body, read=writer.reader(read_reserve), apply=writer.applier(apply_reservations)
    )


@router.post("/onhand/unreserve", openapi_extra=body_of(UNRESERVE))
def unreserve(request: Request, writer: CurrentWriter, body: RawBody) -> Response:
    """Unreserve units of a reservation id; the response has the quantity that was not reserved."""
    return process_record(
        request,
        body,
        read=writer.reader(read_unreserve),
        apply=writer.applier(apply_unreservations),
    )


@router.post("/onhand/unreserve/bulk", openapi_extra=body_of(UNRESERVE, many=True))
def unreserve_bulk(writer: CurrentWriter, body: RawBody) -> Response:
    """Unreserve up to 512 records; every record has a result with its index."""
    return process_records(
        body, read=writer.reader(read_unreserve), apply=writer.applier(apply_unreservations)
    )


@router.post("/transaction/adjustment/bulk", openapi_extra=body_of(ADJUSTMENT, many=True))
def adjust_bulk(
    writer: CurrentWriter,
    body: RawBody,
    post: bool = Query(False, alias="createWithIVSync", description="Change on hand as well"),
) -> Response:
    """Store up to 512 adjustments for the ERP; every record has a result with its index."""
    apply = writer.applier(partial(apply_adjustments, post=post))
    return process_records(body, read=writer.reader(read_adjustment), apply=apply)
