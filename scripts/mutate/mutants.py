"""The mutants of a source file: which nodes are changed and to what."""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from types import UnionType
from typing import Any

EXCLUDED_LINE = "pragma: no mutate"
LOGGERS = {"log", "logger", "logging", "_logger", "_log"}
EXCLUDED_FIELDS = {"annotation", "returns", "decorator_list", "type_params", "bases"}
CONTAINER_TYPES = {"dict", "list", "tuple", "set"}
EXCLUDED_FUNCTIONS = {"__repr__", "__str__"}

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    `node` is the position of the changed node in `ast.walk` order, `variant` the number of the
    change among those of that node. `lines` are those of the statement: a test that executes one
    of them reaches the mutant.
    """

    path: str
    line: int
    lines: range
    node: int
    variant: int
    before: str
    after: str
    runs_at_import: bool

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.before}  ->  {self.after}"


@dataclass(frozen=True)
class Context:
    """Where a node is.

    `in_result` means inside a return value or a comparison, `in_message` inside a string that is
    formatted or passed on, so that it is text for a reader.
    """

    lines: range = range(0)
    in_function: bool = False
    in_result: bool = False
    in_message: bool = False


def find_mutants(path: str, source: str) -> list[Mutant]:
    """Return every mutant of a file, in the order of its syntax tree."""
    module = ast.parse(source)
    lines = source.splitlines()
    contexts = dict(_contexts(module, Context()))

    found: list[Mutant] = []
    for index, node in enumerate(ast.walk(module)):
        context = contexts.get(node)
        if context is None or not isinstance(node, ast.expr | ast.stmt):
            continue
        if EXCLUDED_LINE in lines[node.lineno - 1]:
            continue

        for variant, changed in enumerate(_changes(node, context)):
            found.append(
                Mutant(
                    path=path,
                    line=node.lineno,
                    lines=context.lines,
                    node=index,
                    variant=variant,
                    before=_text(node),
                    after=_text(changed),
                    runs_at_import=not context.in_function,
                )
            )

    return found


def mutated_module(source: str, mutant: Mutant) -> ast.Module:
    """Return the syntax tree of the file with the change of `mutant`."""
    module = ast.parse(source)
    contexts = dict(_contexts(module, Context()))
    target = list(ast.walk(module))[mutant.node]
    changed = list(_changes(target, contexts[target]))[mutant.variant]
    _Replacement(target, changed).visit(module)
    return ast.fix_missing_locations(module)


class _Replacement(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, target: ast.AST, replacement: ast.AST) -> None:
        self.target = target
        self.replacement = replacement

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.target:
            return ast.copy_location(self.replacement, node)
        return self.generic_visit(node)


def _contexts(node: ast.AST, context: Context) -> Iterator[tuple[ast.AST, Context]]:
    """Yield the nodes that may be mutated, each with its context."""
    if _is_excluded(node):
        return

    if isinstance(node, ast.stmt):
        context = replace(context, lines=_statement_lines(node))

    yield node, context
    inner = _inner_context(node, context)

    for child in _mutable_children(node):
        yield from _contexts(child, inner)


def _inner_context(node: ast.AST, context: Context) -> Context:
    """Return the context of the children of `node`."""
    if isinstance(node, FUNCTION):
        return replace(context, in_function=True)
    if isinstance(node, ast.Lambda):
        return replace(context, in_function=True, in_result=True)
    if isinstance(node, ast.Return | ast.Compare):
        return replace(context, in_result=True)
    if isinstance(node, ast.Call | ast.JoinedStr):
        return replace(context, in_message=True)

    return context


def _is_excluded(node: ast.AST) -> bool:
    """Return whether a node and all below it are left as they are."""
    if isinstance(node, FUNCTION):
        return node.name in EXCLUDED_FUNCTIONS
    if isinstance(node, ast.Call):
        return _root_name(node.func).lower() in LOGGERS
    if isinstance(node, ast.If):
        return _text(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'")
    return isinstance(node, ast.Assert | ast.Import | ast.ImportFrom)


def _statement_lines(node: ast.stmt) -> range:
    """Return the lines of a statement; of one with a body only the lines before the body."""
    body = getattr(node, "body", None)
    last = body[0].lineno - 1 if isinstance(body, list) else node.end_lineno or node.lineno
    return range(node.lineno, max(node.lineno, last) + 1)


def _root_name(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _mutable_children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the children of a node without annotations, decorators and types."""
    excluded = EXCLUDED_FIELDS
    if isinstance(node, ast.Subscript) and _text(node.value) in CONTAINER_TYPES:
        excluded = EXCLUDED_FIELDS | {"slice"}
    for field in node._fields:
        if field not in excluded:
            yield from _nodes_of(getattr(node, field, None))


