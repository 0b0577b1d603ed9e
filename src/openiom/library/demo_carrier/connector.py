"""Client of the demo carrier's API."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from openiom.kernel import ProviderDown
from openiom.provider_contract import (
    Connection,
    LiveRate,
    ProbeResult,
    ProviderHttpClient,
    RatedParcel,
)

REQUIRED_SCOPES = ("rates:read",)
ADDRESS_FIELDS = ("line1", "city", "state", "postal_code", "country", "latitude", "longitude")


class DemoCarrierConnection(BaseModel):
    """An account of the carrier."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, description="Address of the carrier's API")
    token: SecretStr = Field(description="Bearer token of the account")


class DemoCarrierParameters(BaseModel):
    """Parameters of an instance."""

    model_config = ConfigDict(extra="forbid")

    currency: str = Field(
        "USD", pattern="^[A-Z]{3}$", description="Currency in which rates are requested"
    )


class DemoCarrier:
    """Connector of one account.

    Timeouts are short: a call for which no quote waits any more ends soon.
    """

    def __init__(self, connection: Connection) -> None:
        values = connection.connection
        self._currency: str = connection.parameters["currency"]
        self._http = ProviderHttpClient(
            values["url"],
            report=connection.report,
            egress=connection.egress,
            headers={"Authorization": f"Bearer {values['token']}"},
            timeout=3.0,
            connect_timeout=1.0,
            connections=8,
            max_wait_seconds=0.0,
        )

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def probe(self) -> ProbeResult:
        """Return the account and its scopes."""
        account = _object(self._http.get("v1/account").body)
        scopes = tuple(str(scope) for scope in account.get("scopes", ()))
        missing = tuple(scope for scope in REQUIRED_SCOPES if scope not in scopes)
        return ProbeResult(str(account.get("name", "")), scopes, missing)

    def rates(self, shipment: RatedParcel) -> list[LiveRate]:
        """Return the price of every service for a parcel."""
        destination = _address(shipment.destination)
        destination["residential"] = not shipment.business
        request = {
            "reference": shipment.key,
            "origin": _address(shipment.origin),
            "destination": destination,
            "weight_kg": shipment.weight_kg,
            "ship_date": shipment.ships_on.isoformat(),
            "currency": self._currency,
        }
        response = _object(self._http.post("v1/rates", request).body)

        try:
            return [_live_rate(row) for row in response["rates"]]
        except (KeyError, TypeError, ValueError):
            raise ProviderDown(
                "the response has rates without service, amount or currency", where="v1/rates"
            ) from None


def _live_rate(row: Mapping[str, Any]) -> LiveRate:
    """Return a rate of the response. Raises KeyError, TypeError or ValueError if it is unusable."""
    surcharges = []
    for surcharge in row.get("surcharges", ()):
        surcharges.append((str(surcharge["name"]), float(surcharge["amount"])))

    base, currency = float(row["base"]), str(row["currency"])
    if base < 0 or len(currency) != 3:
        raise ValueError("a negative price, or no currency")

    return LiveRate(
        service=str(row["service"]),
        base=base,
        surcharges=tuple(surcharges),
        currency=currency,
        zone=str(row.get("zone", "")),
        billed_kg=float(row.get("billed_kg", 0)),
    )


def _address(address: Mapping[str, Any]) -> dict[str, Any]:
    return {name: address[name] for name in ADDRESS_FIELDS if address.get(name) not in (None, "")}


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ProviderDown("the response is not an object")
    return body


def connect(connection: Connection) -> DemoCarrier:
    """Return a connector for one account. Raises Invalid for an invalid address."""
    return DemoCarrier(connection)


def rate(carrier: DemoCarrier, shipment: RatedParcel) -> list[LiveRate]:
    """Return the price of every service. Raises ProviderDown or ProviderRejected."""
    return carrier.rates(shipment)
