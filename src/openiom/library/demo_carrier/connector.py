"""All that is said to the demo carrier and heard from it."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from openiom.kernel import ProviderDown
from openiom.provider_contract import (
    Connection,
    LiveRate,
    ProbeResult,
    ProviderHttpClient,
    Shipment,
)

NEEDED = ("rates:read",)
ADDRESS = ("line1", "city", "state", "postal_code", "country", "latitude", "longitude")


class DemoCarrierConnection(BaseModel):
    """An account of the carrier."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, description="Address of the carrier's API")
    token: SecretStr = Field(description="Bearer token of the account")


class DemoCarrierParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    currency: str = Field(
        "USD", pattern="^[A-Z]{3}$", description="Currency rates are asked for in"
    )


class DemoCarrier:
    """One account. A call that a quote no longer waits for ends soon after."""

    def __init__(self, connection: Connection) -> None:
        given = connection.connection
        self._currency: str = connection.parameters["currency"]
        self._http = ProviderHttpClient(
            given["url"],
            report=connection.report,
            headers={"Authorization": f"Bearer {given['token']}"},
            timeout=3.0,
            connect_timeout=1.0,
            connections=8,
            max_wait_seconds=0.0,
        )

    def close(self) -> None:
        self._http.close()

    def probe(self) -> ProbeResult:
        account = _object(self._http.get("v1/account").body)
        scopes = tuple(str(s) for s in account.get("scopes", ()))
        return ProbeResult(
            str(account.get("name", "")), scopes, tuple(s for s in NEEDED if s not in scopes)
        )

    def rates(self, shipment: Shipment) -> list[LiveRate]:
        asked = {
            "reference": shipment.key,
            "origin": _address(shipment.origin),
            "destination": {**_address(shipment.destination), "residential": not shipment.business},
            "weight_kg": shipment.weight_kg,
            "ship_date": shipment.ships_on.isoformat(),
            "currency": self._currency,
        }
        answer = _object(self._http.post("v1/rates", asked).body)
        try:
            return [_rate(one) for one in answer["rates"]]
        except (KeyError, TypeError, ValueError):
            raise ProviderDown(
                "answered rates without service, amount or currency", where="v1/rates"
            ) from None


def _rate(one: Mapping[str, Any]) -> LiveRate:
    surcharges = tuple((str(s["name"]), float(s["amount"])) for s in one.get("surcharges", ()))
    base, currency = float(one["base"]), str(one["currency"])
    if base < 0 or len(currency) != 3:
        raise ValueError("a rate below nothing, or without a currency")
    return LiveRate(
        str(one["service"]),
        base,
        surcharges,
        currency,
        str(one.get("zone", "")),
        float(one.get("billed_kg", 0)),
    )


def _address(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in ADDRESS if given.get(name) not in (None, "")}


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ProviderDown("answered something that is not an object")
    return body


def connect(connection: Connection) -> DemoCarrier:
    """A connector for one account. Raises Invalid for an address that is none."""
    return DemoCarrier(connection)


def rate(account: DemoCarrier, shipment: Shipment) -> list[LiveRate]:
    """What the carrier would bill, by service. Raises ProviderDown, ProviderRejected."""
    return account.rates(shipment)
