"""The document of kind `return_policy`: what may be returned, until when and for how much."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.configuration import DocumentKind, current_documents

KIND, NAME = "return_policy", "default"
EU_COUNTRIES = (
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO"
)
RefundOn = Literal["sent", "received", "inspected"]


class PolicyPart(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReturnReason(PolicyPart):
    """A reason that a customer gives; at the seller's fault nothing is deducted."""

    code: str = Field(min_length=1, pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    seller_fault: bool = False


REASONS = (
    ReturnReason(code="no_longer_needed", title="No longer needed"),
    ReturnReason(code="ordered_by_mistake", title="Ordered by mistake"),
    ReturnReason(code="wrong_size", title="Does not fit"),
    ReturnReason(code="not_as_described", title="Not as described", seller_fault=True),
    ReturnReason(code="defective", title="Defective", seller_fault=True),
    ReturnReason(code="damaged", title="Damaged in transit", seller_fault=True),
    ReturnReason(code="wrong_item", title="Wrong item", seller_fault=True),
    ReturnReason(code="arrived_late", title="Arrived too late", seller_fault=True),
)


class ReturnRule(PolicyPart):
    """Terms of a return; the first rule that matches a line applies. Empty lists match all."""

    title: str = Field(min_length=1)
    products: list[str] = Field(default_factory=list)
    reasons: list[str] = Field(default_factory=list, description="Codes of reasons")
    countries: list[str] = Field(default_factory=list, description="Of the delivery address")
    channels: list[str] = Field(default_factory=list, description="Sales origins of orders")
    returnable: bool = Field(True, description="Off: final sale")
    days: int | None = Field(
        30, ge=0, le=3650, description="Days from delivery to the declaration; empty for no limit"
    )
    deadline_days: int = Field(
        21, ge=1, le=365, description="Days from the declaration until the goods are to be back"
    )
    auto_approve: bool = Field(True, description="Off: a person approves each return")
    refund_on: RefundOn = Field("inspected", description="What makes the refund due")
    restocking_fee_percent: Decimal = Field(Decimal(0), ge=0, le=100)
    label_fee: Decimal = Field(
        Decimal(0), ge=0, description="Kept once of each refunded return, for the label"
    )
    refund_shipping: bool = Field(
        False, description="Pay shipping and fees back when the whole order is returned"
    )
    return_to: str = Field("", description="Source that receives the goods; empty: their sender")


class WithdrawalTerms(PolicyPart):
    """The right of consumers in the European Union to withdraw from a contract."""

    enabled: bool = True
    countries: list[str] = Field(default_factory=EU_COUNTRIES.split)
    days: int = Field(14, ge=14, le=365, description="Days from the delivery of the last parcel")
    refund_days: int = Field(14, ge=1, le=14, description="Days from the declaration to the refund")
    excluded_products: list[str] = Field(default_factory=list)


class ReturnPolicyBody(PolicyPart):
    """The return policy of this environment; the defaults apply without a document."""

    reasons: list[ReturnReason] = Field(default_factory=lambda: list(REASONS), min_length=1)
    conditions: list[str] = Field(
        default_factory=lambda: ["new", "opened", "used", "damaged"], min_length=1
    )
    rules: list[ReturnRule] = Field(
        default_factory=lambda: [ReturnRule(title="30 days")], min_length=1
    )
    withdrawal: WithdrawalTerms = WithdrawalTerms()
    returns_per_order: int | None = Field(
        None, ge=1, le=1000, description="Returns that an order may have; empty for no limit"
    )
    exchange_within_product: bool = Field(
        False, description="Goods are exchanged only for another variant of their product"
    )


def _check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    if name != NAME:
        return [Problem("name", "there is only one return policy", f"name it {NAME}")]

    policy = ReturnPolicyBody.model_validate(body)
    known = {reason.code for reason in policy.reasons}
    problems: list[Problem] = []
    for index, rule in enumerate(policy.rules):
        unknown = sorted(set(rule.reasons) - known)
        if unknown:
            what = f"there is no reason {', '.join(unknown)}"
            problems.append(Problem(f"rules[{index}].reasons", what, "add it to `reasons`"))
    return problems


RETURN_POLICY = DocumentKind(KIND, ReturnPolicyBody, 33, check=_check)


def return_policy(session: Session) -> ReturnPolicyBody:
    """Return the policy in use."""
    documents = current_documents(session, KIND, names=[NAME])
    return ReturnPolicyBody.model_validate(documents[0].body if documents else {})
