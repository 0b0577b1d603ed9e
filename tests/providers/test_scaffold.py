"""A generated provider loads, passes the tests of every provider, and is formatted code."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module, invalidate_caches
from pathlib import Path
from types import ModuleType

import pytest

from openiom.kernel import Invalid, ProviderRejected
from openiom.provider_contract import Call, Connection, Provider, RawMessage
from openiom.providers.scaffold import CATEGORIES, ProviderScaffold, scaffold_provider

PACKAGE = "generated_providers"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a folder from which generated packages and tests can be imported."""
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in list(sys.modules):
        if name.split(".")[0] == PACKAGE or name.startswith("test_acme"):
            del sys.modules[name]


def write(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def generate(folder: Path, category: str, title: str = "Acme") -> tuple[Provider, ModuleType]:
    """Write a provider and its tests; return the provider and the module of its tests."""
    draft = scaffold_provider("acme_store", title=title, category=category, package=PACKAGE)
    write(folder / PACKAGE / "acme_store", dict(draft.package_files))
    write(folder, dict(draft.test_files))
    invalidate_caches()
    return import_module(f"{PACKAGE}.acme_store").PROVIDER, import_module("test_acme_store")


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_generated_provider_passes_the_tests_of_every_provider(folder, category):
    provider, tests = generate(folder, category)
    assert (provider.name, provider.title, provider.category) == ("acme_store", "Acme", category)
    contract = tests.TestContract()
    checks = [name for name in dir(contract) if name.startswith("test_")]
    assert len(checks) >= 7
    for name in checks:
        getattr(contract, name)()


def test_a_provider_for_order_intake_polls_orders_and_declares_its_mappings(folder):
    provider, _ = generate(folder, "order_intake")
    [kind] = provider.messages
    assert (kind.name, kind.document, kind.polled) == ("order", "order", True)
    assert provider.mappings == ("product", "unit")
    assert provider.actions == ()


def test_a_provider_for_inventory_polls_stock(folder):
    provider, _ = generate(folder, "inventory")
    assert [kind.document for kind in provider.messages] == ["stock"]
    assert provider.mappings == ("product", "warehouse")


def test_other_providers_send_fulfillment_orders(folder):
    provider, _ = generate(folder, "fulfillment")
    [action] = provider.actions
    assert (action.name, action.entity) == ("send", "fulfillment_order")
    assert (action.succeeded, action.failed) == (
        "fulfillment_order.sent",
        "fulfillment_order.send_failed",
    )
    assert provider.messages == ()


class Responses:
    """Replaces the HTTP client: returns one body per request, or raises an error."""

    def __init__(self, *bodies: object) -> None:
        self.bodies = list(bodies)
        self.requests: list[tuple[str, object]] = []

    def get(self, path: str, query: object = None) -> "Responses":
        return self._respond(path, query)

    def post(self, path: str, body: object, *, headers: object) -> "Responses":
        return self._respond(path, headers)

    def _respond(self, path: str, details: object) -> "Responses":
        self.requests.append((path, details))
        body = self.bodies.pop(0)
        if isinstance(body, Exception):
            raise body
        self.body = body
        return self


def connect(provider: Provider, responses: Responses) -> object:
    values = {"url": "http://127.0.0.1:1", "token": "t"}
    connector = provider.connect(Connection("acme", values, {}, lambda request: None))
    connector.close()
    connector._http = responses
    return connector


def test_a_generated_pull_follows_the_cursor_until_a_page_is_not_full(folder):
    provider, _ = generate(folder, "order_intake")
    orders = [{"id": n, "updated_at": f"t{n}"} for n in range(103)]
    responses = Responses(
        {"items": orders[:100], "next": "c100"}, {"items": orders[100:], "next": "c103"}
    )
    pages = list(connect(provider, responses).pull("order", ""))
    assert [(len(page.messages), page.checkpoint) for page in pages] == [(100, "c100"), (3, "c103")]
    assert pages[1].messages[0] == RawMessage("order", "100", orders[100], is_state=True)
    assert responses.requests == [
        ("v1/orders", {"after": "", "limit": 100}),
        ("v1/orders", {"after": "c100", "limit": 100}),
    ]


def test_a_generated_pull_without_changes_stores_no_page(folder):
    provider, _ = generate(folder, "inventory")
    responses = Responses({"items": []})
    assert list(connect(provider, responses).pull("stock", "c9")) == []
    assert responses.requests == [("v1/stocks", {"after": "c9", "limit": 100})]


def test_a_generated_action_has_one_result_per_call_and_passes_the_idempotency_key(folder):
    provider, _ = generate(folder, "delivery")
    refused = ProviderRejected("no such SKU")
    responses = Responses({"id": 7}, refused)
    connector = connect(provider, responses)
    results = provider.actions[0].run(connector, [Call("k1", {}), Call("k2", {})])
    assert [(r.key, r.external_id, r.error) for r in results] == [
        ("k1", "7", None),
        ("k2", "", refused),
    ]
    assert responses.requests[0] == ("v1/orders", {"Idempotency-Key": "k1"})


def test_a_title_with_quotes_and_backslashes_is_kept(folder):
    title = 'Acme "North\\South" GmbH'
    provider, _ = generate(folder, "tax", title=title)
    assert provider.title == title


def files(draft: ProviderScaffold) -> dict[str, str]:
    return {**draft.package_files, **draft.test_files}


@pytest.mark.parametrize("category", ["order_intake", "communication"])
def test_generated_files_are_complete_formatted_and_without_placeholders(tmp_path, category):
    draft = scaffold_provider("acme", title="Acme", category=category)
    write(tmp_path, files(draft))

    for path, text in files(draft).items():
        assert "$" not in text, path
        assert text.endswith("\n"), path
        if path.endswith(".py"):
            module = ast.parse(text)
            assert ast.get_docstring(module), path

    ruff = Path(sys.executable).with_name("ruff")
    (tmp_path / "ruff.toml").write_text(
        'line-length = 100\n[lint.isort]\nknown-first-party = ["openiom"]\n'
    )

    for command in (["format", "--check"], ["check", "--select", "E,F,I,W,UP,B,SIM"]):
        done = subprocess.run(
            [ruff, *command, "--no-cache", tmp_path], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_the_files_are_those_of_a_provider_in_the_library():
    draft = scaffold_provider("acme", title="Acme", category="order_intake")
    assert sorted(draft.package_files) == [
        "README.md",
        "__init__.py",
        "connector.py",
        "manifest.toml",
        "transformations/order.json",
    ]
    assert sorted(draft.test_files) == ["golden/message.order.json", "test_acme.py"]
    assert draft.entry_point == 'acme = "openiom.library.acme:PROVIDER"'
    assert tomllib.loads(draft.package_files["manifest.toml"])["name"] == "acme"


def test_the_tests_of_a_provider_outside_this_repository_import_it_after_openiom():
    draft = scaffold_provider("acme", title="Acme", category="tax", package="northwind.providers")
    testing = "from openiom.testing import ExternalSystem, provider_contract, unreachable_address"
    imports = f"{testing}\n\nfrom northwind.providers.acme import PROVIDER\n"
    assert imports in draft.test_files["test_acme.py"]
    assert draft.entry_point == 'acme = "northwind.providers.acme:PROVIDER"'


@pytest.mark.parametrize("name", ["", "Acme", "1acme", "acme-store", "class", "acme.store"])
def test_a_name_that_python_cannot_import_is_refused(name):
    with pytest.raises(Invalid, match="cannot be the name of a provider"):
        scaffold_provider(name, title="Acme", category="tax")


@pytest.mark.parametrize("title", ["", "  ", "two\nlines"])
def test_a_title_without_text_or_with_control_characters_is_refused(title):
    with pytest.raises(Invalid, match="title"):
        scaffold_provider("acme", title=title, category="tax")


def test_an_unknown_category_is_refused_with_the_known_ones():
    with pytest.raises(Invalid, match="use one of order_intake, fulfillment") as refused:
        scaffold_provider("acme", title="Acme", category="magic")
    assert refused.value.where == "category"


@pytest.mark.parametrize("package", ["", "my-package", "a..b", "a."])
def test_a_package_that_python_cannot_import_is_refused(package):
    with pytest.raises(Invalid, match="is not the name of a Python package"):
        scaffold_provider("acme", title="Acme", category="tax", package=package)