def _nodes_of(value: object) -> Iterator[ast.AST]:
    """Yield the nodes in a field, which is a node, a list of nodes or a plain value."""
    for child in value if isinstance(value, list) else [value]:
        if isinstance(child, ast.AST) and not isinstance(child, ast.arguments):
            yield child


def _changes(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """Yield the changed copies of one node."""
    for kinds, changes in CHANGES.items():
        if isinstance(node, kinds):
            yield from changes(node, context)


def _copy(node: ast.AST, **fields: object) -> ast.AST:
    """Return a shallow copy of `node` with other values in some of its fields."""
    changed = copy.copy(node)
    for field, value in fields.items():
        setattr(changed, field, value)
    return changed


def _changed_comparisons(node: ast.Compare, _context: Context) -> Iterator[ast.AST]:
    for index, operator in enumerate(node.ops):
        operators = list(node.ops)
        operators[index] = COMPARISONS[type(operator)]()
        yield _copy(node, ops=operators)


def _changed_boolean(node: ast.BoolOp, _context: Context) -> Iterator[ast.AST]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield _copy(node, op=other)


def _removed_negation(node: ast.UnaryOp, _context: Context) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.Not | ast.USub):
        yield node.operand


def _changed_sum(node: ast.BinOp, context: Context) -> Iterator[ast.AST]:
    is_type_union = isinstance(node.op, ast.BitOr) and not context.in_function
    is_concatenation = _is_text(node.left) or _is_text(node.right)
    other = ARITHMETIC.get(type(node.op))
    if other and not is_type_union and not is_concatenation:
        yield _copy(node, op=other())


def _changed_increment(node: ast.AugAssign, _context: Context) -> Iterator[ast.AST]:
    other = ARITHMETIC.get(type(node.op))
    if other and not _is_text(node.value):
        yield _copy(node, op=other())


def _is_text(node: ast.expr) -> bool:
    """Return whether an operand is a string, so that the operator is no arithmetic."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    return isinstance(node, ast.JoinedStr)


def _forced_conditions(node: ast.If | ast.IfExp, _context: Context) -> Iterator[ast.AST]:
    yield _copy(node, test=ast.Constant(True))
    yield _copy(node, test=ast.Constant(False))


def _skipped_loop(node: ast.While, _context: Context) -> Iterator[ast.AST]:
    yield _copy(node, test=ast.Constant(False))


def _changed_constant(node: ast.Constant, context: Context) -> Iterator[ast.AST]:
    """Yield another value for a constant of a return or comparison; text for readers stays."""
    value = node.value
    if not context.in_result:
        return

    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and not context.in_message:
        yield ast.Constant(f"{value}_mutated")


def _changed_decimal(node: ast.Call, context: Context) -> Iterator[ast.AST]:
    """Yield another number for `Decimal("...")` in a return or comparison."""
    is_decimal = _text(node.func) == "Decimal" and len(node.args) == 1
    if not is_decimal or not context.in_result:
        return
    argument = node.args[0]
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        number = ast.Constant(str(Decimal(argument.value) + 1))
        yield _copy(node, args=[number])


CHANGES: dict[type[ast.AST] | UnionType, Callable[[Any, Context], Iterator[ast.AST]]] = {
    ast.Compare: _changed_comparisons,
    ast.BoolOp: _changed_boolean,
    ast.UnaryOp: _removed_negation,
    ast.BinOp: _changed_sum,
    ast.AugAssign: _changed_increment,
    ast.If | ast.IfExp: _forced_conditions,
    ast.While: _skipped_loop,
    ast.Constant: _changed_constant,
    ast.Call: _changed_decimal,
}


def _text(node: ast.AST) -> str:
    """Return the source of a node on one line; of a statement only its head."""
    if isinstance(node, ast.If | ast.While):
        keyword = "if" if isinstance(node, ast.If) else "while"
        return f"{keyword} {ast.unparse(node.test)}"
    return " ".join(ast.unparse(node).split())
