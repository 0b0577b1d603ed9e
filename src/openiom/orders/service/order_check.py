"""Check an order entered by hand: its totals and every problem, before it is placed."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy.orm import Session

from openiom.kernel import Problem, amount_text
from openiom.master_data import stock_units, unit_conversions
from openiom.orders.decisions import LineAmounts, OrderAmounts, compute_totals
from openiom.orders.models import MANUAL_NUMBERS
from openiom.orders.schemas import CheckedLine, OrderCheck, ProblemResponse
from openiom.provider_contract import InboundDocument

from .validate_documents import examine_documents

MANUAL = "manual"
NUMBER_PREFIX = "M"
_DELIVERED_TO = ("line1", "city", "postal_code", "country")


def check_order(session: Session, order: Mapping[str, Any], *, number: str) -> OrderCheck:
    """Return the totals of an order, and what is wrong with it; nothing is stored.

    The total of the answer is what the order says it costs when it is placed. Amounts that cannot
    be read count as zero here, and are among the problems.
    """
    currency = str(order.get("currency", ""))
    lines = _lines(order)
    amounts = [_line_amounts(line) for line in lines]
    header = OrderAmounts(
        shipping=_amount(order, "shipping_amount"),
        discount=_amount(order, "discount_amount"),
        tax=_amount(order, "tax_amount"),
        fees=_amount(order, "fees_amount"),
    )
    computed = compute_totals(amounts, header, stated_total=Decimal(0), currency=currency)
    total = computed.subtotal + computed.tax + header.shipping + header.fees - header.discount
    problems = _problems(session, {**order, "total_amount": str(max(total, Decimal(0)))})
    if total < 0:
        what = "is more than the order costs"
        problems.append(Problem("discount_amount", what, "enter a lower discount"))

    return OrderCheck(
        number=number,
        currency=currency,
        subtotal=amount_text(computed.subtotal, currency),
        shipping=amount_text(header.shipping, currency),
        discount=amount_text(header.discount, currency),
        tax=amount_text(computed.tax, currency),
        total=amount_text(total, currency),
        lines=_checked_lines(session, lines, amounts, currency),
        problems=[
            ProblemResponse(what=found.what, where=found.where, remedy=found.remedy)
            for found in problems
        ],
    )


def next_manual_number(session: Session) -> str:
    """Return a number for an order that is entered by hand; it is not given twice."""
    return f"{NUMBER_PREFIX}{session.scalar(MANUAL_NUMBERS)}"


def _problems(session: Session, order: Mapping[str, Any]) -> list[Problem]:
    """Return what prevents an order from being placed, and from being delivered."""
    _, rejected = examine_documents(session, {0: InboundDocument(0, MANUAL, order)})
    problems = list(rejected[0].problems) if rejected else []
    address = order.get("ship_to")
    if not isinstance(address, Mapping):
        return problems

    for name in _DELIVERED_TO:
        if not str(address.get(name, "")).strip():
            remedy = "enter it, so that the order can be delivered"
            problems.append(Problem(f"ship_to.{name}", "is missing", remedy))

    return problems


def _checked_lines(
    session: Session,
    lines: list[Mapping[str, Any]],
    amounts: list[LineAmounts],
    currency: str,
) -> list[CheckedLine]:
    units = unit_conversions(session)
    products = [str(line.get("product", "")) for line in lines]
    in_stock = stock_units(session, products)
    checked: list[CheckedLine] = []
    for line, product, amount in zip(lines, products, amounts, strict=True):
        unit = str(line.get("unit", "")) or in_stock.get(product, "")
        conversion = units.get(unit)
        total = amount.unit_price * amount.quantity - amount.discount
        checked.append(
            CheckedLine(
                unit_decimals=conversion.decimals if conversion else 0,
                amount=amount_text(total, currency),
            )
        )

    return checked


def _lines(order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    lines = order.get("lines")
    if not isinstance(lines, list):
        return []
    return [line if isinstance(line, Mapping) else {} for line in lines]


def _line_amounts(line: Mapping[str, Any]) -> LineAmounts:
    return LineAmounts(
        _amount(line, "quantity"),
        _amount(line, "unit_price"),
        _amount(line, "discount"),
        _amount(line, "tax"),
    )


def _amount(values: Mapping[str, Any], name: str) -> Decimal:
    """Return an amount, zero for one that cannot be read or is out of range."""
    try:
        amount = Decimal(str(values.get(name, 0)))
    except InvalidOperation:
        return Decimal(0)
    return amount if amount.is_finite() and abs(amount) < Decimal(10) ** 13 else Decimal(0)
