"""Which terms of the return policy apply to a line, and whether it may be returned. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from .configuration import ReturnPolicyBody, ReturnRule, WithdrawalTerms
from .decisions import Terms, Window, return_window, withdrawal_window

ZERO = Decimal(0)
NO_RULE = ReturnRule(title="No rule of the return policy matches", returnable=False)


@dataclass(frozen=True, slots=True)
class ReturnedGoods:
    """What the return policy looks at of a line.

    arrived_at    when its last parcel was delivered, or shipped where no delivery was reported
    delivered_at  when the last parcel of its order was delivered; None while one is on its way
    """

    product: str
    country: str
    channel: str
    is_digital: bool
    arrived_at: datetime | None
    delivered_at: datetime | None


def terms_of(policy: ReturnPolicyBody, goods: ReturnedGoods, reason: str) -> Terms:
    """Return the terms of the first rule that matches; nothing is deducted at the seller's fault.

    A rule with reasons does not match an empty reason.
    """
    rule = next((one for one in policy.rules if _matches(one, goods, reason)), NO_RULE)
    terms = Terms(
        title=rule.title,
        returnable=rule.returnable,
        days=rule.days,
        deadline_days=rule.deadline_days,
        auto_approve=rule.auto_approve,
        refund_on=rule.refund_on,
        restocking_fee_percent=rule.restocking_fee_percent,
        label_fee=rule.label_fee,
        refund_shipping=rule.refund_shipping,
        return_to=rule.return_to,
    )
    if reason in {one.code for one in policy.reasons if one.seller_fault}:
        return without_deductions(terms)
    return terms


def without_deductions(terms: Terms) -> Terms:
    """Return terms without fees, by which shipping is paid back with the whole order."""
    return replace(terms, restocking_fee_percent=ZERO, label_fee=ZERO, refund_shipping=True)


def withdrawal_terms(policy: ReturnPolicyBody, terms: Terms) -> Terms:
    """Return the terms of a withdrawal: no fee, and a refund on the proof of sending."""
    return replace(
        without_deductions(terms),
        title="Right of withdrawal",
        returnable=True,
        days=policy.withdrawal.days,
        auto_approve=True,
        refund_on="sent",
    )


def _matches(rule: ReturnRule, goods: ReturnedGoods, reason: str) -> bool:
    wanted: Sequence[tuple[list[str], str]] = (
        (rule.products, goods.product),
        (rule.reasons, reason),
        (rule.countries, goods.country),
        (rule.channels, goods.channel),
    )
    return all(not allowed or value in allowed for allowed, value in wanted)


def line_window(terms: Terms, goods: ReturnedGoods, now: datetime) -> Window:
    """Return until when a line may be returned by its terms."""
    if goods.is_digital:
        return Window(None, False, "digital goods are not returned")
    return return_window(terms, goods.arrived_at, now)


def withdrawal_of(terms: WithdrawalTerms, goods: ReturnedGoods, now: datetime) -> Window:
    """Return until when the consumer may withdraw from the purchase of a line."""
    exclusion = _withdrawal_exclusion(terms, goods)
    if exclusion:
        return Window(None, False, exclusion)

    window = withdrawal_window(terms.days, goods.delivered_at, now)
    if window.is_open:
        return window
    return replace(window, reason=f"the period of withdrawal ended on {_day(window.until)}")


def _withdrawal_exclusion(terms: WithdrawalTerms, goods: ReturnedGoods) -> str:
    """Return why the right of withdrawal does not cover these goods, or ''."""
    if not terms.enabled or goods.country not in terms.countries:
        return "the right of withdrawal does not apply to this order"
    if goods.is_digital or goods.product in terms.excluded_products:
        return f"{goods.product} is excluded from the right of withdrawal"
    return ""


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
