"""CPU time of policies and mappings per record, as ratios to the same work in plain Python.

Targets on a quiet core: a decision table below 20 microseconds a record, an order's mapping below
60. Figures are CPU microseconds a record, the best of the repeats, as one line of JSON.

Run: python benchmarks/policies_bench.py [--records 500] [--repeats 5]
"""

import argparse
import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks.figures import print_figures
from openiom.policies import (
    Column,
    CompiledPolicy,
    Condition,
    PolicyDocument,
    Row,
    Transformation,
    TransformationDocument,
    decision_table,
)

LINES_PER_ORDER = 3
UNUSED_LINE_FIELDS = 50
UNUSED_ORDER_FIELDS = 60
ADDRESS = {
    "name": "first_name",
    "company": "company",
    "street": "street_1",
    "city": "city",
    "state": "state",
    "postal_code": "zip",
    "country": "country_iso2",
    "phone": "phone",
}
LINE = {
    "sku": "sku",
    "name": "name",
    "quantity": "quantity",
    "price": "price_inc_tax",
    "total": "total_inc_tax",
}

Work = Callable[[], object]


class Task(NamedTuple):
    """Work of the product, and the same work in plain Python."""

    product: Work
    floor: Work


def order(number: int) -> dict[str, Any]:
    """Return an order as a store sends it: a mapping reads a third of its some seventy fields."""
    address = {source: f"{source} {number}" for source in ADDRESS.values()}
    line: dict[str, Any] = {f"field_{place}": "0.0000" for place in range(UNUSED_LINE_FIELDS)}
    line.update(dict.fromkeys(LINE.values(), "10.1000"))

    products: list[dict[str, Any]] = []
    for place in range(LINES_PER_ORDER):
        own = {"id": number * 10 + place, "sku": f"SKU-{place}", "quantity": place + 1}
        products.append(line | own)

    unused = {f"extra_{place}": "0.0000" for place in range(UNUSED_ORDER_FIELDS)}
    return {
        "id": number,
        "currency_code": "USD",
        "total_inc_tax": "109.9900",
        "status": "Awaiting Fulfillment",
        "quantity": number % 200,
        "billing_address": address,
        "shipping_addresses": [address],
        "products": products,
        **unused,
    }


def transformation() -> Transformation:
    """Return the mapping of such an order."""
    fields: list[dict[str, Any]] = [
        {"path": "external_id", "expression": "string(id)", "required": True},
        {"path": "currency", "expression": "currency_code", "required": True},
        {"path": "total", "expression": "total_inc_tax"},
        {"path": "status", "expression": "status"},
    ]
    for target, source in (("ship_to", "shipping_addresses[0]"), ("bill_to", "billing_address")):
        for name, source_name in ADDRESS.items():
            fields.append({"path": f"{target}.{name}", "expression": f"{source}.{source_name}"})

    line_fields: list[dict[str, Any]] = []
    for name, source_name in LINE.items():
        line_fields.append({"path": name, "expression": f"product.{source_name}"})

    line_fields.append(
        {"path": "external_id", "expression": "string(product.id)", "required": True}
    )
    sku_key = {
        "field": "sku",
        "value": "p.sku",
        "over": "products",
        "as": "p",
        "into": "lines[].product_id",
    }
    lines = {
        "path": "lines",
        "over": "products",
        "as": "product",
        "required": True,
        "fields": line_fields,
    }
    body = {
        "source": "shop.order",
        "target": "order",
        "fields": fields,
        "each": [lines],
        "keys": {"product": [sku_key], "currency": [{"field": "code", "value": "currency_code"}]},
    }
    return Transformation(TransformationDocument.model_validate(body))


