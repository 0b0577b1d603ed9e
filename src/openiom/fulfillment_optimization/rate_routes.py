"""The price of one parcel by a rate table, with the arithmetic of the optimizer and of quotes."""

from pydantic import BaseModel, ConfigDict, Field

from openiom.kernel import COST_DECIMALS, Invalid, amount_text, round_cost
from openiom.kernel.money import DEFAULT_MINOR_UNITS
from openiom.platform.http import CurrentPrincipal, Router

from .documents import RateFactor, RateTableBody, SourceType
from .rates import factor_for, rate, table_price

router = Router(prefix="/api/v1", tags=["fulfillment optimization"])


class RateRequest(BaseModel):
    """A rate table, stored or not, and a parcel."""

    model_config = ConfigDict(extra="forbid")

    table: RateTableBody
    zone: str
    weight_kg: float = Field(ge=0)
    source_type: SourceType
    business: bool


class RateAnswer(BaseModel):
    """The price of the parcel and how it was found."""

    price: float
    known: float | None = Field(
        description="The table's price before the factor; null where the fallback rate counts"
    )
    factor: str = Field(description="The shipping rate factor applied; empty for none")
    explanation: str


@router.post("/sourcing/rate")
def try_rate(request: RateRequest, principal: CurrentPrincipal) -> RateAnswer:
    """Return what a parcel of this weight and zone costs, and why. Nothing is stored or read."""
    principal.require("sourcing.read")
    table = request.table
    if request.zone not in {zone.name for zone in table.zones}:
        raise Invalid(
            f"no zone named {request.zone}", where="zone", remedy="name one of the table's zones"
        )

    known = table_price(table, request.zone, request.weight_kg)
    factor = factor_for(table, request.source_type, business=request.business)
    price = rate(
        table,
        zone=request.zone,
        weight_kg=request.weight_kg,
        source_type=request.source_type,
        business=request.business,
    )
    if known is None:
        explanation = _fallback_explanation(table, factor, request.zone, request.weight_kg)
    else:
        explanation = _price_explanation(table, known, factor, request.zone)

    return RateAnswer(
        price=round_cost(price),
        known=known,
        factor=factor.name if factor else "",
        explanation=explanation,
    )


def _price_text(price: float, table: RateTableBody) -> str:
    """Return a price with the digits of the table's currency; without one, with its own digits."""
    if table.currency:
        return amount_text(price, table.currency)

    whole, _, digits = f"{round_cost(price):.{COST_DECIMALS}f}".partition(".")
    return f"{whole}.{digits.rstrip('0').ljust(DEFAULT_MINOR_UNITS, '0')}"


def _fallback_explanation(
    table: RateTableBody, factor: RateFactor | None, zone: str, weight_kg: float
) -> str:
    if factor is None:
        return f"zone {zone} has no prices and no shipping rate factor fits: the rate is zero"

    fallback_rate = _price_text(factor.fallback_rate, table)
    text = (
        f"zone {zone} has no prices; fallback rate of {factor.name}: {fallback_rate}"
        f" up to {factor.fallback_weight:g} kg"
    )
    beyond = max(0.0, weight_kg - factor.fallback_weight)
    if beyond:
        increment = _price_text(factor.fallback_increment, table)
        text += f", {increment} for each of {beyond:g} kg more"

    return text


def _price_explanation(
    table: RateTableBody, known: float, factor: RateFactor | None, zone: str
) -> str:
    text = f"{_price_text(known, table)} in zone {zone}"
    return text if factor is None else text + _factor_explanation(factor)


def _factor_explanation(factor: RateFactor) -> str:
    text = ""
    if factor.rate_factor:
        text += f", {factor.rate_factor:+g} % by {factor.name}"
    if factor.free_shipping:
        text += ", free for the buyer"
    return text
