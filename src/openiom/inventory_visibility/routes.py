"""The HTTP router of this package, with the bulk changes of on hand."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from openiom.platform.http import CurrentPrincipal, Now, Router, WriteSession

from .allocation.routes import router as allocation_router
from .availability.grid_routes import router as grid_router
from .availability.routes import router as availability_router
from .ledger.on_hand import StockChange, change_on_hand
from .ledger.routes import router as ledger_router
from .reservations.routes import router as reservation_router
from .supply.routes import router as supply_router

router = Router()
changes_router = Router(prefix="/api/v1/inventory", tags=["inventory"])
MAX_CHANGES = 512


class ChangeItem(BaseModel):
    model_config = ConfigDict(extra="forbid")

    product: str = Field(min_length=1)
    source: str = Field(min_length=1)
    quantity: Decimal = Field(max_digits=14, decimal_places=4)


class ChangesRequest(BaseModel):
    """Up to 512 changes; results have their index, and a refused one does not stop the others."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["set", "change"]
    reason: str = Field(min_length=1)
    items: list[ChangeItem] = Field(min_length=1, max_length=MAX_CHANGES)


class ChangeResult(BaseModel):
    index: int
    ok: bool
    reason: str = ""


class ChangesAnswer(BaseModel):
    results: list[ChangeResult]


@changes_router.post("/changes")
def changes(
    request: ChangesRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> ChangesAnswer:
    """Set or change on-hand quantities of the own stock."""
    principal.require("inventory.write")
    items = [StockChange(item.product, item.source, item.quantity) for item in request.items]
    reasons = change_on_hand(
        session,
        items,
        mode=request.mode,
        cause=request.reason,
        document="api",
        now=now,
        actor=principal.name,
    )
    return ChangesAnswer(results=_results(reasons))


def _results(reasons: Sequence[str]) -> list[ChangeResult]:
    results = []
    for index, reason in enumerate(reasons):
        results.append(ChangeResult(index=index, ok=not reason, reason=reason))
    return results


for part in (
    availability_router,
    grid_router,
    allocation_router,
    supply_router,
    reservation_router,
    changes_router,
    ledger_router,
):
    router.include_router(part)