def map_in_python(
    source: dict[str, Any],
) -> tuple[dict[str, Any], list[tuple[str, str, str, str | None]]]:
    """Return what the mapping makes of an order: its document and its keys."""
    lines: list[dict[str, Any]] = []
    keys: list[tuple[str, str, str, str | None]] = []
    for place, product in enumerate(source["products"]):
        line = _renamed(product, LINE)
        line["external_id"] = str(product["id"])
        lines.append(line)
        keys.append(("product", "sku", product["sku"], f"lines[{place}].product_id"))

    keys.append(("currency", "code", source["currency_code"], None))
    document = {
        "external_id": str(source["id"]),
        "currency": source["currency_code"],
        "total": source["total_inc_tax"],
        "status": source["status"],
        "ship_to": _renamed(source["shipping_addresses"][0], ADDRESS),
        "bill_to": _renamed(source["billing_address"], ADDRESS),
        "lines": lines,
    }
    return document, keys


def _renamed(given: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {
        name: given[source_name]
        for name, source_name in names.items()
        if given[source_name] is not None
    }


def policy() -> CompiledPolicy:
    """Return a policy that assigns a source by quantity and currency."""
    content = decision_table(
        columns=[
            Column(name="Quantity", field="quantity"),
            Column(name="Currency", field="currency_code"),
        ],
        rows=[
            Row(when={"Quantity": ">= 100", "Currency": "'USD'"}, set={"source": "seattle"}),
            Row(
                when={"Quantity": "[1..100)", "Currency": "'USD', 'CAD'"}, set={"source": "chicago"}
            ),
        ],
        otherwise=Row(outcome="fail", reason="no source"),
    )
    return CompiledPolicy(
        PolicyDocument(name="assign", type="execution", entity="order", content=content)
    )


def judge_in_python(source: dict[str, Any]) -> tuple[bool, str, dict[str, Any], dict[str, str]]:
    """Return what the policy decides: passed, reason, values read, and values set."""
    quantity, currency = source["quantity"], source["currency_code"]
    values = {"quantity": quantity, "currency_code": currency}
    if quantity >= 100 and currency == "USD":
        reason = "Quantity >= 100 and Currency = 'USD'"
        return True, reason, values, {"source": "seattle"}
    if 1 <= quantity < 100 and currency in ("USD", "CAD"):
        reason = "Quantity in [1..100) and Currency in 'USD', 'CAD'"
        return True, reason, values, {"source": "chicago"}

    return False, "no source", values, {}


def is_large_in_python(source: dict[str, Any]) -> bool:
    """Return what the condition decides."""
    return bool(source["quantity"] >= 100 and source["currency_code"] == "USD")


def microseconds_per_record(work: Work, *, records: int, repeats: int) -> float:
    """Return the CPU microseconds a record, the best of `repeats`."""
    best = float("inf")
    for _ in range(repeats):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best / records * 1e6


def tasks(records: int) -> dict[str, Task]:
    """Return the measured work by name."""
    batch = [order(number) for number in range(records)]
    texts = [json.dumps(one).encode() for one in batch]
    mapping = transformation()
    table = policy()
    condition = Condition("quantity >= 100 and currency_code == 'USD'")
    return {
        "decision_table": Task(
            lambda: table.evaluate(batch), lambda: list(map(judge_in_python, batch))
        ),
        "condition": Task(
            lambda: condition.evaluate_many(batch), lambda: list(map(is_large_in_python, batch))
        ),
        "order_mapping": Task(
            lambda: mapping.transform_many(batch), lambda: list(map(map_in_python, batch))
        ),
        "order_mapping_from_json": Task(
            lambda: mapping.transform_many(texts),
            lambda: list(map(map_in_python, map(json.loads, texts))),
        ),
    }


def measure(*, records: int, repeats: int) -> dict[str, float]:
    """Return microseconds a record, those of the floor, and their ratio, for every task."""
    figures: dict[str, float] = {}
    for name, task in tasks(records).items():
        spent = microseconds_per_record(task.product, records=records, repeats=repeats)
        floor = microseconds_per_record(task.floor, records=records, repeats=repeats)
        figures[f"{name}_us_per_record"] = round(spent, 2)
        figures[f"{name}_floor_us_per_record"] = round(floor, 2)
        figures[f"{name}_ratio"] = round(spent / floor, 1)

    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(records=options.records, repeats=options.repeats)
    print_figures(figures, as_json=options.json)


if __name__ == "__main__":
    main()
