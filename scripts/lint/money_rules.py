"""Money is rounded in one place, `openiom.kernel.money`."""

import ast
import re
from collections.abc import Iterator

from .findings import Finding, Rule, Tree

MONEY_MODULE = "src/openiom/kernel/money.py"
PRODUCT = ("src/openiom/",)
WORDS = (
    "amount",
    "cost",
    "discount",
    "fallback_rate",
    "money",
    "price",
    "revenue",
    "saving",
    "surcharge",
    "tax",
)
MONEY = re.compile(rf"(?i)(?<![a-z])(?:{'|'.join(WORDS)})s?(?![a-z])")
SQL_ROUND = re.compile(r"(?i)\bround\(([^()]*(?:\([^()]*\))?[^()]*),\s*\d+\s*\)")
PLACES = re.compile(r"\.\d+f")
FORMATTED_CURRENCY = re.compile(r"\{[^{}]*:[^{}]*\.\d+f\}\s*\{currency\}")
ADVICE = (
    "rounds money with fixed digits: use round_money, round_amount, amount_text, share_money or"
    " round_cost of openiom.kernel"
)


def money_rounding(tree: Tree) -> Iterator[Finding]:
    """Refuse to round or format money outside `kernel.money`."""
    for name in tree.matching(under=PRODUCT, suffix=".py"):
        if name == MONEY_MODULE:
            continue

        for node in tree.walk(name):
            if _rounds_money(node):
                yield Finding(name, getattr(node, "lineno", 1), "money-rounding", ADVICE)


def _rounds_money(node: ast.AST) -> bool:
    """Return whether a node rounds something that is named like money."""
    if isinstance(node, ast.Call):
        return _is_rounding_call(node)
    if isinstance(node, ast.FormattedValue):
        spec = ast.unparse(node.format_spec) if node.format_spec else ""
        return bool(PLACES.search(spec)) and _is_money(node.value)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _is_rounding_text(node.value)
    return False


def _is_rounding_call(call: ast.Call) -> bool:
    """Return whether a call is `round(money, 2)`, `money.round(2)` or `money.quantize(...)`."""
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "round" and len(call.args) == 2 and _is_money(call.args[0])
    if not isinstance(function, ast.Attribute) or not call.args:
        return False
    if function.attr == "quantize":
        return _is_money(function.value)

    has_digits = isinstance(call.args[0], ast.Constant)
    return function.attr == "round" and has_digits and _is_money(function.value)


def _is_rounding_text(text: str) -> bool:
    """Return whether a text is SQL that rounds money, or a template of money."""
    if FORMATTED_CURRENCY.search(text):
        return True
    return any(MONEY.search(rounded) for rounded in SQL_ROUND.findall(text))


def _is_money(node: ast.AST) -> bool:
    return bool(MONEY.search(ast.unparse(node)))


MONEY_RULES: tuple[Rule, ...] = (money_rounding,)
