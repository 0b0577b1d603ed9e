"""The earliest day on which everything a request needs can be promised."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import InventoryConfiguration
from openiom.inventory_visibility.measures import ZERO, ProductSource
from openiom.platform.bulk import fetch

from .atp import TICKS
from .decisions import Requester
from .projection import AvailabilityOutlook, outlook

CERTAIN = Decimal(1)


@dataclass(frozen=True, slots=True)
class PromiseRequest:
    """Quantities by product (kits taken apart) that are needed together from one source.

    Attributes:
        source: The source; an empty one means any.
        ahead: Units by product that other waiting requests get first, from any source.
        ahead_of_others: Units that requests of other channels and groups wait for; they get at most
            what is common.
        channel: The channel of the requester.
        customer_group: The customer group of the requester.
    """

    parts: Mapping[str, Decimal]
    source: str = ""
    ahead: Mapping[str, Decimal] = field(default_factory=dict)
    ahead_of_others: Mapping[str, Decimal] = field(default_factory=dict)
    channel: str = ""
    customer_group: str = ""

    @property
    def requester(self) -> Requester:
        return Requester(self.channel, self.customer_group)


@dataclass(frozen=True, slots=True)
class PromiseDate:
    """The first day on which everything can be promised.

    `confidence` is that of the least certain receipt it depends on, from 0 to 1.
    """

    day: date
    confidence: Decimal


class ExpectedReceipt(NamedTuple):
    """A day on which open supply is expected, and the confidence of that date."""

    day: date
    confidence: Decimal


def promise_dates(
    session: Session,
    requests: Sequence[PromiseRequest],
    *,
    configuration: InventoryConfiguration,
    today: date,
) -> list[PromiseDate | None]:
    """Return the earliest day each request can be promised by itself, in six queries for all.

    None means that the schedule never covers it.
    """
    products: set[str] = set()
    for request in requests:
        products.update(request.parts)

    channels = {request.channel for request in requests}
    found = outlook(session, products, configuration=configuration, today=today, channels=channels)
    planner = PromisePlanner(found, _receipts(session, products, today))
    return [planner.promise(request) for request in requests]


class PromisePlanner:
    """Finds promise dates in an outlook. Pure."""

    def __init__(
        self,
        outlook: AvailabilityOutlook,
        receipts: Mapping[ProductSource, Sequence[ExpectedReceipt]],
    ) -> None:
        """Index the rows of the outlook by key, and the sources of each product."""
        self._outlook = outlook
        self._receipts = receipts
        self._row_of = {key: number for number, key in enumerate(outlook.keys)}

        self._sources: dict[str, set[str]] = defaultdict(set)
        for product, source in outlook.keys:
            self._sources[product].add(source)

    def promise(self, request: PromiseRequest) -> PromiseDate | None:
        """Return the earliest promise; of sources with the same day, that of the most certain."""
        atp = self._outlook.view_of(request.requester).atp
        enough_for_all = self._enough_for_all(request, atp)

        best: tuple[int, Decimal, str] | None = None
        for source in self._possible_sources(request):
            enough = enough_for_all.copy()
            for product, quantity in request.parts.items():
                enough &= atp[self._row_of[product, source]] >= _ticks(quantity)

            if not enough.any():
                continue

            offset = int(np.argmax(enough))
            confidence = self._confidence(request, source, self._day(offset))
            candidate = offset, -confidence, source
            best = min(best, candidate) if best else candidate

        if best is None:
            return None

        offset, negative_confidence, _ = best
        return PromiseDate(self._day(offset), -negative_confidence)

    def _day(self, offset: int) -> date:
        return self._outlook.today + timedelta(days=offset)

    def _possible_sources(self, request: PromiseRequest) -> set[str]:
        """Return the sources that have a stock key for every part."""
        sources = set.intersection(*(self._sources[product] for product in request.parts))
        return sources & {request.source} if request.source else sources

    def _enough_for_all(self, request: PromiseRequest, atp: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return on which days the stock of all sources covers those ahead and the request."""
        enough = np.ones(atp.shape[1], dtype=bool)
        common_atp = self._outlook.projection.atp

        for product, quantity in request.parts.items():
            ahead = request.ahead.get(product, ZERO)
            others = request.ahead_of_others.get(product, ZERO)
            if not ahead and not others:
                continue

            rows = [self._row_of[product, source] for source in self._sources[product]]
            everywhere = np.maximum(atp[rows], 0).sum(axis=0)
            common = np.maximum(common_atp[rows], 0).sum(axis=0)
            left = everywhere - np.minimum(common, _ticks(others))
            enough &= left >= _ticks(quantity + ahead)

        return enough

    def _confidence(self, request: PromiseRequest, source: str, by: date) -> Decimal:
        """Return the lowest confidence of the receipts the request may depend on by a day."""
        lowest = CERTAIN
        for product in request.parts:
            for receipt in self._receipts.get((product, source), ()):
                if receipt.day <= by:
                    lowest = min(lowest, receipt.confidence)
        return lowest


def _ticks(quantity: Decimal) -> int:
    """Return a quantity as the ticks in which availability is projected; see `atp.TICKS`."""
    return int(quantity * TICKS)


def _receipts(
    session: Session, products: Collection[str], today: date
) -> dict[ProductSource, list[ExpectedReceipt]]:
    """Return the expected receipts of open supply orders; other dated changes count as certain."""
    found: dict[ProductSource, list[ExpectedReceipt]] = defaultdict(list)
    rows = fetch(
        session,
        "SELECT product, source, expected_date, min(confidence)"
        " FROM inventory_visibility.supply_line"
        " WHERE product = ANY(%s) AND scheduled > 0 AND expected_date >= %s"
        " GROUP BY product, source, expected_date",
        (sorted(products), today),
    )

    for product, source, day, confidence in rows:
        found[product, source].append(ExpectedReceipt(day, confidence))

    return found
