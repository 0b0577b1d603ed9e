"""What the carrier asked for would take: by its live rates where it has them, else by table. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from openiom.fulfillment_optimization.snapshot import Site
from openiom.kernel import IomError
from openiom.logistics import CarrierService
from openiom.provider_contract import LiveRate, Shipment
from openiom.providers import RateResult

from .quote_request import Asked
from .schemas import CarrierAnswer, CarrierRate
from .shipping_rates import Parcel, cheapest_first, rated

NOT_OFFERED = "the carrier has no rate of this service for the parcel"


def shipments_of(asked: Asked, parcels: Sequence[Parcel]) -> list[Shipment]:
    """The parcels as a carrier is asked about them."""
    to = asked.ask.destination
    latitude, longitude = asked.place
    destination = to.model_dump(exclude={"type"}) | {"latitude": latitude, "longitude": longitude}
    return [
        Shipment(
            key=parcel.site.name,
            origin=_origin(parcel.site),
            destination=destination,
            business=to.type == "Business",
            weight_kg=round(parcel.weight_kg, 3),
            ships_on=parcel.given.ship_date if parcel.given else asked.at.astimezone(UTC).date(),
        )
        for parcel in parcels
    ]


def _origin(site: Site) -> Mapping[str, Any]:
    return {**site.address, "latitude": site.latitude, "longitude": site.longitude}


def carrier_answer(
    asked: Asked, parcels: Sequence[Parcel], live: Sequence[RateResult]
) -> CarrierAnswer:
    """Every service for every parcel; `live` has an answer for each parcel, or none for any when nobody was asked."""
    rates: list[CarrierRate] = []
    answers: Sequence[RateResult | None] = live or [None] * len(parcels)
    for parcel, answer in zip(parcels, answers, strict=True):
        offered, failed = _read(answer)
        rates += [
            _rate(
                asked,
                parcel,
                service,
                offered.get(service.name),
                failed or (NOT_OFFERED if answer is not None else ""),
            )
            for service in asked.services
        ]
    fallback = any(rate.is_fallback for rate in rates)
    return CarrierAnswer(name=asked.ask.carrier, is_fallback=fallback, rates=cheapest_first(rates))


def _read(answer: RateResult | None) -> tuple[dict[str, LiveRate], str]:
    """Live rates by service, and why there are none."""
    if answer is None:
        return {}, ""
    if isinstance(answer, IomError):
        return {}, f"the carrier was not heard: {answer.what}"
    return {rate.service: rate for rate in answer}, ""


def _rate(
    asked: Asked, parcel: Parcel, service: CarrierService, live: LiveRate | None, failed: str
) -> CarrierRate:
    table = asked.known.rates.get(service.rate_table) or asked.setting.rates
    ask, strategy = asked.ask, asked.setting.strategy
    return rated(
        service,
        parcel,
        table=table,
        weights=strategy.weights,
        destination=(ask.destination.country, ask.destination.state),
        business=ask.destination.type == "Business",
        currency=(table.currency if table else "") or strategy.currency or asked.known.currency,
        live=live,
        failed="" if live else failed,
    )
