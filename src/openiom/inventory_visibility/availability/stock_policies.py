"""Stock policies: safety stock, and what is kept back from channels. The documents of kind `stock_policy`."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from openiom.inventory_visibility.events import tell_freed
from openiom.kernel import Problem
from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.configuration import Document, DocumentKind

PAIRS = 100_000
_Row = tuple[str, str, str, str, Decimal, Decimal]
"""Policy, product, source, channel, units and percent."""


class BufferBody(BaseModel):
    """Kept from a channel: so many units, or so many percent of what is on hand; the larger when both are given."""

    model_config = ConfigDict(extra="forbid")

    units: Decimal = Field(Decimal(0), ge=0, max_digits=14, decimal_places=4)
    percent: Decimal = Field(Decimal(0), ge=0, le=100, decimal_places=3)

    @model_validator(mode="after")
    def _says_something(self) -> "BufferBody":
        if not self.units and not self.percent:
            raise ValueError("give units or percent")
        return self


class StockPolicyBody(BaseModel):
    """
    What is not sold although it stands there. The most specific policy decides: one that names the product before one
    that names the source before one for everything.
    """

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    products: list[str] = Field(
        default_factory=list, description="Product numbers; empty is every product"
    )
    sources: list[str] = Field(
        default_factory=list, description="Names of sources; empty is every source"
    )
    safety_stock: Decimal | None = Field(
        None,
        ge=0,
        max_digits=14,
        decimal_places=4,
        description="Units kept from everybody at each product and source",
    )
    buffers: dict[str, BufferBody] = Field(
        default_factory=dict,
        description="What is kept from a channel; * is every channel without one of its own",
    )


def _check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    policy = StockPolicyBody.model_validate(body)
    problems = []
    if policy.safety_stock is None and not policy.buffers:
        problems.append(Problem("body", "keeps nothing back", "give safety_stock or buffers"))
    pairs = max(1, len(policy.products)) * max(1, len(policy.sources))
    if pairs > PAIRS:
        problems.append(
            Problem(
                "products",
                f"names {pairs} products at sources, at most {PAIRS}",
                "split the policy",
            )
        )
    channels = [c.strip().lower() for c in policy.buffers]
    if "" in channels or len(set(channels)) < len(channels):
        problems.append(
            Problem("buffers", "a channel has no name or stands twice", "name each channel once")
        )
    return problems


def _apply(session: Session, documents: Sequence[Document]) -> None:
    rows = [row for d in documents for row in _rows(d.name, StockPolicyBody.model_validate(d.body))]
    _replace(session, [d.name for d in documents], rows)


def _remove(session: Session, names: Sequence[str]) -> None:
    _replace(session, list(names), [])


def _replace(session: Session, names: list[str], rows: Sequence[_Row]) -> None:
    """Have these policies keep back what `rows` say and nothing else; whoever waits learns what came free by it."""
    before = _rules_of(session, names)
    execute(session, "DELETE FROM inventory_visibility.stock_rule WHERE policy = ANY(%s)", (names,))
    copy_rows(
        session,
        "inventory_visibility.stock_rule",
        ("policy", "product", "source", "channel", "units", "percent"),
        rows,
    )
    after = _rules_of(session, names)
    freed = _refresh(
        session, {product for product, _, channel, *_ in before | after if not channel}
    )
    freed |= {(product, source) for product, source, channel, *_ in before ^ after if channel}
    at, actor = _applied(session, names)
    tell_freed(
        session, freed, cause="stock policy", document=", ".join(names)[:400], now=at, actor=actor
    )


def _applied(session: Session, names: list[str]) -> tuple[datetime, str]:
    """When these policies were written last, and by whom."""
    rows = fetch(
        session,
        "SELECT at, actor FROM platform.configuration_document WHERE kind = 'stock_policy' AND name = ANY(%s)"
        " ORDER BY id DESC LIMIT 1",
        (names,),
    )
    return rows[0][0], rows[0][1]


def _rows(name: str, body: StockPolicyBody) -> Iterator[_Row]:
    for product in sorted(set(body.products)) or [""]:
        for source in sorted(set(body.sources)) or [""]:
            if body.safety_stock is not None:
                yield name, product, source, "", body.safety_stock, Decimal(0)
            for channel, buffer in body.buffers.items():
                yield name, product, source, channel.strip(), buffer.units, buffer.percent


def _rules_of(session: Session, policies: list[str]) -> set[tuple[str, str, str, Decimal, Decimal]]:
    """(product, source, channel, units, percent) of all these policies keep back; '' is every product or source."""
    query = "SELECT product, source, channel, units, percent FROM inventory_visibility.stock_rule WHERE policy = ANY(%s)"
    return {(row[0], row[1], row[2], row[3], row[4]) for row in fetch(session, query, (policies,))}


def _refresh(session: Session, products: set[str]) -> set[tuple[str, str]]:
    """Write the safety stock on the stock keys concerned, in the order in which everybody locks them.

    Returns the keys of which less is kept than before.
    """
    if not products:
        return set()
    only = "" if "" in products else " AND product = ANY(%s)"
    rows = fetch(
        session,
        "WITH changed AS (SELECT id, safety_stock AS old, w.units FROM inventory_visibility.stock s CROSS JOIN LATERAL"
        " (SELECT inventory_visibility.safety_stock_of(s.product, s.source) AS units) w WHERE organization = ''"
        f" AND dimensions = '' AND s.safety_stock <> w.units{only} ORDER BY id FOR UPDATE OF s)"
        " UPDATE inventory_visibility.stock s SET safety_stock = c.units FROM changed c WHERE s.id = c.id"
        " RETURNING s.product, s.source, c.units < c.old",
        () if "" in products else (sorted(products),),
    )
    return {(product, source) for product, source, less in rows if less}


STOCK_POLICY = DocumentKind(
    "stock_policy",
    StockPolicyBody,
    21,
    check=_check,
    on_apply=_apply,
    on_delete=_remove,
    references={"product": ("$.products[*]",), "source": ("$.sources[*]",)},
)
