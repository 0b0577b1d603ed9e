"""Quotes over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Response

from openiom.platform.database import Database
from openiom.platform.http import CurrentPrincipal, Now, database
from openiom.providers import RateShipments

from .schemas import Quote, QuoteRequest
from .service import draft


def quote_router(rate: RateShipments) -> APIRouter:
    """The route; `rate` asks carriers for live rates."""
    router = APIRouter(prefix="/api/v1/sourcing", tags=["sourcing quote"])

    @router.post("/quote", response_model=Quote)
    def quote_cart(
        asked: Annotated[QuoteRequest, Body()],
        principal: CurrentPrincipal,
        at: Annotated[Database, Depends(database)],
        now: Now,
    ) -> Response:
        """From where, for how much and when a cart would arrive if it were ordered now. Writes nothing."""
        principal.require("sourcing.read")
        with at.reading() as session:
            found = draft(session, asked, now=now)
        # no transaction is open while a carrier is asked, and nobody is asked unless the cart names one
        live = rate(at, found.live_rates, found.shipments) if found.shipments else []
        # written here: FastAPI would validate every row of what was built a moment ago
        return Response(found.answered(live).model_dump_json(), media_type="application/json")

    return router
