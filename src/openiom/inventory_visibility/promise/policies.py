"""Stock policies: safety stock, and what is kept back from channels. The documents of kind `stock_policy`."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.configuration import Document, DocumentKind

PAIRS = 100_000


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
    products: list[str] = Field(default_factory=list, description="Product numbers; empty is every product")
    sources: list[str] = Field(default_factory=list, description="Names of sources; empty is every source")
    safety_stock: Decimal | None = Field(
        None, ge=0, max_digits=14, decimal_places=4, description="Units kept from everybody at each product and source"
    )
    buffers: dict[str, BufferBody] = Field(
        default_factory=dict, description="What is kept from a channel; * is every channel without one of its own"
    )


def _check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    policy = StockPolicyBody.model_validate(body)
    problems = []
    if policy.safety_stock is None and not policy.buffers:
        problems.append(Problem("body", "keeps nothing back", "give safety_stock or buffers"))
    pairs = max(1, len(policy.products)) * max(1, len(policy.sources))
    if pairs > PAIRS:
        problems.append(Problem("products", f"names {pairs} products at sources, at most {PAIRS}", "split the policy"))
    channels = [c.strip().lower() for c in policy.buffers]
    if "" in channels or len(set(channels)) < len(channels):
        problems.append(Problem("buffers", "a channel has no name or stands twice", "name each channel once"))
    return problems


def _apply(session: Session, documents: Sequence[Document]) -> None:
    names = [d.name for d in documents]
    before = _rules_touching(session, names)
    execute(session, "DELETE FROM inventory_visibility.stock_rule WHERE policy = ANY(%s)", (names,))
    rows = [row for d in documents for row in _rows(d.name, StockPolicyBody.model_validate(d.body))]
    copy_rows(
        session,
        "inventory_visibility.stock_rule",
        ("policy", "product", "source", "channel", "units", "percent"),
        rows,
    )
    _refresh(session, before | _rules_touching(session, names))


def _remove(session: Session, names: Sequence[str]) -> None:
    before = _rules_touching(session, list(names))
    execute(session, "DELETE FROM inventory_visibility.stock_rule WHERE policy = ANY(%s)", (list(names),))
    _refresh(session, before)


def _rows(name: str, body: StockPolicyBody) -> Iterator[tuple[str, str, str, str, Decimal, Decimal]]:
    for product in sorted(set(body.products)) or [""]:
        for source in sorted(set(body.sources)) or [""]:
            if body.safety_stock is not None:
                yield name, product, source, "", body.safety_stock, Decimal(0)
            for channel, buffer in body.buffers.items():
                yield name, product, source, channel.strip(), buffer.units, buffer.percent


def _rules_touching(session: Session, policies: list[str]) -> set[str]:
    """Products whose safety stock these policies name; '' is every product."""
    query = "SELECT DISTINCT product FROM inventory_visibility.stock_rule WHERE policy = ANY(%s) AND channel = ''"
    return {row[0] for row in fetch(session, query, (policies,))}


def _refresh(session: Session, products: set[str]) -> None:
    """Write the safety stock on the stock keys concerned, in the order in which everybody locks them."""
    if not products:
        return
    only = "" if "" in products else " AND product = ANY(%s)"
    execute(
        session,
        "WITH changed AS (SELECT id, w.units FROM inventory_visibility.stock s CROSS JOIN LATERAL"
        " (SELECT inventory_visibility.safety_stock_of(s.product, s.source) AS units) w WHERE organization = ''"
        f" AND dimensions = '' AND s.safety_stock <> w.units{only} ORDER BY id FOR UPDATE OF s)"
        " UPDATE inventory_visibility.stock s SET safety_stock = c.units FROM changed c WHERE s.id = c.id",
        () if "" in products else (sorted(products),),
    )


STOCK_POLICY = DocumentKind(
    "stock_policy",
    StockPolicyBody,
    21,
    check=_check,
    applied=_apply,
    removed=_remove,
    uses={"product": ("$.products[*]",), "source": ("$.sources[*]",)},
)
