"""Names and shapes of what is counted: measures, stock keys, changes, reservations. Pure values."""

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

ON_HAND: Measure = ("iom", "onhand")
SOFT_RESERVED: Measure = ("iv", "softreservordered")
DISCREPANCY: Measure = ("iom", "discrepancy")
FORMULA: Measure = ("", "on_hand")
OVERDRAFT: Measure = ("", "overdraft")
COVERED: Measure = ("", "covered")
HIERARCHY = ("siteid", "colorid", "sizeid", "styleid")

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Formula:
    """How measures make a stock row: `supply` gives the sign of each in `on_hand`; `reservations` make `reserved`."""

    supply: Mapping[Measure, int]
    reservations: Collection[Measure]


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
    """What a balance is kept for. `dimensions` is canonical text, see `dimension_text`; '' organization is our own."""

    organization: str
    product: str
    source: str
    dimensions: str = ""

    @property
    def root(self) -> "StockKey":
        """The row of the same product at the same source without further dimensions."""
        return self._replace(dimensions="") if self.dimensions else self

    @property
    def family(self) -> tuple[str, str, str]:
        """Every row of a product at a source, whatever its further dimensions."""
        return self[:3]


@dataclass(frozen=True, slots=True)
class MeasureChange:
    """Quantities of one outside event at one stock key. `event_id` makes it idempotent; '' counts every time.

    `dimensions` holds base dimensions (lower case) but not the location, which is `source`.
    """

    organization: str
    product: str
    source: str
    quantities: Mapping[Measure, Decimal]
    event_id: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    document: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """`duplicate`: the event was counted before, and nothing changed. `reason` says why a change was refused."""

    ok: bool
    duplicate: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SoftReserve:
    """A wish to hold `quantity`; a negative one gives back. `check=False` reserves what is not there, on purpose."""

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


@dataclass(frozen=True, slots=True)
class Reserved:
    """The answer to one wish. `invalid` is what was to be given back although nothing held it."""

    ok: bool
    reference: str
    duplicate: bool = False
    reason: str = ""
    invalid: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Unreserve:
    """Give back up to `quantity` units held at a stock key. `reference` must be the key's own; '' is not checked."""

    organization: str
    product: str
    source: str
    quantity: Decimal
    dimensions: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""
    event_id: str = ""
    document: str = ""


def dimension_text(dimensions: Mapping[str, str]) -> str:
    """`colorid=red;siteid=1`: names in order, with `=`, `;` and `%` in values escaped; '' when there are none."""
    return (
        ";".join(f"{name}={_escaped(dimensions[name])}" for name in sorted(dimensions))
        if dimensions
        else ""
    )


def _escaped(value: str) -> str:
    return value.replace("%", "%25").replace(";", "%3B").replace("=", "%3D")


@lru_cache(maxsize=50_000)
def reference_of(key: StockKey) -> str:
    """The reservation id of a stock key: the same for every reservation of that product and those dimension values."""
    text = "\x1f".join((key.organization, key.product, key.source, key.dimensions))
    return sha256(text.encode()).hexdigest()[:32]


def event_key(organization: str, event_id: str) -> str | None:
    """How the ledger keeps the id of an outside event: ids are unique within their organization."""
    return f"{organization}/{event_id}" if event_id else None


def plain(quantity: Decimal) -> str:
    """5, not 5.0000."""
    return f"{quantity.normalize():f}"
