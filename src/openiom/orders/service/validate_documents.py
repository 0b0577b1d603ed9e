"""Which of the arrived documents are orders we can take, and what is wrong with the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from decimal import Decimal
from hashlib import sha256
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.master_data import accepts_write_in_products, existing_names_by_table
from openiom.orders.schemas import ResolvedOrder
from openiom.platform.database import to_json
from openiom.provider_contract import InboundDocument, IntakeResult

_LARGEST = Decimal(10) ** 13
_PLAIN_WORDS = {
    "too_short": "has nothing in it",
    "missing": "is missing",
    "extra_forbidden": "is not part of an order document",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """An order that may be taken. `digest` is equal exactly for equal content."""

    index: int
    instance: str
    document: ResolvedOrder
    digest: str

    @property
    def key(self) -> tuple[str, str]:
        return self.instance, self.document.external_id


def check_documents(
    session: Session, arrived: Sequence[InboundDocument]
) -> tuple[list[Draft], dict[int, IntakeResult]]:
    """The drafts, and by index the refusals of those that are none. Names are looked up in one query."""
    drafts, refused = [], dict[int, IntakeResult]()
    for index, message in enumerate(arrived):
        try:
            drafts.append(_draft(index, message))
        except ValidationError as error:
            refused[index] = refusal(_problems(error, message.document))
        except _Unusable as error:
            refused[index] = refusal([error.problem])
    known = existing_names_by_table(session, _names(drafts))
    missing_products = any(
        x.product not in known["product"] for d in drafts for x in d.document.lines
    )
    free_products = missing_products and accepts_write_in_products(session)
    for draft in drafts:
        unknown = _unknown(draft.document, known, free_products=free_products)
        if problems := [*(_no_such(*one) for one in unknown), *_incomplete(draft.document)]:
            needs = tuple(dict.fromkeys((kind, name) for kind, name, _ in unknown))
            refused[draft.index] = replace(refusal(problems), needs=needs)
    return [d for d in drafts if d.index not in refused], refused


class _Unusable(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


def _draft(index: int, message: InboundDocument) -> Draft:
    text = to_json(message.document)
    if b"\\u0000" in text:
        raise _Unusable(
            Problem("", "holds a NUL character, which no database keeps", "remove it at the source")
        )
    order = ResolvedOrder.model_validate(message.document)
    if order.placed_at.tzinfo is None:
        order.placed_at = order.placed_at.replace(tzinfo=UTC)
    amounts = [order.total_amount, order.shipping_amount, order.discount_amount, order.tax_amount]
    for line in order.lines:
        amounts += (line.unit_price * line.quantity, line.discount, line.tax)
    if max(amounts) >= _LARGEST:
        raise _Unusable(
            Problem("total_amount", f"is {_LARGEST:f} or more", "correct the amounts at the source")
        )
    return Draft(index, message.instance, order, sha256(text).hexdigest()[:32])


def _names(drafts: Sequence[Draft]) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {
        k: set() for k in ("currency", "product", "unit", "account", "price_list")
    }
    for draft in drafts:
        order = draft.document
        names["currency"].add(order.currency)
        names["product"].update(x.product for x in order.lines)
        names["unit"].update(x.unit for x in order.lines)
        if order.account:
            names["account"].add(order.account)
        if order.price_list:
            names["price_list"].add(order.price_list)
    return names


def _unknown(
    order: ResolvedOrder, known: Mapping[str, set[str]], *, free_products: bool
) -> list[tuple[str, str, str]]:
    """Master data the order names and nobody knows: (kind, name, where)."""
    unknown = []
    for table, name in (
        ("currency", order.currency),
        ("account", order.account),
        ("price_list", order.price_list),
    ):
        if name and name not in known[table]:
            unknown.append((table, name, table))
    for i, line in enumerate(order.lines):
        if line.product not in known["product"] and not free_products:
            unknown.append(("product", line.product, f"lines[{i}].product"))
        if line.unit not in known["unit"]:
            unknown.append(("unit", line.unit, f"lines[{i}].unit"))
    return unknown


def _incomplete(order: ResolvedOrder) -> list[Problem]:
    if order.expected_line_count in (None, len(order.lines)):
        return []
    what = f"{len(order.lines)} of {order.expected_line_count} lines arrived"
    return [Problem("lines", what, "send the whole order again")]


def _no_such(table: str, name: str, where: str) -> Problem:
    title = table.replace("_", " ")
    remedy = f"add the {title}, and it replays by itself; or map the key to another"
    return Problem(where, f"there is no {title} {name}", remedy)


def refusal(problems: Sequence[Problem]) -> IntakeResult:
    """The first problem, and how many more there are."""
    first = problems[0]
    others = f" (and {len(problems) - 1} more: {problems[1]})" if len(problems) > 1 else ""
    return IntakeResult(
        ok=False, error=f"{first.what}{others}", where=first.where, remedy=first.remedy
    )


def _problems(error: ValidationError, document: Mapping[str, Any]) -> list[Problem]:
    out = []
    for found in error.errors(include_url=False, include_context=False):
        where = ""
        for part in found["loc"]:
            where += f"[{part}]" if isinstance(part, int) else f".{part}" if where else str(part)
        what = _PLAIN_WORDS.get(found["type"]) or found["msg"].removeprefix("Value error, ")
        if found["type"] not in _PLAIN_WORDS and isinstance(found["input"], str | int | float):
            what = f"{what[0].lower()}{what[1:]}, not {str(found['input'])[:60]!r}"
        out.append(
            Problem(
                where, what, "correct the transformation or the order at its source, then replay"
            )
        )
    return out
