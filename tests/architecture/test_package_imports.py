import grimp
import pytest
from tests.architecture.package_imports import (
    Import,
    imports_beyond_the_contract,
    imports_of_internals,
    imports_of_simulators,
    package_of,
)

PACKAGES = ("openiom", "openiom_simulators")


@pytest.fixture(scope="module")
def imports() -> set[Import]:
    """Every import between two modules of this repository."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    found: set[Import] = set()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            found.add((importer, imported))
    return found


def test_packages_import_only_the_public_api_of_each_other(imports: set[Import]) -> None:
    assert imports_of_internals(imports) == []


def test_providers_import_only_the_contract_the_documents_and_the_kernel(
    imports: set[Import],
) -> None:
    assert imports_beyond_the_contract(imports) == []


def test_the_product_does_not_import_a_simulator(imports: set[Import]) -> None:
    assert imports_of_simulators(imports) == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("openiom.orders.service", "openiom.master_data.queries"),
        ("openiom.policies", "openiom.provider_contract.manifest"),
        ("openiom.library.bigcommerce.connector", "openiom.documents.order"),
        ("openiom.insights.queries", "openiom.orders.models"),
    ],
)
def test_an_import_of_an_internal_module_is_found(importer: str, imported: str) -> None:
    assert imports_of_internals([(importer, imported)]) == [(importer, imported)]


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("openiom.orders.service", "openiom.master_data"),
        ("openiom.orders.service", "openiom.orders.models"),
        ("openiom.orders.service", "openiom.kernel.money"),
        ("openiom.orders.service", "openiom.platform.database"),
        ("openiom.library.bigcommerce.connector", "openiom.library.bigcommerce.manifest"),
        ("openiom.app.composition", "openiom.orders.service"),
        ("openiom.testing.builders", "openiom.orders.models"),
        ("openiom_simulators.store.routes", "openiom.documents.order"),
    ],
)
def test_an_allowed_import_is_not_reported(importer: str, imported: str) -> None:
    assert imports_of_internals([(importer, imported)]) == []


@pytest.mark.parametrize(
    "imported", ["openiom.platform.http", "openiom.orders", "openiom.library.demo_fulfillment"]
)
def test_a_provider_that_imports_more_than_the_contract_is_found(imported: str) -> None:
    importer = "openiom.library.bigcommerce.connector"
    assert imports_beyond_the_contract([(importer, imported)]) == [(importer, imported)]


def test_a_package_that_imports_a_simulator_is_found() -> None:
    refused = ("openiom.providers.service", "openiom_simulators.store")
    allowed = ("openiom.app.cli.run", "openiom_simulators.store")

    assert imports_of_simulators([refused, allowed]) == [refused]


def test_each_provider_is_a_package_of_its_own() -> None:
    assert package_of("openiom.library.bigcommerce.connector") == "library.bigcommerce"
    assert package_of("openiom.orders.service.hold_orders") == "orders"
    assert package_of("openiom_simulators.store.routes") == "openiom_simulators"
    assert package_of("openiom") == ""
