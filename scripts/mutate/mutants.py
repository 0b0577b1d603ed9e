"""The mutants of a source file: which nodes are changed and to what."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

EXCLUDED_LINE = "pragma: no mutate"
LOGGERS = {"log", "logger", "logging", "_logger", "_log"}
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
    inner = context
    if isinstance(node, FUNCTION):
        inner = replace(context, in_function=True)
    elif isinstance(node, ast.Lambda):
        inner = replace(context, in_function=True, in_result=True)
    elif isinstance(node, ast.Return | ast.Compare):
        inner = replace(context, in_result=True)
    elif isinstance(node, ast.Call | ast.JoinedStr):
        inner = replace(context, in_message=True)
    for child in _mutable_children(node):
        yield from _contexts(child, inner)


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
    """Yield the children of a node without annotations, decorators and type parameters."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_params", "bases"):
            continue
        if field == "slice" and _is_type(node):
            continue
        children = value if isinstance(value, list) else [value]
        for child in children:
            if isinstance(child, ast.AST) and not isinstance(child, ast.arguments):
                yield child


def _is_type(node: ast.AST) -> bool:
    """Return whether a subscript is a type such as `dict[str, int]`."""
    return isinstance(node, ast.Subscript) and _text(node.value) in ("dict", "list", "tuple", "set")


def _changes(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """Yield the changed copies of one node."""
    if isinstance(node, ast.Compare):
        yield from _changed_comparisons(node)
    elif isinstance(node, ast.BoolOp):
        yield _copy(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand
    elif isinstance(node, ast.BinOp | ast.AugAssign):
        yield from _changed_arithmetic(node, context)
    elif isinstance(node, ast.If | ast.IfExp):
        yield _copy(node, test=ast.Constant(True))
        yield _copy(node, test=ast.Constant(False))
    elif isinstance(node, ast.While):
        yield _copy(node, test=ast.Constant(False))
    elif context.in_result:
        yield from _changed_constants(node, context)


def _copy(node: ast.AST, **fields: object) -> ast.AST:
    """Return a shallow copy of `node` with other values in some of its fields."""
    changed = copy.copy(node)
    for field, value in fields.items():
        setattr(changed, field, value)
    return changed


def _changed_comparisons(node: ast.Compare) -> Iterator[ast.AST]:
    for index, operator in enumerate(node.ops):
        operators = list(node.ops)
        operators[index] = COMPARISONS[type(operator)]()
        yield _copy(node, ops=operators)


def _changed_arithmetic(node: ast.BinOp | ast.AugAssign, context: Context) -> Iterator[ast.AST]:
    other = ARITHMETIC.get(type(node.op))
    operands = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.value]
    is_type_union = isinstance(node.op, ast.BitOr) and not context.in_function
    if other is None or is_type_union or any(map(_is_text, operands)):
        return
    yield _copy(node, op=other())


def _is_text(node: ast.expr) -> bool:
    """Return whether an operand is a string, so that the operator is no arithmetic."""
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _changed_constants(node: ast.AST, context: Context) -> Iterator[ast.AST]:
    """Yield another value for a constant or a decimal number."""
    if isinstance(node, ast.Constant):
        other = _other_value(node.value)
        is_message = context.in_message and isinstance(node.value, str)
        if other is not None and not is_message:
            yield ast.Constant(other)
    elif isinstance(node, ast.Call) and _text(node.func) == "Decimal" and len(node.args) == 1:
        number = node.args[0]
        if isinstance(number, ast.Constant) and isinstance(number.value, str):
            other = _next_decimal(number.value)
            if other is not None:
                yield _copy(node, args=[ast.Constant(other)])


def _other_value(value: object) -> str | int | float | None:
    """Return a different constant of the same type, or None when there is none."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}_mutated"
    return None


def _next_decimal(text: str) -> str | None:
    try:
        return str(Decimal(text) + 1)
    except InvalidOperation:
        return None


def _text(node: ast.AST) -> str:
    """Return the source of a node on one line; of a statement only its head."""
    if isinstance(node, ast.If | ast.While):
        keyword = "if" if isinstance(node, ast.If) else "while"
        return f"{keyword} {ast.unparse(node.test)}"
    return " ".join(ast.unparse(node).split())
