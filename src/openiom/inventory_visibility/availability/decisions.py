"""Who may take how much of a stock key: what is kept back, what is kept for whom, settled on paper."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

NOTHING = Decimal(0)
EVERY_CHANNEL = "*"
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Requester:
    """On whose behalf stock is asked for; '' is nobody in particular, who has no allocation and no buffer."""

    channel: str = ""
    customer_group: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        """Values from the highest group on; a customer group counts within its channel only."""
        path = (self.channel.lower(), self.customer_group.lower())
        return path[: path.index("")] if "" in path else path


NOBODY = Requester()


@dataclass(slots=True)
class Pool:
    """Units of one stock key allocated to a path of groups, highest first."""

    id: int
    groups: tuple[str, ...]
    allocated: Decimal

    def serves(self, requester: Requester) -> bool:
        """Whether the requester stands in this pool's group, or in a group below it."""
        own = tuple(g.lower() for g in self.groups)
        return requester.path[: len(own)] == own


@dataclass(frozen=True, slots=True)
class Rule:
    """Kept back at product and source ('' every one): from everybody (channel ''), or from one channel."""

    product: str
    source: str
    channel: str
    units: Decimal
    percent: Decimal


def buffer_of(rules: Iterable[Rule], key: Key, channel: str, on_hand: Decimal) -> Decimal:
    """Units kept from `channel`."""
    best = rule_for(rules, key, channel)
    return max(best.units, on_hand * best.percent / 100) if best else NOTHING


def rule_for(rules: Iterable[Rule], key: Key, channel: str) -> Rule | None:
    """What is kept from a channel: the most specific rule by product, then source, then channel; `*` is any channel."""
    if not channel:
        return None
    named = [
        rule
        for rule in rules
        if rule.channel
        and rule.product in (key[0], "")
        and rule.source in (key[1], "")
        and rule.channel.lower() in (channel.lower(), EVERY_CHANNEL)
    ]
    return max(named, key=_specific, default=None)


def _specific(rule: Rule) -> tuple[bool, bool, bool]:
    return rule.product != "", rule.source != "", rule.channel != EVERY_CHANNEL


@dataclass(slots=True)
class Shelf:
    """What is kept at one stock key; pools shrink as their owners take."""

    key: Key
    safety_stock: Decimal = NOTHING
    pools: list[Pool] = field(default_factory=list)

    def offers(
        self, requester: Requester, *, on_hand: Decimal, free: Decimal, rules: Sequence[Rule]
    ) -> Decimal:
        """Of the `free` (unreserved) units, those the requester may have: its own allocations, and what is common."""
        own = sum((p.allocated for p in self.pools if p.serves(requester)), NOTHING)
        common = free - self.safety_stock - sum((p.allocated for p in self.pools), NOTHING)
        if common < 0:
            return max(NOTHING, own + common)
        return own + max(NOTHING, common - buffer_of(rules, self.key, requester.channel, on_hand))

    def take(self, requester: Requester, quantity: Decimal) -> list[tuple[Pool, Decimal]]:
        """Use up the requester's allocations, the most specific first; the rest comes from what is common."""
        taken = []
        for pool in sorted(self.pools, key=lambda p: -len(p.groups)):
            if quantity and pool.allocated and pool.serves(requester):
                part = min(quantity, pool.allocated)
                pool.allocated -= part
                quantity -= part
                taken.append((pool, part))
        return taken


@dataclass(frozen=True, slots=True)
class Wish:
    """`parts` (units by product) of one order line, all at `source` or not at all."""

    line_id: UUID
    source: str
    parts: Mapping[str, Decimal]
    requester: Requester = NOBODY
