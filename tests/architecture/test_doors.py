import grimp
import pytest
from tests.architecture.doors import (
    Import,
    beyond_the_desk,
    leaning_on_a_simulator,
    room_of,
    through_a_window,
)


@pytest.fixture(scope="module")
def imports() -> set[Import]:
    """Every import between two modules of the product."""
    graph = grimp.build_graph("openiom", cache_dir=None)
    return {
        (importer, imported)
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    }


def test_guests_import_a_room_by_its_front_door(imports: set[Import]) -> None:
    assert through_a_window(imports) == []


def test_a_provider_imports_the_contract_the_documents_and_the_kernel_only(
    imports: set[Import],
) -> None:
    assert beyond_the_desk(imports) == []


def test_the_product_never_imports_a_simulator(imports: set[Import]) -> None:
    assert leaning_on_a_simulator(imports) == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("openiom.orders.service", "openiom.master_data.queries"),
        ("openiom.policies", "openiom.provider_contract.manifest"),
        ("openiom.library.bigcommerce.connector", "openiom.documents.order"),
        ("openiom.insights.queries", "openiom.orders.models"),
    ],
)
def test_an_import_of_a_rooms_insides_is_caught(importer: str, imported: str) -> None:
    assert through_a_window([(importer, imported)]) == [(importer, imported)]


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("openiom.orders.service", "openiom.master_data"),
        ("openiom.orders.service", "openiom.orders.models"),
        ("openiom.orders.service", "openiom.kernel.money"),
        ("openiom.orders.service", "openiom.platform.database"),
        ("openiom.library.bigcommerce.connector", "openiom.library.bigcommerce.manifest"),
        ("openiom.app.application", "openiom.orders.service"),
        ("openiom.testing.builders", "openiom.orders.models"),
    ],
)
def test_a_visit_by_the_front_door_or_by_right_is_no_finding(importer: str, imported: str) -> None:
    assert through_a_window([(importer, imported)]) == []


@pytest.mark.parametrize(
    "imported", ["openiom.platform.http", "openiom.orders", "openiom.library.demo_fulfillment"]
)
def test_a_provider_that_reaches_beyond_the_desk_is_caught(imported: str) -> None:
    importer = "openiom.library.bigcommerce.connector"
    assert beyond_the_desk([(importer, imported)]) == [(importer, imported)]


def test_a_room_that_leans_on_a_simulator_is_caught() -> None:
    leaning = ("openiom.providers.service", "openiom_simulators.store")
    assert leaning_on_a_simulator(
        [leaning, ("openiom_simulators.demo", "openiom_simulators.store")]
    ) == [leaning]


def test_a_provider_is_a_room_of_its_own() -> None:
    assert room_of("openiom.library.bigcommerce.connector") == "library.bigcommerce"
    assert room_of("openiom.orders.service.hold_orders") == "orders"
    assert room_of("openiom") == ""
