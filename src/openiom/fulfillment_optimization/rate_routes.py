"""What one parcel would cost by a rate table, written or not: the same arithmetic the optimizer and quotes use."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from openiom.kernel import Invalid
from openiom.platform.http import CurrentPrincipal

from .documents import RateFactor, RateTableBody, SourceType
from .rates import factor_for, rate, table_price

router = APIRouter(prefix="/api/v1", tags=["fulfillment optimization"])


class RateRequest(BaseModel):
    """A table as its author has it before him, and a parcel."""

    model_config = ConfigDict(extra="forbid")

    table: RateTableBody
    zone: str
    weight_kg: float = Field(ge=0)
    source_type: SourceType
    business: bool


class RateAnswer(BaseModel):
    """`known` is the table's price before the factor, null where it has none and the fallback stands in."""

    price: float
    known: float | None
    factor: str
    explanation: str


@router.post("/sourcing/rate")
def try_rate(asked: RateRequest, principal: CurrentPrincipal) -> RateAnswer:
    """What a parcel of this weight and zone costs, and why. Nothing is stored or read."""
    principal.require("sourcing.read")
    table = asked.table
    if asked.zone not in {z.name for z in table.zones}:
        raise Invalid(
            f"no zone named {asked.zone}", where="zone", remedy="name one of the table's zones"
        )
    known = table_price(table, asked.zone, asked.weight_kg)
    factor = factor_for(table, asked.source_type, business=asked.business)
    price = rate(
        table,
        zone=asked.zone,
        weight_kg=asked.weight_kg,
        source_type=asked.source_type,
        business=asked.business,
    )
    return RateAnswer(
        price=round(price, 4),
        known=known,
        factor=factor.name if factor else "",
        explanation=_explanation(known, factor, asked.zone, asked.weight_kg),
    )


def _explanation(known: float | None, factor: RateFactor | None, zone: str, weight: float) -> str:
    if known is None and factor is None:
        return (
            f"zone {zone} has no prices and no shipping rate factor fits, so it counts as nothing"
        )
    if known is None and factor is not None:
        beyond = max(0.0, weight - factor.fallback_weight)
        text = f"zone {zone} has no prices; {factor.name} stands in: {factor.fallback_rate:.2f}"
        text += f" up to {factor.fallback_weight:g} kg"
        return text + (
            f", {factor.fallback_increment:.2f} for each of {beyond:g} kg more" if beyond else ""
        )
    text = f"{known:.2f} in zone {zone}"
    if factor and factor.rate_factor:
        text += f", {factor.rate_factor:+g} % by {factor.name}"
    return text + (", free for the buyer" if factor and factor.free_shipping else "")
