"""The catalog and customers of a store become documents, and a parked order is replayed."""

import httpx

from openiom.platform.configuration import get_document
from openiom.providers import poll
from openiom_simulators.seed import seed_company, seed_stock
from openiom_simulators.seed.company import SOURCES

LOUPE = {
    "id": 90,
    "sku": "LOUPE",
    "name": "Loupe",
    "price": 1250,
    "weight": 90,
    "inventory_level": 5,
}
ADDRESS = {"street": "1 Main St", "city": "Redmond", "state": "Washington", "zip": "98052"}


def load(fabrikam, **more) -> None:
    body = {"products": [LOUPE], "customers": [], "orders": []} | more
    assert httpx.post(f"{fabrikam.store.url}/_sim/load", json=body).status_code == 200


def read_catalog(fabrikam) -> None:
    """Switch the two readings on in the store's instance."""
    with fabrikam.application.database.reading() as session:
        body = get_document(session, "provider_instance", "fabrikam-store").body
    body["parameters"] |= {"read_catalog": True, "read_customers": True}
    seed_company(
        fabrikam.application,
        [{"kind": "provider_instance", "name": "fabrikam-store", "body": body}],
    )


def place(fabrikam) -> str:
    address = ADDRESS | {
        "first_name": "Ann",
        "last_name": "Lee",
        "street_1": "1 Main St",
        "country_iso2": "US",
    }
    del address["street"]
    address |= {"country": "United States", "email": "ann@example.com", "company": ""}
    answer = httpx.post(
        f"{fabrikam.store.url}/stores/fabrikam/v2/orders",
        json={
            "billing_address": address,
            "products": [{"product_id": 90, "quantity": 1}],
            "status_id": 11,
        },
        headers={"X-Auth-Token": "store-token"},
    )
    assert answer.status_code in (200, 201), answer.text
    return str(answer.json()["id"])


def test_a_product_read_from_the_catalog_frees_the_order_that_waited_for_it(fabrikam):
    load(fabrikam)
    number = place(fabrikam)
    fabrikam.settle()
    assert fabrikam.fetch("SELECT key FROM providers.message WHERE state = 'parked'") == [(number,)]

    read_catalog(fabrikam)
    poll(fabrikam.application.registry, fabrikam.application.database, "fabrikam-store")
    seed_stock(fabrikam.application, ["LOUPE"], sources=SOURCES, units=10, progress=lambda _: None)
    fabrikam.settle()

    with fabrikam.application.database.reading() as session:
        product = get_document(session, "product", "LOUPE").body

    assert {k: product[k] for k in ("name", "weight_kg", "list_price")} == {
        "name": "Loupe",
        "weight_kg": "0.09",
        "list_price": "12.5",
    }
    assert fabrikam.order(number)["state"] == "completed"


def test_reading_the_catalog_again_changes_nothing_and_keeps_what_a_person_added(fabrikam):
    load(fabrikam)
    read_catalog(fabrikam)
    fabrikam.settle()

    with fabrikam.application.database.reading() as session:
        body = get_document(session, "product", "LOUPE").body

    mended = {
        "kind": "product",
        "name": "LOUPE",
        "body": body | {"current_cost": "4.00", "currency": "USD"},
    }
    seed_company(fabrikam.application, [mended])
    load(fabrikam, products=[LOUPE | {"name": "Pocket loupe"}])

    with fabrikam.application.database.unit_of_work() as session:
        session.connection().exec_driver_sql("DELETE FROM providers.message WHERE kind = 'product'")

    fabrikam.settle()

    with fabrikam.application.database.reading() as session:
        document = get_document(session, "product", "LOUPE")

    assert (document.body["name"], document.body["current_cost"]) == ("Pocket loupe", "4.00")
    assert document.version == 3


def test_customers_become_accounts_with_their_key(fabrikam):
    customer = {
        "id": 5,
        "first_name": "Ann",
        "last_name": "Lee",
        "email": "ann@example.com",
        "address": ADDRESS,
    }
    customer["address"] = ADDRESS | {
        "country": "United States",
        "country_iso2": "US",
        "phone": "1",
        "company": "",
    }
    load(fabrikam, customers=[customer])
    read_catalog(fabrikam)
    fabrikam.settle()
    assert fabrikam.fetch(
        "SELECT name, title FROM master_data.account WHERE name LIKE 'fabrikam-store-%%'"
    ) == [("fabrikam-store-5", "Ann Lee")]
    assert fabrikam.fetch(
        "SELECT internal FROM providers.id_mapping WHERE field = 'customer_id'"
    ) == [("fabrikam-store-5",)]
