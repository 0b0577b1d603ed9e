"""Quotes over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Body

from openiom.platform.http import Asker, Now, Reading

from .schemas import Quote, QuoteAsk
from .service import quote

router = APIRouter(prefix="/api/v1/sourcing", tags=["sourcing quote"])


@router.post("/quote")
def quote_cart(asked: Annotated[QuoteAsk, Body()], asker: Asker, session: Reading, now: Now) -> Quote:
    """From where, for how much and when a cart would arrive if it were ordered now. Writes nothing."""
    asker.require("sourcing.read")
    return quote(session, asked, now=now)
