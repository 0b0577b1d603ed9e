"""Intake of stock documents that providers deliver."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from openiom.provider_contract import InboundDocument, IntakeResult

from .ledger.on_hand import StockChange, change_on_hand


def receive_stock(
    session: Session, arrived: Sequence[InboundDocument], now: datetime, actor: str
) -> list[IntakeResult]:
    """Apply stock documents (`StockDocument` with resolved products)."""
    return [_apply(session, message.document, now, actor) for message in arrived]


def _apply(
    session: Session, document: Mapping[str, Any], now: datetime, actor: str
) -> IntakeResult:
    """Apply one document; the result names the first refused item."""
    changes = []
    for item in document["items"]:
        quantity = Decimal(str(item["quantity"]))
        changes.append(StockChange(item["product"], item["source"], quantity))

    reference = str(document["reference"])
    reasons = change_on_hand(
        session,
        changes,
        mode=document["mode"],
        cause="feed",
        document=reference,
        now=now,
        actor=actor,
    )
    refused = [index for index, reason in enumerate(reasons) if reason]
    if not refused:
        return IntakeResult(ok=True, entity_id=reference)

    first = refused[0]
    return IntakeResult(
        ok=False,
        error=f"{len(refused)} of {len(reasons)} items were refused; the first: {reasons[first]}",
        where=f"items[{first}]",
        remedy="release reservations or correct the quantity, then replay",
    )
