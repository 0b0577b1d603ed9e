"""The first draft of a new provider: its folder, its tests and its entry point.

The draft is complete: it loads, its probe calls a real endpoint, and its tests pass against a local
server. Its author replaces the endpoints and fields by those of the real API.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from keyword import iskeyword
from string import Template
from typing import get_args

from openiom.kernel import Invalid
from openiom.provider_contract import Category

from . import scaffold_templates as templates

DEFAULT_PACKAGE = "openiom.library"
CATEGORIES: tuple[str, ...] = get_args(Category)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PACKAGE = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*")


@dataclass(frozen=True, slots=True)
class ProviderScaffold:
    """The files of a new provider by path, and the line that registers it.

    The paths of `package_files` are relative to the folder of the provider, those of `test_files`
    to the folder of its tests. `entry_point` belongs under
    `[project.entry-points."openiom.providers"]` in `pyproject.toml`.
    """

    package_files: Mapping[str, str]
    test_files: Mapping[str, str]
    entry_point: str


@dataclass(frozen=True, slots=True)
class _Draft:
    """What distinguishes the drafts: an inbound document, or an outbound action."""

    kind: str
    transformation: str
    manifest: str
    body: str
    golden: str
    summary: str
    endpoint: str
    mappings: tuple[str, ...] = ()


_INBOUND_CONTRACT = (
    "Connection",
    "MessagePage",
    "ProbeResult",
    "ProviderHttpClient",
    "RawMessage",
)
_OUTBOUND_CONTRACT = ("Call", "CallResult", "Connection", "ProbeResult", "ProviderHttpClient")
_ORDER = _Draft(
    kind="message",
    transformation="order",
    manifest=templates.INBOUND_MANIFEST,
    body=templates.ORDER_TRANSFORMATION,
    golden=templates.ORDER_GOLDEN,
    summary="polls orders.",
    endpoint="`GET v1/orders?after=CURSOR` for changed orders",
    mappings=("product", "unit"),
)
_STOCK = _Draft(
    kind="message",
    transformation="stock",
    manifest=templates.INBOUND_MANIFEST,
    body=templates.STOCK_TRANSFORMATION,
    golden=templates.STOCK_GOLDEN,
    summary="polls stock reports.",
    endpoint="`GET v1/stocks?after=CURSOR` for changed stock",
    mappings=("product", "warehouse"),
)
_SEND = _Draft(
    kind="action",
    transformation="send",
    manifest=templates.OUTBOUND_MANIFEST,
    body=templates.SEND_TRANSFORMATION,
    golden=templates.SEND_GOLDEN,
    summary="receives fulfillment orders.",
    endpoint="`POST v1/orders` with an `Idempotency-Key` to send a fulfillment order",
)
_INBOUND_DRAFTS = {"order_intake": _ORDER, "inventory": _STOCK}


def scaffold_provider(
    name: str, *, title: str, category: str, package: str = DEFAULT_PACKAGE
) -> ProviderScaffold:
    """Return the files of a new provider `name` in a Python package.

    Providers for order intake and inventory poll documents, all others send fulfillment orders.
    Raise `Invalid` for a name, title, category or package that cannot be used.
    """
    _check(name, title, category, package)
    draft = _INBOUND_DRAFTS.get(category, _SEND)
    values = _values(name, title, category, package, draft)

    def fill(template: str) -> str:
        return Template(template).substitute(values)

    golden = f"golden/{draft.kind}.{draft.transformation}.json"
    return ProviderScaffold(
        package_files={
            "__init__.py": fill(templates.PACKAGE),
            "connector.py": fill(templates.CONNECTOR),
            "manifest.toml": fill(draft.manifest),
            f"transformations/{draft.transformation}.json": fill(draft.body),
            "README.md": fill(templates.README),
        },
        test_files={f"test_{name}.py": fill(templates.TESTS), golden: fill(draft.golden)},
        entry_point=f'{name} = "{package}.{name}:PROVIDER"',
    )


def _check(name: str, title: str, category: str, package: str) -> None:
    """Raise `Invalid` for a value that cannot be used."""
    if not _NAME.fullmatch(name) or iskeyword(name):
        raise Invalid(
            f"{name!r} cannot be the name of a provider",
            where="name",
            remedy="use lower-case letters, digits and underscores, such as acme_store",
        )
    if not title.strip() or not title.isprintable():
        raise Invalid("the title is empty or not printable", where="title", remedy="enter a title")
    if category not in CATEGORIES:
        raise Invalid(
            f"there is no category {category!r}",
            where="category",
            remedy=f"use one of {', '.join(CATEGORIES)}",
        )
    if not _PACKAGE.fullmatch(package):
        raise Invalid(
            f"{package!r} is not the name of a Python package",
            where="package",
            remedy="use a dotted name, such as openiom.library",
        )


def _values(name: str, title: str, category: str, package: str, draft: _Draft) -> dict[str, str]:
    """Return the values of the templates."""
    text = title.strip().replace("\\", "\\\\").replace('"', '\\"')
    class_name = "".join(part.capitalize() for part in name.split("_"))
    values = {
        "name": name,
        "title": title.strip().replace("\\", "/").replace('"', "'"),
        "title_text": text,
        "category": category,
        "package": package,
        "class_name": class_name,
        "transformation": draft.transformation,
        "summary": draft.summary,
        "description": f"{text} {draft.summary}",
        "endpoint": draft.endpoint,
        "mappings": ", ".join(f'"{table}"' for table in draft.mappings),
        "message": draft.transformation,
        "message_title": draft.transformation.capitalize(),
        "test_imports": _test_imports(name, package),
    }
    if draft.kind == "message":
        parts = {
            "imports": "connect",
            "actions": "",
            "iterables": "Iterator, Mapping",
            "errors": "ProviderDown",
            "contract_imports": _import_lines(_INBOUND_CONTRACT),
            "constants": "PAGE_SIZE = 100\n",
            "methods": templates.INBOUND_METHODS,
            "functions": templates.INBOUND_FUNCTIONS,
        }
    else:
        parts = {
            "imports": "connect, send",
            "actions": '\n    actions={"send": send},',
            "iterables": "Mapping, Sequence",
            "errors": "ProviderDown, ProviderError",
            "contract_imports": _import_lines(_OUTBOUND_CONTRACT),
            "constants": "",
            "methods": templates.OUTBOUND_METHODS,
            "functions": templates.OUTBOUND_FUNCTIONS,
        }

    for key in ("methods", "functions"):
        parts[key] = Template(parts[key]).substitute(values)

    return {**values, **parts}


def _import_lines(names: tuple[str, ...]) -> str:
    return "\n".join(f"    {name}," for name in names)


def _test_imports(name: str, package: str) -> str:
    """Return the imports of the tests, sorted as those of the package's repository."""
    provider = f"from {package}.{name} import PROVIDER"
    testing = "from openiom.testing import ExternalSystem, provider_contract, unreachable_address"
    if package.split(".")[0] == "openiom":
        return f"{provider}\n{testing}"
    return f"{testing}\n\n{provider}"
