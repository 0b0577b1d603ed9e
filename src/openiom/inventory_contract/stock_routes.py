"""What moves stock in the contract: changes, sets, soft reservations, adjustments. Bulk takes 512 records."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from openiom.inventory_visibility import ReservationBatcher, SoftReservationRequest
from openiom.kernel import IomError
from openiom.platform.http import RawBody

from .adjustments import read_adjustment, take_adjustments
from .body_parser import data_source_of
from .changes import read_change, read_set, take_changes, take_sets
from .dependencies import PREFIX, Writes, answer_record, answer_records
from .openapi_shapes import ADJUSTMENT, CHANGE, RESERVE, SET, UNRESERVE, body_of
from .reservations import read_reserve, read_unreserve, take_reserve, take_reserves, take_unreserves
from .responses import Answer

router = APIRouter(prefix=PREFIX, tags=["inventory visibility contract"])


@router.post("/onhand", openapi_extra=body_of(CHANGE))
def change_on_hand(request: Request, writes: Writes, body: RawBody) -> Response:
    """Add to quantities; an id counts once."""
    return answer_record(
        request, body, read=writes.reading(read_change), take=writes.taking(take_changes)
    )


@router.post("/onhand/bulk", openapi_extra=body_of(CHANGE, many=True))
def change_on_hand_bulk(writes: Writes, body: RawBody) -> Response:
    """Add to quantities, up to 512 records; each is answered by its index."""
    return answer_records(body, read=writes.reading(read_change), take=writes.taking(take_changes))


@router.post("/setonhand/{inventorySystem}/bulk", openapi_extra=body_of(SET, many=True))
def set_on_hand_bulk(
    system: Annotated[str, Path(alias="inventorySystem")], writes: Writes, body: RawBody
) -> Response:
    """Replace quantities of one system, up to 512 records; what is older than what stands is ignored, and said."""
    owner = data_source_of(writes.configuration, system, "inventorySystem").name
    return answer_records(
        body,
        read=writes.reading(partial(read_set, system=owner)),
        take=writes.taking(partial(take_sets, system=owner)),
    )


@router.post("/onhand/reserve", openapi_extra=body_of(RESERVE))
def reserve(request: Request, writes: Writes, body: RawBody) -> Response:
    """Soft-reserve a quantity, checked against what is available unless the request says not to."""
    together: ReservationBatcher = request.app.state.reserve_together

    def take(asks: Sequence[SoftReservationRequest]) -> Sequence[Answer | IomError]:
        return [
            take_reserve(together, ask, writes.configuration, now=writes.now, actor=writes.actor)
            for ask in asks
        ]

    return answer_record(request, body, read=writes.reading(read_reserve), take=take)


@router.post("/onhand/reserve/bulk", openapi_extra=body_of(RESERVE, many=True))
def reserve_bulk(writes: Writes, body: RawBody) -> Response:
    """Soft-reserve, up to 512 records, first come first served; a refused one does not stop the rest."""
    return answer_records(
        body, read=writes.reading(read_reserve), take=writes.taking(take_reserves)
    )


@router.post("/onhand/unreserve", openapi_extra=body_of(UNRESERVE))
def unreserve(request: Request, writes: Writes, body: RawBody) -> Response:
    """Give back what is soft-reserved under a reservation id; what was not reserved is reported."""
    return answer_record(
        request, body, read=writes.reading(read_unreserve), take=writes.taking(take_unreserves)
    )


@router.post("/onhand/unreserve/bulk", openapi_extra=body_of(UNRESERVE, many=True))
def unreserve_bulk(writes: Writes, body: RawBody) -> Response:
    """Give back, up to 512 records; each is answered by its index."""
    return answer_records(
        body, read=writes.reading(read_unreserve), take=writes.taking(take_unreserves)
    )


@router.post("/transaction/adjustment/bulk", openapi_extra=body_of(ADJUSTMENT, many=True))
def adjust_bulk(
    writes: Writes,
    body: RawBody,
    post: bool = Query(False, alias="createWithIVSync", description="Move on-hand as well"),
) -> Response:
    """Keep adjustments for the ERP, up to 512 records; each is answered by its index."""
    take = writes.taking(partial(take_adjustments, post=post))
    return answer_records(body, read=writes.reading(read_adjustment), take=take)
