"""The books of the payment provider. Pure, apart from its clock."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from openiom_simulators.payments.problems import PaymentProblem

KINDS = ("capture", "refund", "void")
_CHECKOUT_REFERENCE = re.compile(r"checkout-(?P<amount>\d+)-(?P<currency>[A-Z]{3})-.+")


@dataclass(slots=True)
class Authorization:
    """Money that a customer has agreed to pay, in minor units."""

    id: str
    amount: int
    currency: str
    expires_at: float | None = None
    captured: int = 0
    refunded: int = 0
    voided: bool = False

    @property
    def capturable(self) -> int:
        """What may still be captured."""
        return 0 if self.voided else self.amount - self.captured


@dataclass(slots=True)
class Ledger:
    """Authorizations by id, executed operations by id, and responses by idempotency key."""

    authorizations: dict[str, Authorization] = field(default_factory=dict)
    operations: list[dict[str, Any]] = field(default_factory=list)
    responses: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)

    def authorize(self, document: Mapping[str, Any]) -> Authorization:
        """Create an authorization. Raise `PaymentProblem`."""
        amount = _amount(document)
        currency = document.get("currency")
        if not isinstance(currency, str) or len(currency) != 3:
            raise PaymentProblem(422, "invalid_currency", "currency must be a code of ISO 4217")
        number = len(self.authorizations) + 1
        name = str(document.get("id") or f"auth-{number}")
        created = Authorization(name, amount, currency, document.get("expires_at"))
        return self.authorizations.setdefault(name, created)

    def find(self, name: str) -> Authorization:
        """Return an authorization. Raise `PaymentProblem`.

        The checkout of the demo store writes what it authorized into the reference; such an
        authorization is created when it is first used.
        """
        found = self.authorizations.get(name)
        if found is not None:
            return found

        match = _CHECKOUT_REFERENCE.fullmatch(name)
        if match is None:
            raise PaymentProblem(404, "not_found", f"no authorization {name}")
        created = Authorization(name, int(match["amount"]), match["currency"])
        return self.authorizations.setdefault(name, created)

    def execute(
        self, kind: str, name: str, document: Mapping[str, Any], *, now: float
    ) -> dict[str, Any]:
        """Capture, refund or void, and return the operation. Raise `PaymentProblem`."""
        authorization = self.find(name)
        if kind not in KINDS:
            raise PaymentProblem(404, "not_found", f"no operation {kind}")

        if kind == "capture":
            amount = _capture(authorization, document, now)
        elif kind == "refund":
            amount = _refund(authorization, document)
        else:
            amount = authorization.capturable
            authorization.voided = True

        operation = {
            "id": f"{kind}-{len(self.operations) + 1}",
            "kind": kind,
            "authorization": name,
            "amount": amount,
            "currency": authorization.currency,
        }
        self.operations.append(operation)
        return operation

    def totals(self, name: str) -> dict[str, Any]:
        """Return an authorization with its balances. Raise `PaymentProblem`."""
        authorization = self.find(name)
        return {**asdict(authorization), "capturable": authorization.capturable}


def _capture(authorization: Authorization, document: Mapping[str, Any], now: float) -> int:
    amount = _amount(document)
    _check_currency(authorization, document)
    if "declined" in authorization.id:
        raise PaymentProblem(402, "declined", "the issuer declined the capture")
    if authorization.expires_at is not None and authorization.expires_at <= now:
        raise PaymentProblem(409, "authorization_expired", "the authorization has expired")
    if authorization.voided:
        raise PaymentProblem(409, "authorization_voided", "the authorization was voided")
    if amount > authorization.capturable:
        detail = f"{amount} is more than {authorization.capturable}, which may be captured"
        raise PaymentProblem(422, "amount_too_large", detail)

    authorization.captured += amount
    return amount


def _refund(authorization: Authorization, document: Mapping[str, Any]) -> int:
    amount = _amount(document)
    _check_currency(authorization, document)
    left = authorization.captured - authorization.refunded
    if amount > left:
        detail = f"{amount} is more than {left}, which may be refunded"
        raise PaymentProblem(422, "amount_too_large", detail)

    authorization.refunded += amount
    return amount


def _amount(document: Mapping[str, Any]) -> int:
    amount = document.get("amount")
    if not isinstance(amount, int) or isinstance(amount, bool) or amount <= 0:
        raise PaymentProblem(422, "invalid_amount", "amount must be minor units above 0")
    return amount


def _check_currency(authorization: Authorization, document: Mapping[str, Any]) -> None:
    if document.get("currency") != authorization.currency:
        detail = f"the authorization is in {authorization.currency}"
        raise PaymentProblem(422, "invalid_currency", detail)
