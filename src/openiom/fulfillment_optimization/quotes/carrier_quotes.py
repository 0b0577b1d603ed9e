"""Rates of the requested carrier: live where it has them, else from its rate table. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from openiom.fulfillment_optimization.documents import RateTableBody
from openiom.fulfillment_optimization.snapshot import PlanningSource
from openiom.kernel import IomError
from openiom.provider_contract import LiveRate, RatedParcel
from openiom.providers import RateResult

from .quote_request import ResolvedRequest
from .schemas import CarrierQuote, CarrierRate
from .shipping_rates import Parcel, Tariff, cheapest_first, rate_parcel

NOT_OFFERED = "the carrier has no rate of this service for the parcel"


def shipments_of(resolved: ResolvedRequest, parcels: Sequence[Parcel]) -> list[RatedParcel]:
    """Return the parcels as a carrier rates them."""
    to = resolved.request.destination
    latitude, longitude = resolved.place
    destination = to.model_dump(exclude={"type"}) | {"latitude": latitude, "longitude": longitude}

    today = resolved.at.astimezone(UTC).date()
    shipments: list[RatedParcel] = []
    for parcel in parcels:
        shipments.append(
            RatedParcel(
                key=parcel.site.name,
                origin=_origin(parcel.site),
                destination=destination,
                business=to.type == "Business",
                weight_kg=round(parcel.weight_kg, 3),
                ships_on=parcel.handover.ship_date if parcel.handover else today,
            )
        )

    return shipments


def _origin(site: PlanningSource) -> Mapping[str, Any]:
    return {**site.address, "latitude": site.latitude, "longitude": site.longitude}


def carrier_quote(
    resolved: ResolvedRequest, parcels: Sequence[Parcel], live: Sequence[RateResult]
) -> CarrierQuote:
    """Return the rate of every service for every parcel.

    `live` has the carrier's answer for each parcel, or is empty when it was not called.
    """
    rates: list[CarrierRate] = []
    for i, parcel in enumerate(parcels):
        offered, missing = _read(live[i]) if live else ({}, "")
        for service in resolved.services:
            rates.append(
                rate_parcel(
                    service,
                    parcel,
                    tariff=_tariff(resolved, service.rate_table),
                    live=offered.get(service.name),
                    failed="" if service.name in offered else missing,
                )
            )

    return CarrierQuote(
        name=resolved.request.carrier,
        is_fallback=any(rate.is_fallback for rate in rates),
        rates=cheapest_first(rates),
    )


def _read(answer: RateResult) -> tuple[dict[str, LiveRate], str]:
    """Return the live rates by service, and why other services have none."""
    if isinstance(answer, IomError):
        return {}, f"the carrier did not answer: {answer.what}"
    return {rate.service: rate for rate in answer}, NOT_OFFERED


def _tariff(resolved: ResolvedRequest, rate_table: str) -> Tariff:
    """Return the tariff of a service: its own rate table, else that of the strategy."""
    request, strategy = resolved.request, resolved.setting.strategy
    table = resolved.known.rates.get(rate_table) or resolved.setting.rates
    return Tariff(
        table=table,
        weights=strategy.weights,
        destination=(request.destination.country, request.destination.state),
        business=request.destination.type == "Business",
        currency=_currency(resolved, table),
    )


def _currency(resolved: ResolvedRequest, table: RateTableBody | None) -> str:
    """Return the currency of a rate table, else that of the strategy, else the company's."""
    own = table.currency if table else ""
    return own or resolved.setting.strategy.currency or resolved.known.currency
