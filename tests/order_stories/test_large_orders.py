"""An order of as many lines as a store accepts."""

import httpx
from tests.order_stories.conftest import Fabrikam

from openiom_simulators.seed import seed_company, seed_stock
from openiom_simulators.seed.company import SOURCES

LINES = 2_000
HEADERS = {"X-Auth-Token": "store-token"}
SHOPPER = {"city": "Redmond", "state": "Washington", "zip": "98052", "country_iso2": "US"}


def place(fabrikam: Fabrikam, products: list[int]) -> str:
    lines = [{"product_id": number, "quantity": 1} for number in products]
    order = {"status_id": 11, "billing_address": SHOPPER, "products": lines}
    url = f"{fabrikam.store.url}/stores/fabrikam/v2/orders"
    response = httpx.post(url, json=order, headers=HEADERS, timeout=60)
    return str(response.raise_for_status().json()["id"])


def test_an_order_of_two_thousand_lines_is_shipped_with_the_others(fabrikam: Fabrikam) -> None:
    names = [f"Part {number}" for number in range(LINES)]
    products = []
    documents = []
    for number, name in enumerate(names):
        sku = f"P-{number}"
        products.append(
            {"id": 1_000 + number, "sku": sku, "name": name, "price": 500, "weight": 100}
        )
        documents.append({"kind": "product", "name": name, "body": {"name": name, "unit": "ea"}})
        mapping = {"table": "product", "field": "sku", "value": sku, "internal": name}
        documents.append({"kind": "mapping", "name": f"product/default/sku={sku}", "body": mapping})

    load = {"products": products, "customers": [], "orders": []}
    httpx.post(f"{fabrikam.store.url}/_sim/load", json=load, timeout=60).raise_for_status()
    seed_company(fabrikam.application, documents)
    seed_stock(fabrikam.application, names, sources=SOURCES, units=5, progress=lambda _: None)
    large = place(fabrikam, [1_000 + number for number in range(LINES)])
    small = place(fabrikam, [1_000])

    fabrikam.settle()

    for number, lines in ((large, LINES), (small, 1)):
        order = fabrikam.order(number)
        assert (order["state"], len(order["lines"])) == ("completed", lines)
