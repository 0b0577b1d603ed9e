"""The language of templates: a small part of Jinja, checked when a template is saved.

Only tokens, `if`, `for` over a list, comparisons and a few filters are allowed. No call, no
arithmetic and no loop over anything but a registered list: what a template costs is bounded by the
order it shows. The output is limited as well.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from openiom.kernel import Invalid, Problem

from .tokens import LISTS, token_names

MAX_OUTPUT = 200_000
"""Most characters of a rendered text."""
FILTERS = ("default", "upper", "lower", "title", "trim", "length")
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.If,
    nodes.For,
    nodes.Filter,
    nodes.Const,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
)
_REMEDY = "use tokens, if, for over a list, comparisons and the filters " + ", ".join(FILTERS)


def _environment(*, escape: bool) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        autoescape=escape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.clear()
    environment.tests.clear()
    kept = {name: environment.filters[name] for name in FILTERS}
    environment.filters.clear()
    environment.filters.update(kept)
    return environment


_PLAIN = _environment(escape=False)
_HTML = _environment(escape=True)
KEPT_TEMPLATES = 500
"""Compiled templates that a process keeps; compiling one costs 50 times as much as rendering it."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """The names of the loops around a node, each with the list that it loops over."""

    elements: Mapping[str, str]

    def names(self) -> list[str]:
        """Return every token that can be used here."""
        names = token_names()
        for element, of in self.elements.items():
            names += [f"{element}.{token.name}" for token in LISTS[of]]
        return names


def check_template(source: str, where: str) -> list[Problem]:
    """Return the problems of a template, each with its line."""
    try:
        tree = _PLAIN.parse(source)
    except TemplateSyntaxError as error:
        return [Problem(f"{where}, line {error.lineno}", error.message or "is not valid", _REMEDY)]
    return list(_check(tree, _Scope({}), where))


def render_text(source: str, values: Mapping[str, Any]) -> str:
    """Return a plain text. Raise `Invalid` when it cannot be rendered."""
    return _render(_PLAIN, source, values)


def render_html(source: str, values: Mapping[str, Any]) -> str:
    """Return HTML in which the values of tokens are escaped. Raise `Invalid`."""
    return _render(_HTML, source, values)


def render_subject(source: str, values: Mapping[str, Any]) -> str:
    """Return a subject of one line: control characters of values become spaces."""
    rendered = _render(_PLAIN, source, values)
    printable = "".join(char if char.isprintable() else " " for char in rendered)
    return " ".join(printable.split())


@lru_cache(KEPT_TEMPLATES)
def _compiled(environment: SandboxedEnvironment, source: str) -> Template:
    return environment.from_string(source)


def _render(environment: SandboxedEnvironment, source: str, values: Mapping[str, Any]) -> str:
    parts: list[str] = []
    size = 0
    try:
        for part in _compiled(environment, source).generate(values):
            size += len(part)
            if size > MAX_OUTPUT:
                raise Invalid(
                    f"the rendered text has more than {MAX_OUTPUT:,} characters",
                    remedy="shorten the template",
                )
            parts.append(part)
    except (TemplateError, TypeError, ValueError) as error:
        raise Invalid(f"the template cannot be rendered: {error}", remedy=_REMEDY) from error
    return "".join(parts)


def _check(node: nodes.Node, scope: _Scope, where: str) -> Iterator[Problem]:
    place = f"{where}, line {node.lineno}"
    if not isinstance(node, _ALLOWED):
        what = f"{type(node).__name__.lower()} is not allowed"
        yield Problem(place, what, _REMEDY)
    elif isinstance(node, nodes.For):
        yield from _check_loop(node, scope, where)
    elif isinstance(node, nodes.Name | nodes.Getattr):
        yield from _check_token(_dotted(node), scope, place)
    else:
        yield from _check_value(node, place)
        for child in node.iter_child_nodes():
            yield from _check(child, scope, where)


def _check_value(node: nodes.Node, place: str) -> Iterator[Problem]:
    """Yield the problems of a filter or a comparison. The values of tokens are texts."""
    if isinstance(node, nodes.Compare) and not _compares_texts(node):
        what = "texts are compared with == and != only"
        yield Problem(place, what, "test whether a token is empty, or equal to a text")
    if isinstance(node, nodes.Filter):
        yield from _check_filter(node, place)


def _compares_texts(node: nodes.Compare) -> bool:
    return all(operand.op in ("eq", "ne") for operand in node.ops)


def _check_filter(node: nodes.Filter, place: str) -> Iterator[Problem]:
    if node.name not in FILTERS:
        yield Problem(place, f"there is no filter {node.name}", _REMEDY)
    elif len(node.args) != (node.name == "default"):
        what = f"the filter {node.name} has other arguments"
        yield Problem(place, what, "write default('text'), and the others without arguments")


def _check_loop(loop: nodes.For, scope: _Scope, where: str) -> Iterator[Problem]:
    place = f"{where}, line {loop.lineno}"
    if loop.recursive or loop.test is not None or not isinstance(loop.target, nodes.Name):
        yield Problem(place, "this form of a loop is not allowed", "write {% for line in lines %}")
        return

    problem = _list_problem(_dotted(loop.iter), scope, place)
    if problem is not None:
        yield problem
        return

    element = loop.target.name
    if any(name.startswith(f"{element}.") for name in token_names()):
        yield Problem(place, f"{element} is the name of a token", "choose another name, as in line")

    inner = _Scope({element: _dotted(loop.iter)})
    for child in loop.body:
        yield from _check(child, inner, where)
    for child in loop.else_:
        yield from _check(child, scope, where)


def _list_problem(name: str, scope: _Scope, place: str) -> Problem | None:
    if name not in LISTS:
        what = f"there is no list {name or 'of this kind'}"
        return Problem(place, what, f"loop over {', '.join(LISTS)}")
    if scope.elements:
        return Problem(place, "a loop in a loop is not allowed", "end the outer loop first")
    return None


def _check_token(name: str, scope: _Scope, place: str) -> Iterator[Problem]:
    known = scope.names()
    if name in known:
        return

    nearest = get_close_matches(name, known, n=1, cutoff=0.4)
    remedy = f"use {nearest[0]}" if nearest else "choose a token of the list"
    yield Problem(place, f"there is no token {name or 'of this form'}", remedy)


def _dotted(node: nodes.Node) -> str:
    """Return the dotted name that a node reads; empty when it is none."""
    if isinstance(node, nodes.Name):
        return str(node.name)
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        return f"{node.node.name}.{node.attr}"
    return ""
