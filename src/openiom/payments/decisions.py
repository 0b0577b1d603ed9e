"""Pure decisions about payments: what shipped units cost, who pays them, what may be refunded.

All amounts are whole minor units of the currency of the order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from openiom.kernel import split_steps

GIFT_CARD = "gift_card"
STORE_CREDIT = "store_credit"
_FIRST_KINDS = (GIFT_CARD, STORE_CREDIT)
"""What is used before any other method, in this order."""

SHIPMENT = "shipment"
DIGITAL = "digital"


@dataclass(frozen=True, slots=True)
class PricedLine:
    """An order line: its steps, and what is paid for all of them."""

    id: UUID
    quantity: int
    price: int
    shipped: int = 0
    canceled: int = 0
    is_digital: bool = False


@dataclass(frozen=True, slots=True)
class PricedOrder:
    """What a customer pays: `total`, of which `extras` are shipping and fees."""

    total: int
    extras: int
    lines: Sequence[PricedLine]

    @property
    def ships_no_more(self) -> bool:
        """Whether every unit has shipped or is canceled."""
        return all(line.shipped + line.canceled >= line.quantity for line in self.lines)


@dataclass(frozen=True, slots=True)
class ChargedDelivery:
    """A shipment, or a digital line, with the steps of each line in it."""

    id: UUID
    kind: str
    steps: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class NewCharge:
    """What one delivery costs."""

    id: UUID
    kind: str
    amount: int


@dataclass(slots=True)
class Funds:
    """What one method can still pay.

    coverable  what it pays without a capture: prepaid, or collected elsewhere
    capturable what is authorized, not expired and not captured
    """

    id: UUID
    kind: str
    position: int
    coverable: int
    capturable: int


@dataclass(frozen=True, slots=True)
class Share:
    """The part of an amount that one method pays or gets back."""

    method_id: UUID
    amount: int


@dataclass(slots=True)
class Collection:
    """How an amount is paid: without a capture, by captures, and what nothing pays."""

    covered: list[Share]
    captures: list[Share]
    uncovered: int


@dataclass(frozen=True, slots=True)
class Refundable:
    """What one method can get back: what it captured less what was or is being refunded."""

    id: UUID
    kind: str
    position: int
    amount: int


def line_values(order: PricedOrder) -> dict[UUID, int]:
    """Share the total less extras over the lines by their prices; the values add up to it exactly.

    The prices do, too, unless the stated total is more than its parts.
    """
    prices = [max(line.price, 0) for line in order.lines]
    weights = prices if any(prices) else [line.quantity for line in order.lines]
    shares = split_steps(order.total - due_extras(order), weights)
    return {line.id: share for line, share in zip(order.lines, shares, strict=True)}


def due_extras(order: PricedOrder) -> int:
    """Return the part of the total that is shipping and fees."""
    return max(0, min(order.extras, order.total))


def shipped_value(
    order: PricedOrder, values: Mapping[UUID, int], shipped: Mapping[UUID, int]
) -> int:
    """Return what the shipped steps of each line cost together.

    The part of a line is rounded down; the last unit completes it, so that all shipments of an
    order add up to its total. Shipping and fees are due with the first parcel.
    """
    value = 0
    has_parcels = False
    is_all_digital = True
    for line in order.lines:
        steps = min(shipped.get(line.id, 0), line.quantity)
        value += values[line.id] * steps // line.quantity
        if not line.is_digital:
            is_all_digital = False
            has_parcels = has_parcels or steps > 0

    if has_parcels or is_all_digital:
        value += due_extras(order)
    return value


def kept_value(order: PricedOrder) -> int:
    """Return what the units cost that are not canceled."""
    kept = {line.id: line.quantity - line.canceled for line in order.lines}
    if not any(kept.values()):
        return 0
    return shipped_value(order, line_values(order), kept)


def new_charges(
    order: PricedOrder, deliveries: Sequence[ChargedDelivery], charged: Mapping[UUID, int]
) -> list[NewCharge]:
    """Return the charges of deliveries that have none yet, in their order.

    A charge is the value of everything shipped so far less what was charged so far, so that a
    changed price or a split line is made up for by the next one.
    """
    values = line_values(order)
    shipped: dict[UUID, int] = {}
    for delivery in deliveries:
        if delivery.id in charged:
            _add(shipped, delivery.steps)

    charges: list[NewCharge] = []
    charged_so_far = sum(charged.values())
    for delivery in deliveries:
        if delivery.id in charged:
            continue

        _add(shipped, delivery.steps)
        amount = max(0, shipped_value(order, values, shipped) - charged_so_far)
        charged_so_far += amount
        charges.append(NewCharge(delivery.id, delivery.kind, amount))

    return charges


def _add(shipped: dict[UUID, int], steps: Mapping[UUID, int]) -> None:
    for line_id, count in steps.items():
        shipped[line_id] = shipped.get(line_id, 0) + count


def capturable(
    *, authorized: int, used: int, instance: str, expires_at: datetime | None, now: datetime
) -> int:
    """Return what a provider may still capture of a method; nothing of an expired one."""
    if not instance or (expires_at is not None and expires_at <= now):
        return 0
    return max(0, authorized - used)


def plan_collection(amount: int, methods: Iterable[Funds]) -> Collection:
    """Share an amount over methods, gift cards and store credit first, and use up their funds.

    What a method was prepaid, or collects elsewhere, is used before it captures anything.
    """
    collection = Collection([], [], amount)
    for method in sorted(methods, key=_order_of_use):
        covered = min(collection.uncovered, method.coverable)
        if covered:
            method.coverable -= covered
            collection.uncovered -= covered
            collection.covered.append(Share(method.id, covered))

        captured = min(collection.uncovered, method.capturable)
        if captured:
            method.capturable -= captured
            collection.uncovered -= captured
            collection.captures.append(Share(method.id, captured))

    return collection


def plan_refund(amount: int, methods: Iterable[Refundable]) -> list[Share] | None:
    """Share a refund over methods, the last used first; None if they have captured less."""
    shares: list[Share] = []
    left = amount
    for method in sorted(methods, key=_order_of_use, reverse=True):
        part = min(left, method.amount)
        if part > 0:
            left -= part
            shares.append(Share(method.id, part))

    return None if left else shares


def _order_of_use(method: Funds | Refundable) -> tuple[int, int]:
    if method.kind in _FIRST_KINDS:
        return _FIRST_KINDS.index(method.kind), method.position
    return len(_FIRST_KINDS), method.position
