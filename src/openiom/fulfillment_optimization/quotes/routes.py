"""Quotes over HTTP."""

from typing import Annotated

from fastapi import Body, Depends, Response

from openiom.platform.database import Database
from openiom.platform.http import CurrentPrincipal, Now, Router, database
from openiom.providers import RateShipments

from .schemas import Quote, QuoteRequest
from .service import draft_quote


def quote_router(rate: RateShipments) -> Router:
    """Return the route; `rate` calls carriers for live rates."""
    router = Router(prefix="/api/v1/sourcing", tags=["sourcing quote"])

    @router.post("/quote", response_model=Quote)
    def quote_cart(
        request: Annotated[QuoteRequest, Body()],
        principal: CurrentPrincipal,
        stored: Annotated[Database, Depends(database)],
        now: Now,
    ) -> Response:
        """Return the sources, cost and arrival of a cart if it were ordered now. Writes nothing."""
        principal.require("sourcing.read")
        with stored.reading() as session:
            draft = draft_quote(session, request, now=now)

        # No transaction is open during calls to a carrier.
        live = rate(stored, draft.live_rates, draft.shipments) if draft.shipments else []
        # Serialized here: FastAPI would validate every row that was built a moment ago.
        body = draft.with_rates(live).model_dump_json()
        return Response(body, media_type="application/json")

    return router
