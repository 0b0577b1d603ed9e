"""Stock policies: safety stock and channel buffers, in documents of the kind `stock_policy`."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from openiom.inventory_visibility.events import publish_availability_increased
from openiom.inventory_visibility.measures import ZERO, ProductSource
from openiom.kernel import Problem
from openiom.platform.bulk import copy_rows, execute, fetch_as
from openiom.platform.configuration import Document, DocumentKind, last_change

KIND = "stock_policy"
MAX_PAIRS = 100_000


class BufferBody(BaseModel):
    """A channel's buffer: units, percent of on hand, or the larger of both."""

    model_config = ConfigDict(extra="forbid")

    units: Decimal = Field(Decimal(0), ge=0, max_digits=14, decimal_places=4)
    percent: Decimal = Field(Decimal(0), ge=0, le=100, decimal_places=3)

    @model_validator(mode="after")
    def _require_units_or_percent(self) -> "BufferBody":
        if not self.units and not self.percent:
            raise ValueError("give units or percent")
        return self


class StockPolicyBody(BaseModel):
    """Stock that is kept back.

    The most specific policy applies: one that names the product, then one that names the source,
    then one for everything.
    """

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    products: list[str] = Field(
        default_factory=list, description="Product numbers; empty means every product"
    )
    sources: list[str] = Field(
        default_factory=list, description="Names of sources; empty means every source"
    )
    safety_stock: Decimal | None = Field(
        None,
        ge=0,
        max_digits=14,
        decimal_places=4,
        description="Units kept from everyone at each product and source",
    )
    buffers: dict[str, BufferBody] = Field(
        default_factory=dict,
        description="Buffer by channel; * is every channel without a buffer of its own",
    )


class PolicyRule(NamedTuple):
    """What one policy keeps back at a product and source; empty ones mean every one.

    Without a channel `units` are a safety stock, otherwise the rule is the channel's buffer.
    """

    product: str
    source: str
    channel: str
    units: Decimal
    percent: Decimal


def _check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    """Return a problem when a policy keeps nothing, names too much or repeats a channel."""
    policy = StockPolicyBody.model_validate(body)
    problems = []
    if policy.safety_stock is None and not policy.buffers:
        problems.append(Problem("body", "withholds nothing", "give safety_stock or buffers"))

    pairs = max(1, len(policy.products)) * max(1, len(policy.sources))
    if pairs > MAX_PAIRS:
        problems.append(
            Problem(
                "products",
                f"names {pairs} products at sources, at most {MAX_PAIRS}",
                "split the policy",
            )
        )

    channels = {channel.strip().lower() for channel in policy.buffers}
    if "" in channels or len(channels) < len(policy.buffers):
        problems.append(
            Problem(
                "buffers",
                "a channel has no name or is named twice",
                "name each channel once",
            )
        )

    return problems


def rules_of(body: StockPolicyBody) -> Iterator[PolicyRule]:
    """Yield the rules of a policy for each product and source it names."""
    for product in sorted(set(body.products)) or [""]:
        for source in sorted(set(body.sources)) or [""]:
            if body.safety_stock is not None:
                yield PolicyRule(product, source, "", body.safety_stock, ZERO)
            for channel, buffer in body.buffers.items():
                yield PolicyRule(product, source, channel.strip(), buffer.units, buffer.percent)


def _on_apply(session: Session, documents: Sequence[Document]) -> None:
    rows = []
    for document in documents:
        for rule in rules_of(StockPolicyBody.model_validate(document.body)):
            rows.append((document.name, *rule))
    _replace_rules(session, [document.name for document in documents], rows)


def _on_delete(session: Session, names: Sequence[str]) -> None:
    _replace_rules(session, list(names), [])


def _replace_rules(session: Session, names: list[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Replace the rules of these policies and publish where more became available."""
    before = _stored_rules(session, names)
    execute(
        session,
        "DELETE FROM inventory_visibility.stock_policy_rule WHERE policy = ANY(%s)",
        (names,),
    )
    columns = ("policy", *PolicyRule._fields)
    copy_rows(session, "inventory_visibility.stock_policy_rule", columns, rows)
    after = _stored_rules(session, names)
    freed = _update_safety_stock(
        session, {rule.product for rule in before | after if not rule.channel}
    )

    for rule in before ^ after:
        if rule.channel:
            freed.add((rule.product, rule.source))

    now, actor = last_change(session, KIND, names)
    document = ", ".join(names)[:400]
    publish_availability_increased(
        session, freed, cause="stock policy", document=document, now=now, actor=actor
    )


def _stored_rules(session: Session, policies: list[str]) -> set[PolicyRule]:
    """Return the rules these policies have in the read model."""
    rules = fetch_as(
        session,
        PolicyRule,
        "SELECT product, source, channel, units, percent"
        " FROM inventory_visibility.stock_policy_rule WHERE policy = ANY(%s)",
        (policies,),
    )
    return set(rules)


class _SafetyStockChange(NamedTuple):
    product: str
    source: str
    is_lower: bool


def _update_safety_stock(session: Session, products: set[str]) -> set[ProductSource]:
    """Write the safety stock to the stock rows of these products; '' means all products.

    Rows are locked in the order of their ids, as everywhere. Returns the keys whose safety stock
    became lower.
    """
    if not products:
        return set()

    only = "" if "" in products else " AND product = ANY(%s)"
    changes = fetch_as(
        session,
        _SafetyStockChange,
        "WITH changed AS (SELECT id, safety_stock AS old, w.units"
        " FROM inventory_visibility.stock s CROSS JOIN LATERAL"
        " (SELECT inventory_visibility.safety_stock_of(s.product, s.source) AS units) w"
        " WHERE organization = '' AND dimensions = ''"
        f" AND s.safety_stock <> w.units{only} ORDER BY id FOR UPDATE OF s)"
        " UPDATE inventory_visibility.stock s SET safety_stock = c.units FROM changed c"
        " WHERE s.id = c.id RETURNING s.product, s.source, c.units < c.old AS is_lower",
        () if "" in products else (sorted(products),),
    )
    return {(change.product, change.source) for change in changes if change.is_lower}


STOCK_POLICY = DocumentKind(
    KIND,
    StockPolicyBody,
    21,
    check=_check,
    on_apply=_on_apply,
    on_delete=_on_delete,
    references={"product": ("$.products[*]",), "source": ("$.sources[*]",)},
)
