"""Pure values: measures, formulas, stock keys, measure changes and soft-reservation requests."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

Measure = tuple[str, str]
"""(data source, physical measure), both in lower case."""

ProductSource = tuple[str, str]
"""(product, source)."""

Family = tuple[str, str, str]
"""(organization, product, source): all stock keys of a product at a source."""

ON_HAND: Measure = ("iom", "onhand")
SOFT_RESERVED: Measure = ("iv", "softreservordered")
DISCREPANCY: Measure = ("iom", "discrepancy")
FORMULA: Measure = ("", "on_hand")
OVERDRAFT: Measure = ("", "overdraft")
BACKED_BY_VARIANTS: Measure = ("", "backed_by_variants")
HIERARCHY = ("siteid", "colorid", "sizeid", "styleid")

ZERO = Decimal(0)
LARGEST = Decimal(10) ** 13
MAX_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Formula:
    """How measures add up to a stock row.

    `supply` gives the sign of each measure in `on_hand`; the measures in `reservations` add up to
    `reserved`. `allocations` gives the sign of each allocation measure in what may be reserved.
    These do not move on hand, because allocated units are still there: a reservation with a check
    reads them.
    """

    supply: Mapping[Measure, int]
    reservations: Collection[Measure]
    allocations: Mapping[Measure, int] = field(default_factory=dict)


DEFAULT_FORMULA = Formula(
    supply={
        ON_HAND: 1,
        ("fno", "physicalinvent"): 1,
        ("erp", "unrestricted"): 1,
        ("erp", "qualityinspection"): 1,
        ("pos", "posinbound"): 1,
        ("pos", "posoutbound"): -1,
        ("pos", "inbound"): 1,
        ("pos", "outbound"): -1,
        ("fno", "ordered"): 1,
        ("fno", "arrived"): 1,
        ("iv", "ordered"): 1,
        ("fno", "reservphysical"): -1,
        ("fno", "reservordered"): -1,
        ("iv", "reservphysical"): -1,
        ("iv", "reservordered"): -1,
    },
    reservations=frozenset({SOFT_RESERVED, ("iv", "softreservphysical")}),
)


class StockKey(NamedTuple):
    """The key of a balance.

    `organization` is empty for the own company; `dimensions` is the text `dimension_text` returns.
    """

    organization: str
    product: str
    source: str
    dimensions: str = ""

    @property
    def root(self) -> "StockKey":
        """The key of the same product and source without further dimensions."""
        return self._replace(dimensions="") if self.dimensions else self

    @property
    def family(self) -> Family:
        """The product and source of this key, whatever its further dimensions."""
        return self[:3]


@dataclass(slots=True)
class MeasureChange:
    """Quantities of one external event at one stock key.

    An event with an `event_id` is applied once; events without one are always applied.
    `dimensions` are base dimensions in lower case, without the location, which is `source`.
    """

    organization: str
    product: str
    source: str
    quantities: Mapping[Measure, Decimal]
    event_id: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    document: str = ""


@dataclass(slots=True)
class PostingResult:
    """The outcome of one change.

    `duplicate` means that the event was applied before and nothing changed; `reason` explains a
    refusal.
    """

    ok: bool
    duplicate: bool = False
    reason: str = ""


@dataclass(slots=True)
class SoftReservationRequest:
    """A request to reserve `quantity` units, or to unreserve them when it is negative.

    With `check=False` units are reserved even if they are not available.
    """

    organization: str
    product: str
    source: str
    quantity: Decimal
    dimensions: Mapping[str, str] = field(default_factory=dict)
    data_source: str = "iv"
    measure: str = "softreservordered"
    check: bool = True
    expires_at: datetime | None = None
    event_id: str = ""
    document: str = ""
    line_id: UUID | None = None


@dataclass(slots=True)
class ReservationResult:
    """The outcome of one request; `invalid` units were to be unreserved but are not reserved."""

    ok: bool
    reference: str
    duplicate: bool = False
    reason: str = ""
    invalid: Decimal = ZERO


@dataclass(slots=True)
class UnreserveRequest:
    """A request to unreserve up to `quantity` units at a stock key.

    A `reference` must be that of the stock key; an empty one is not checked.
    """

    organization: str
    product: str
    source: str
    quantity: Decimal
    dimensions: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""
    event_id: str = ""
    document: str = ""


def dimension_text(dimensions: Mapping[str, str]) -> str:
    """Return dimensions as canonical text such as `colorid=red;siteid=1`, '' when there are none.

    Names are sorted; `=`, `;` and `%` in values are escaped.
    """
    if not dimensions:
        return ""
    return ";".join(f"{name}={_escape(dimensions[name])}" for name in sorted(dimensions))


def _escape(value: str) -> str:
    return value.replace("%", "%25").replace(";", "%3B").replace("=", "%3D")


@lru_cache(maxsize=50_000)
def reference_of(key: StockKey) -> str:
    """Return the reservation id of a stock key, shared by all reservations of that key."""
    text = "\x1f".join((key.organization, key.product, key.source, key.dimensions))
    return sha256(text.encode()).hexdigest()[:32]


def event_key(organization: str, event_id: str) -> str | None:
    """Return an external event's id as the ledger stores it: unique within its organization."""
    return f"{organization}/{event_id}" if event_id else None


def is_quantity(quantity: Decimal) -> bool:
    """Return whether a balance can store this quantity exactly."""
    exponent = quantity.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -MAX_DECIMALS and abs(quantity) < LARGEST


def format_quantity(quantity: Decimal) -> str:
    """Return a quantity without trailing zeros: 5 rather than 5.0000."""
    return f"{quantity.normalize():f}"
