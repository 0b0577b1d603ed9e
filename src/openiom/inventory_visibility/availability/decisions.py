"""Pure decisions on how much of a stock key a requester may have.

Three things limit a requester: safety stock, which is kept from everyone; units allocated to other
groups; and the buffer of its channel.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from openiom.inventory_visibility.measures import ZERO, ProductSource

EVERY_CHANNEL = "*"


@dataclass(frozen=True, slots=True)
class Requester:
    """The channel and customer group for which stock is requested.

    Without a channel a requester has neither allocations nor a buffer.
    """

    channel: str = ""
    customer_group: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        """The groups from the highest down; a customer group counts only within its channel."""
        if not self.channel:
            return ()
        if not self.customer_group:
            return (self.channel.lower(),)
        return self.channel.lower(), self.customer_group.lower()


ANY_REQUESTER = Requester()


@dataclass(slots=True)
class AllocationPool:
    """Units of one stock key allocated to a path of groups, the highest first."""

    id: int
    groups: tuple[str, ...]
    allocated: Decimal

    def serves(self, requester: Requester) -> bool:
        """Return whether the requester belongs to this pool's group or to a group below it."""
        own = tuple(group.lower() for group in self.groups)
        return requester.path[: len(own)] == own


@dataclass(frozen=True, slots=True)
class BufferRule:
    """A buffer of a channel at a product and source; an empty product or source means every one."""

    product: str
    source: str
    channel: str
    units: Decimal
    percent: Decimal

    def applies_to(self, key: ProductSource, channel: str) -> bool:
        """Return whether this rule limits the channel at this product and source."""
        if not self.channel or self.channel.lower() not in (channel.lower(), EVERY_CHANNEL):
            return False
        product, source = key
        return self.product in (product, "") and self.source in (source, "")

    @property
    def specificity(self) -> tuple[bool, bool, bool]:
        """The rank among rules that apply: by product, then source, then channel."""
        return self.product != "", self.source != "", self.channel != EVERY_CHANNEL


def rule_for(rules: Iterable[BufferRule], key: ProductSource, channel: str) -> BufferRule | None:
    """Return the most specific buffer rule that applies to a channel, or None."""
    if not channel:
        return None
    applying = [rule for rule in rules if rule.applies_to(key, channel)]
    return max(applying, key=lambda rule: rule.specificity, default=None)


def buffer_of(
    rules: Iterable[BufferRule], key: ProductSource, channel: str, on_hand: Decimal
) -> Decimal:
    """Return the units kept from a channel: the larger of the rule's units and percentage."""
    rule = rule_for(rules, key, channel)
    if rule is None:
        return ZERO
    return max(rule.units, on_hand * rule.percent / 100)


@dataclass(slots=True)
class AllocatedStock:
    """What is kept back at one stock key; pools shrink as their owners consume them."""

    key: ProductSource
    safety_stock: Decimal = ZERO
    pools: list[AllocationPool] = field(default_factory=list)

    @property
    def allocated(self) -> Decimal:
        """Units allocated to any group."""
        return sum((pool.allocated for pool in self.pools), ZERO)

    def allocated_to(self, requester: Requester) -> Decimal:
        """Return the units allocated to the requester's groups."""
        own = ZERO
        for pool in self.pools:
            if pool.serves(requester):
                own += pool.allocated
        return own

    def available_to(
        self, requester: Requester, *, on_hand: Decimal, free: Decimal, rules: Sequence[BufferRule]
    ) -> Decimal:
        """Return how many of the `free` (unreserved) units the requester may have.

        These are its own allocations and what is common to all, less its buffer. When more is kept
        back than is free, the shortage reduces the requester's allocations.
        """
        own = self.allocated_to(requester)
        common = free - self.safety_stock - self.allocated
        if common < 0:
            return max(ZERO, own + common)

        buffer = buffer_of(rules, self.key, requester.channel, on_hand)
        return own + max(ZERO, common - buffer)

    def consume(
        self, requester: Requester, quantity: Decimal
    ) -> list[tuple[AllocationPool, Decimal]]:
        """Consume the requester's allocations, the most specific first.

        Returns:
            The pools with the units consumed from each; the rest of `quantity` is common stock.
        """
        consumed = []
        for pool in sorted(self.pools, key=lambda pool: -len(pool.groups)):
            if not pool.serves(requester):
                continue

            units = min(quantity, pool.allocated)
            if units:
                pool.allocated -= units
                quantity -= units
                consumed.append((pool, units))

        return consumed


@dataclass(frozen=True, slots=True)
class PartsRequest:
    """Units by product that one order line needs at one source, all of them or none."""

    line_id: UUID
    source: str
    parts: Mapping[str, Decimal]
    requester: Requester = ANY_REQUESTER
