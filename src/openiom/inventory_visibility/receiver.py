"""Stock feeds from source systems."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from openiom.provider_contract import InboundDocument, IntakeResult

from .reservations.line_reservations import change_on_hand
from .reservations.requests import StockChange


def receive_stock(
    session: Session, arrived: Sequence[InboundDocument], now: datetime, actor: str
) -> list[IntakeResult]:
    """Post stock documents (`StockDocument` with products resolved). A feed with a refused item says which."""
    return [_take(session, message.document, now, actor) for message in arrived]


def _take(session: Session, document: Mapping[str, Any], now: datetime, actor: str) -> IntakeResult:
    changes = [
        StockChange(item["product"], item["source"], Decimal(str(item["quantity"])))
        for item in document["items"]
    ]
    reference = str(document["reference"])
    answers = change_on_hand(
        session,
        changes,
        mode=document["mode"],
        cause="feed",
        document=reference,
        now=now,
        actor=actor,
    )
    refused = [(i, why) for i, why in enumerate(answers) if why]
    if not refused:
        return IntakeResult(ok=True, entity_id=reference)
    index, why = refused[0]
    return IntakeResult(
        ok=False,
        error=f"{len(refused)} of {len(answers)} items were refused; the first: {why}",
        where=f"items[{index}]",
        remedy="release reservations or correct the quantity, then replay",
    )
