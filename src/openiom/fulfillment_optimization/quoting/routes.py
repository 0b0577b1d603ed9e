"""Quotes over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from openiom.platform.http import Asker, Now, Reading

from .schemas import Quote, QuoteAsk
from .service import quote

router = APIRouter(prefix="/api/v1/sourcing", tags=["sourcing quote"])


@router.post("/quote", response_model=Quote)
def quote_cart(asked: Annotated[QuoteAsk, Body()], asker: Asker, session: Reading, now: Now) -> Response:
    """From where, for how much and when a cart would arrive if it were ordered now. Writes nothing."""
    asker.require("sourcing.read")
    # written here: FastAPI would validate every row of what was built a moment ago
    return Response(quote(session, asked, now=now).model_dump_json(), media_type="application/json")
