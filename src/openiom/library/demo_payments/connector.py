"""Client of the demo payment provider's API."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from openiom.kernel import ProviderDown, ProviderRejected
from openiom.provider_contract import (
    Connection,
    PaymentCall,
    ProbeResult,
    ProviderHttpClient,
)

REQUIRED_SCOPES = ("payments:read", "payments:write")
REFUSALS = frozenset((400, 402, 403, 404, 409, 422))
_REMEDIES = {
    "declined": "arrange another payment with the customer",
    "authorization_expired": "arrange another payment with the customer",
    "authorization_voided": "arrange another payment with the customer",
}


class DemoPaymentsConnection(BaseModel):
    """An account of the payment provider."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, description="Address of the provider's API")
    token: SecretStr = Field(description="Bearer token of the account")


class DemoPaymentsParameters(BaseModel):
    """Parameters of an instance."""

    model_config = ConfigDict(extra="forbid")


class DemoPayments:
    """Connector of one account."""

    def __init__(self, connection: Connection) -> None:
        values = connection.connection
        self._http = ProviderHttpClient(
            values["url"],
            report=connection.report,
            egress=connection.egress,
            headers={"Authorization": f"Bearer {values['token']}"},
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

    def execute(self, kind: str, call: PaymentCall) -> str:
        """Capture, refund or void; return the id of the operation. Raises ProviderError."""
        path = f"v1/authorizations/{quote(call.reference, safe='')}/{kind}"
        body = {
            "amount": call.minor_units,
            "currency": call.currency,
            "order": call.order,
            "reason": call.reason,
        }
        headers = {"Idempotency-Key": call.key}
        response = self._http.post(path, body, headers=headers, accept=REFUSALS)
        document = _object(response.body)
        if response.status in REFUSALS:
            raise _refusal(document, call.reference)

        operation = document.get("id")
        if not isinstance(operation, str):
            raise ProviderDown("the response has no operation", where=call.reference)
        return operation


def _refusal(document: Mapping[str, Any], where: str) -> ProviderRejected:
    code = str(document.get("code", ""))
    detail = str(document.get("detail") or code or "no reason given")
    remedy = _REMEDIES.get(code, "correct the named data and retry")
    return ProviderRejected(detail, where=where, remedy=remedy)


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ProviderDown("the response is not an object")
    return body


def connect(connection: Connection) -> DemoPayments:
    """Return a connector for one account. Raises Invalid for an invalid address."""
    return DemoPayments(connection)


def capture(account: DemoPayments, call: PaymentCall) -> str:
    """Capture a part of an authorization. Raises ProviderError."""
    return account.execute("capture", call)


def refund(account: DemoPayments, call: PaymentCall) -> str:
    """Refund a part of what was captured of an authorization. Raises ProviderError."""
    return account.execute("refund", call)


def void(account: DemoPayments, call: PaymentCall) -> str:
    """Release what is left of an authorization. Raises ProviderError."""
    return account.execute("void", call)
