"""Validate order documents: which can be received, and what is wrong with the others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.orm import Session

from openiom.documents import OrderWithdrawalDocument
from openiom.kernel import Problem
from openiom.master_data import accepts_write_in_products, existing_names_by_table
from openiom.orders.decisions import LineAmounts, OrderAmounts, Totals, compute_totals
from openiom.orders.line_quantities import LineQuantity, QuantityProblem, QuantityReader
from openiom.orders.schemas import ResolvedOrder
from openiom.platform.database import to_json
from openiom.provider_contract import InboundDocument, IntakeResult

_AMOUNT_LIMIT = Decimal(10) ** 13
_PLAIN_MESSAGES = {
    "too_short": "has nothing in it",
    "missing": "is missing",
    "extra_forbidden": "is not part of an order document",
}
_MASTER_DATA = ("currency", "product", "unit", "account", "price_list")


@dataclass(slots=True)
class OrderDraft:
    """A valid order document. `digest` is equal exactly for equal content.

    `quantities` are those of its lines, in their order, once they have been read.
    """

    index: int
    instance: str
    document: ResolvedOrder
    digest: str
    quantities: Sequence[LineQuantity] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.instance, self.document.external_id


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An order that its source does not want fulfilled, of which nothing else could be read."""

    index: int
    instance: str
    document: OrderWithdrawalDocument

    @property
    def key(self) -> tuple[str, str]:
        return self.instance, self.document.external_id


class Rejection(NamedTuple):
    """Everything wrong with a document, and the master data that could mend it."""

    problems: Sequence[Problem]
    needs: tuple[tuple[str, str], ...] = ()


class _UsedName(NamedTuple):
    """A name of master data that an order uses, and where."""

    kind: str
    name: str
    where: str


def split_withdrawals(
    documents: Sequence[InboundDocument],
) -> tuple[list[Withdrawal], dict[int, InboundDocument]]:
    """Return the withdrawals, and the other documents by index."""
    withdrawals: list[Withdrawal] = []
    whole: dict[int, InboundDocument] = {}
    for index, message in enumerate(documents):
        if "lines" in message.document:
            whole[index] = message
            continue

        try:
            document = OrderWithdrawalDocument.model_validate(message.document)
        except ValidationError:
            whole[index] = message
        else:
            withdrawals.append(Withdrawal(index, message.instance, document))

    return withdrawals, whole


def check_documents(
    session: Session, documents: Mapping[int, InboundDocument]
) -> tuple[list[OrderDraft], dict[int, IntakeResult]]:
    """Return the valid documents, and the refusals of the others by index.

    Names of master data are looked up in one query, units and stock units in two more.
    """
    valid, rejected = examine_documents(session, documents)
    refused: dict[int, IntakeResult] = {}
    for index, rejection in rejected.items():
        refused[index] = replace(refusal(rejection.problems), needs=rejection.needs)

    return valid, refused


def examine_documents(
    session: Session, documents: Mapping[int, InboundDocument]
) -> tuple[list[OrderDraft], dict[int, Rejection]]:
    """Return the valid documents, and every problem of the others by index."""
    drafts: list[OrderDraft] = []
    refused: dict[int, Rejection] = {}
    for index, message in documents.items():
        try:
            drafts.append(_draft(index, message))
        except ValidationError as error:
            refused[index] = Rejection(_problems(error))
        except _Unusable as error:
            refused[index] = Rejection([error.problem])

    known = existing_names_by_table(session, _names(drafts))
    any_product = _accepts_any_product(session, drafts, known["product"])
    reader = QuantityReader.load(session, sorted(known["product"]))

    valid: list[OrderDraft] = []
    for draft in drafts:
        unknown = _unknown_names(draft.document, known, any_product=any_product)
        problems = [_unknown_problem(name) for name in unknown]
        needs = [(name.kind, name.name) for name in unknown]
        problems += _missing_lines(draft.document)

        quantities: list[LineQuantity] = []
        for index, line in enumerate(draft.document.lines):
            if line.unit not in known["unit"]:
                continue

            quantity = reader.read(line, f"lines[{index}]")
            if isinstance(quantity, QuantityProblem):
                problems.append(quantity.problem)
                needs += quantity.needs
            else:
                quantities.append(quantity)

        if problems:
            distinct = tuple(dict.fromkeys(needs))
            refused[draft.index] = Rejection(problems, distinct)
        else:
            draft.quantities = quantities
            valid.append(draft)

    return valid, refused


