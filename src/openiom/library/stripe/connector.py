"""Client of the Stripe API, as far as orders need it.

An idempotency key is remembered by Stripe for at least 24 hours. A call that is repeated later is
recognized by what the first one wrote into the metadata of its object.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from openiom.kernel import ProviderDown, ProviderError, ProviderRejected
from openiom.provider_contract import (
    Connection,
    PaymentCall,
    ProbeResult,
    ProviderHttpClient,
)

from .amounts import stripe_amount

API_VERSION = "2025-04-30.basil"
REFUSALS = frozenset((400, 402, 403, 404, 409, 424))
KEY_IN_USE_SECONDS = 2.0
KEY_IN_USE = frozenset(("idempotency_key_in_use", "lock_timeout"))
IN_DOUBT = frozenset(("idempotency_error", "api_error"))
"""Types of errors that do not say what became of the first request with a key."""
NEW_PAYMENT = "arrange another payment with the customer"
_REMEDIES = {
    "card_declined": NEW_PAYMENT,
    "charge_expired_for_capture": NEW_PAYMENT,
    "expired_card": NEW_PAYMENT,
    "charge_already_refunded": "look the refund up in the Stripe dashboard",
    "resource_missing": "check that the payment intent belongs to this Stripe account",
}


class StripeConnection(BaseModel):
    """A secret or restricted key of a Stripe account (Developers > API keys)."""

    model_config = ConfigDict(extra="forbid")

    api_url: str = Field("https://api.stripe.com", description="Address of the API")
    secret_key: SecretStr = Field(description="Begins with sk_ or rk_")


class StripeParameters(BaseModel):
    """Parameters of an instance."""

    model_config = ConfigDict(extra="forbid")

    multicapture: bool = Field(
        True,
        description="Payment intents are created with request_multicapture, so that each shipment"
        " is captured; without it the first capture releases the rest of the authorization",
    )


class Stripe:
    """Connector of one account."""

    def __init__(self, connection: Connection) -> None:
        values = connection.connection
        self._multicapture: bool = connection.parameters["multicapture"]
        self._http = ProviderHttpClient(
            values["api_url"],
            report=connection.report,
            egress=connection.egress,
            headers={
                "Authorization": f"Bearer {values['secret_key']}",
                "Stripe-Version": API_VERSION,
            },
        )

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def probe(self) -> ProbeResult:
        """Return the account."""
        account = _object(self._http.get("v1/account").body)
        profile = account.get("business_profile") or {}
        return ProbeResult(str(profile.get("name") or account.get("id") or ""))

    def capture(self, call: PaymentCall) -> str:
        """Capture a part of a payment intent; return the id of its charge."""
        path = _intent_path(call)
        mark = _mark(call)
        if call.attempt > 1:
            intent = self._get(path)
            if mark in _metadata(intent):
                return _charge_of(intent)

        form = {
            "amount_to_capture": str(stripe_amount(call.amount, call.currency)),
            f"metadata[{mark}]": str(call.amount),
        }
        if self._multicapture:
            form["final_capture"] = "false"
        return _charge_of(self._post(f"{path}/capture", form, call))

    def refund(self, call: PaymentCall) -> str:
        """Refund a part of what was captured of a payment intent; return the id of the refund."""
        mark = _mark(call)
        if call.attempt > 1:
            known = self._find_refund(call.reference, mark)
            if known:
                return known

        form = {
            "payment_intent": call.reference,
            "amount": str(stripe_amount(call.amount, call.currency)),
            f"metadata[{mark}]": str(call.amount),
            "metadata[order]": call.order[:500],
            "metadata[reason]": call.reason[:500],
        }
        return _id(self._post("v1/refunds", form, call))

    def void(self, call: PaymentCall) -> str:
        """Cancel what is left of a payment intent; return its id."""
        path = _intent_path(call)
        try:
            return _id(self._post(f"{path}/cancel", {}, call))
        except _UnexpectedState as error:
            if error.state in ("canceled", "succeeded"):
                return call.reference
            raise

    def _find_refund(self, intent: str, mark: str) -> str:
        """Return the id of the refund with this mark, '' if there is none.

        Raises ProviderDown if not all refunds could be read.
        """
        query: dict[str, Any] = {"payment_intent": intent, "limit": 100}
        found = self._http.get("v1/refunds", query)
        page = _object(found.body)
        for refund in page.get("data") or ():
            if mark in _metadata(refund):
                return _id(refund)

        if page.get("has_more"):
            raise ProviderDown("the payment intent has more than 100 refunds", where=intent)
        return ""

    def _get(self, path: str) -> dict[str, Any]:
        return _object(self._http.get(path).body)

    def _post(self, path: str, form: Mapping[str, str], call: PaymentCall) -> dict[str, Any]:
        """Send a form once per idempotency key. Raises ProviderError."""
        headers = {"Idempotency-Key": call.key}
        response = self._http.request("POST", path, form=form, headers=headers, accept=REFUSALS)
        document = _object(response.body)
        if response.status in REFUSALS:
            raise _error(response.status, document, call)
        return document


class _UnexpectedState(ProviderRejected):
    """A payment intent in a status in which the request is not possible."""

    def __init__(self, what: str, *, state: str, where: str) -> None:
        super().__init__(what, where=where, remedy=NEW_PAYMENT)
        self.state = state


class _Error(NamedTuple):
    """An error object of the API; what it does not state is empty."""

    type: str
    code: str
    message: str
    decline_code: str
    intent_status: str

    def text(self, status: int) -> str:
        """Return what people read, with the reason of a decline."""
        text = self.message or self.code or f"status {status}"
        return f"{text} ({self.decline_code})" if self.decline_code else text

    @classmethod
    def of(cls, error: Mapping[str, Any]) -> "_Error":
        intent = error.get("payment_intent") or {}
        return cls(
            type=_text(error, "type"),
            code=_text(error, "code"),
            message=_text(error, "message"),
            decline_code=_text(error, "decline_code"),
            intent_status=_text(intent, "status"),
        )


def _text(document: Mapping[str, Any], name: str) -> str:
    return str(document.get(name) or "")


def _error(status: int, document: Mapping[str, Any], call: PaymentCall) -> ProviderError:
    """Return what a refused request means.

    While a key is in use, or was used with other parameters, the outcome of its first request is
    not known.
    """
    error = _Error.of(document.get("error") or {})
    what = error.text(status)
    if status == 409 or error.code in KEY_IN_USE:
        return ProviderDown(what, retry_after=KEY_IN_USE_SECONDS, where=call.reference)
    if error.type in IN_DOUBT:
        return ProviderDown(what, where=call.reference)
    if error.code == "payment_intent_unexpected_state":
        return _UnexpectedState(what, state=error.intent_status, where=call.reference)

    remedy = _REMEDIES.get(error.code, "correct the payment in the Stripe dashboard and retry")
    return ProviderRejected(what, where=call.reference, remedy=remedy)


def _intent_path(call: PaymentCall) -> str:
    return f"v1/payment_intents/{quote(call.reference, safe='')}"


def _mark(call: PaymentCall) -> str:
    """Return the name under which a call is found in metadata, at most 40 characters."""
    return f"openiom_{sha256(call.key.encode()).hexdigest()[:24]}"


def _metadata(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found = document.get("metadata")
    return found if isinstance(found, Mapping) else {}


def _charge_of(intent: Mapping[str, Any]) -> str:
    return str(intent.get("latest_charge") or _id(intent))


def _id(document: Mapping[str, Any]) -> str:
    found = document.get("id")
    if not isinstance(found, str):
        raise ProviderDown("the response has no id")
    return found


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ProviderDown("the response is not an object")
    return body


def connect(connection: Connection) -> Stripe:
    """Return a connector for one account. Raises Invalid for an invalid address."""
    return Stripe(connection)


def capture(account: Stripe, call: PaymentCall) -> str:
    """Capture a part of a payment intent. Raises ProviderError."""
    return account.capture(call)


def refund(account: Stripe, call: PaymentCall) -> str:
    """Refund a part of what was captured. Raises ProviderError."""
    return account.refund(call)


def void(account: Stripe, call: PaymentCall) -> str:
    """Cancel what is left of a payment intent. Raises ProviderError."""
    return account.void(call)
