"""What moves stock in the contract: changes, sets, soft reservations, adjustments. Bulk takes 512 records."""

from functools import partial

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from openiom.inventory_visibility.configuration import inventory_configuration
from openiom.platform.http import Now, RawBody, Writing

from .adjusting import read_adjustment, take_adjustments
from .changes import read_change, read_set, take_changes, take_sets
from .edge import PREFIX, Caller, answer_record, answer_records
from .names import data_source_of
from .reserving import read_reserve, read_unreserve, take_reserves, take_unreserves
from .shapes import ADJUSTMENT, CHANGE, RESERVE, SET, UNRESERVE, body_of

router = APIRouter(prefix=PREFIX, tags=["inventory contract"])


@router.post("/onhand", openapi_extra=body_of(CHANGE))
def change_on_hand(request: Request, asker: Caller, session: Writing, body: RawBody, now: Now) -> Response:
    """Add to quantities; an id counts once."""
    asker.require("inventory.write")
    configuration = inventory_configuration(session)
    take = partial(take_changes, session, configuration=configuration, now=now, actor=asker.name)
    return answer_record(request, body, read=partial(read_change, configuration=configuration), take=take)


@router.post("/onhand/bulk", openapi_extra=body_of(CHANGE, many=True))
def change_on_hand_bulk(asker: Caller, session: Writing, body: RawBody, now: Now) -> Response:
    """Add to quantities, up to 512 records; each is answered by its index."""
    asker.require("inventory.write")
    configuration = inventory_configuration(session)
    take = partial(take_changes, session, configuration=configuration, now=now, actor=asker.name)
    return answer_records(body, read=partial(read_change, configuration=configuration), take=take)


@router.post("/setonhand/{inventorySystem}/bulk", openapi_extra=body_of(SET, many=True))
def set_on_hand_bulk(inventorySystem: str, asker: Caller, session: Writing, body: RawBody, now: Now) -> Response:
    """Replace quantities of one system, up to 512 records; what is older than what stands is ignored, and said."""
    asker.require("inventory.write")
    configuration = inventory_configuration(session)
    data_source_of(configuration, inventorySystem, "inventorySystem")
    take = partial(take_sets, session, system=inventorySystem, configuration=configuration, now=now, actor=asker.name)
    read = partial(read_set, configuration=configuration, system=inventorySystem)
    return answer_records(body, read=read, take=take)


@router.post("/onhand/reserve", openapi_extra=body_of(RESERVE))
def reserve(request: Request, asker: Caller, session: Writing, body: RawBody, now: Now) -> Response:
    """Soft-reserve a quantity, checked against what is available unless the request says not to."""
    asker.require("inventory.write")
    configuration = inventory_configuration(session)
    take = partial(take_reserves, session, configuration=configuration, now=now, actor=asker.name)
    return answer_record(request, body, read=partial(read_reserve, configuration=configuration), take=take)


@router.post("/onhand/reserve/bulk", openapi_extra=body_of(RESERVE, many=True))
def reserve_bulk(asker: Caller, session: Writing, body: RawBody, now: Now) -> Response:
    """Soft-reserve, up to 512 records, first come first served; a refused one does not stop the rest."""
    asker.require("inventory.write")
    configuration = inventory_configuration(session)
    take = partial(take_reserves, session, configuration=configuration, now=now, actor=asker.name)
    return answer_records(body, read=partial(read_reserve, configuration=configuration), take=take)


@router.post("/onhand/unreserve", openapi_extra=body_of(UNRESERVE))
def unreserve(request: Request, asker: Caller, session: Writing, body: RawBody, now: Now) -> Response:
    """Give back what is soft-reserved under a reservation id; what was not reserved is reported."""
    asker.require("inventory.write")
    configuration = inventory_configuration(session)
    take = partial(take_unreserves, session, configuration=configuration, now=now, actor=asker.name)
    return answer_record(request, body, read=partial(read_unreserve, configuration=configuration), take=take)


@router.post("/onhand/unreserve/bulk", openapi_extra=body_of(UNRESERVE, many=True))
def unreserve_bulk(asker: Caller, session: Writing, body: RawBody, now: Now) -> Response:
    """Give back, up to 512 records; each is answered by its index."""
    asker.require("inventory.write")
    configuration = inventory_configuration(session)
    take = partial(take_unreserves, session, configuration=configuration, now=now, actor=asker.name)
    return answer_records(body, read=partial(read_unreserve, configuration=configuration), take=take)


@router.post("/transaction/adjustment/bulk", openapi_extra=body_of(ADJUSTMENT, many=True))
def adjust_bulk(
    asker: Caller,
    session: Writing,
    body: RawBody,
    now: Now,
    post: bool = Query(False, alias="createWithIVSync", description="Move on-hand as well"),
) -> Response:
    """Keep adjustments for the ERP, up to 512 records; each is answered by its index."""
    asker.require("inventory.write")
    configuration = inventory_configuration(session)
    take = partial(take_adjustments, session, post=post, configuration=configuration, now=now, actor=asker.name)
    return answer_records(body, read=partial(read_adjustment, configuration=configuration), take=take)