class _Unusable(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


def _draft(index: int, message: InboundDocument) -> OrderDraft:
    text = to_json(message.document)
    if b"\\u0000" in text:
        raise _Unusable(
            Problem("", "contains a NUL character, which cannot be stored", "remove it")
        )

    order = ResolvedOrder.model_validate(message.document)
    if _largest_amount(order) >= _AMOUNT_LIMIT:
        what = f"is {_AMOUNT_LIMIT:f} or more"
        raise _Unusable(Problem("total_amount", what, "correct the amounts at the source"))

    return OrderDraft(index, message.instance, order, sha256(text).hexdigest()[:32])


def _largest_amount(order: ResolvedOrder) -> Decimal:
    amounts = [order.total_amount, order.shipping_amount, order.discount_amount, order.tax_amount]
    amounts += (order.fees_amount, order.credit_amount)
    for line in order.lines:
        amounts += (line.unit_price * line.quantity, line.discount, line.tax)
    return max(amounts)


def totals_of(order: ResolvedOrder) -> Totals:
    """Return the totals of an order document."""
    return compute_totals(
        [LineAmounts(x.quantity, x.unit_price, x.discount, x.tax) for x in order.lines],
        OrderAmounts(
            shipping=order.shipping_amount,
            discount=order.discount_amount,
            tax=order.tax_amount,
            fees=order.fees_amount,
            credit=order.credit_amount,
        ),
        stated_total=order.total_amount,
        currency=order.currency,
    )


def _names(drafts: Sequence[OrderDraft]) -> dict[str, set[str]]:
    """Return the names of master data these orders use, by kind."""
    names: dict[str, set[str]] = {kind: set() for kind in _MASTER_DATA}
    for draft in drafts:
        for used in _used_names(draft.document):
            names[used.kind].add(used.name)
    return names


def _accepts_any_product(
    session: Session, drafts: Sequence[OrderDraft], known_products: set[str]
) -> bool:
    """Return whether products that do not exist are accepted; read only when some do not."""
    for draft in drafts:
        for line in draft.document.lines:
            if line.product not in known_products:
                return accepts_write_in_products(session)
    return False


def _unknown_names(
    order: ResolvedOrder, known: Mapping[str, set[str]], *, any_product: bool
) -> list[_UsedName]:
    """Return the names an order uses that master data does not have.

    `known` are the names that exist by kind. With `any_product` every product is accepted.
    """
    unknown: list[_UsedName] = []
    for used in _used_names(order):
        if used.kind == "product" and any_product:
            continue

        if used.name not in known[used.kind]:
            unknown.append(used)

    return unknown


def _used_names(order: ResolvedOrder) -> Iterator[_UsedName]:
    """Return the names of master data that an order uses."""
    yield _UsedName("currency", order.currency, "currency")
    if order.account:
        yield _UsedName("account", order.account, "account")

    if order.price_list:
        yield _UsedName("price_list", order.price_list, "price_list")

    for i, line in enumerate(order.lines):
        yield _UsedName("product", line.product, f"lines[{i}].product")
        yield _UsedName("unit", line.unit, f"lines[{i}].unit")


def _unknown_problem(unknown: _UsedName) -> Problem:
    title = unknown.kind.replace("_", " ")
    remedy = f"add the {title}, and the order is replayed; or map the key to another"
    return Problem(unknown.where, f"there is no {title} {unknown.name}", remedy)


def _missing_lines(order: ResolvedOrder) -> list[Problem]:
    if order.expected_line_count in (None, len(order.lines)):
        return []
    what = f"{len(order.lines)} of {order.expected_line_count} lines arrived"
    return [Problem("lines", what, "send the whole order again")]


def refusal(problems: Sequence[Problem]) -> IntakeResult:
    """Return a refusal with the first problem, and how many more there are."""
    first = problems[0]
    error = first.what
    if len(problems) > 1:
        error += f" (and {len(problems) - 1} more: {problems[1]})"
    return IntakeResult(ok=False, error=error, where=first.where, remedy=first.remedy)


def _problems(error: ValidationError) -> list[Problem]:
    remedy = "correct the transformation or the order at its source, then replay"
    problems: list[Problem] = []
    for details in error.errors(include_url=False, include_context=False):
        problems.append(Problem(_location(details["loc"]), _message(details), remedy))
    return problems


def _location(path: Sequence[int | str]) -> str:
    """Return a path such as `lines[0].unit`."""
    where = ""
    for part in path:
        if isinstance(part, int):
            where += f"[{part}]"
        elif where:
            where += f".{part}"
        else:
            where = part

    return where


def _message(details: ErrorDetails) -> str:
    if details["type"] in _PLAIN_MESSAGES:
        return _PLAIN_MESSAGES[details["type"]]
    message = details["msg"].removeprefix("Value error, ")
    value = details["input"]
    if not isinstance(value, str | int | float):
        return message
    return f"{message[0].lower()}{message[1:]}, not {str(value)[:60]!r}"
