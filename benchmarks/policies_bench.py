"""
What judging and mapping cost a record, as ratios to the same work written by hand in Python.

Run: python benchmarks/policies_bench.py [--records 500] [--repeats 5]. Prints one line of JSON; times are CPU
microseconds a record, the best of the repeats. Holds: a decision table under 20 a record, an order's mapping
under 60, on a quiet core.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

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


def order(number: int) -> dict[str, Any]:
    """An order as a store sends it: some seventy fields of which a mapping reads a third, three lines alike."""
    address = {source: f"{source} {number}" for source in ADDRESS.values()}
    line = {f"field_{n}": "0.0000" for n in range(50)} | {
        source: "10.1000" for source in LINE.values()
    }
    return {
        "id": number,
        "currency_code": "USD",
        "total_inc_tax": "109.9900",
        "status": "Awaiting Fulfillment",
        "quantity": number % 200,
        "billing_address": address,
        "shipping_addresses": [address],
        "products": [
            line | {"id": number * 10 + n, "sku": f"SKU-{n}", "quantity": n + 1} for n in range(3)
        ],
    } | {f"extra_{n}": "0.0000" for n in range(60)}


def transformation() -> Transformation:
    fields = [
        {"path": "external_id", "expression": "string(id)", "required": True},
        {"path": "currency", "expression": "currency_code", "required": True},
        {"path": "total", "expression": "total_inc_tax"},
        {"path": "status", "expression": "status"},
    ]
    for target, source in (("ship_to", "shipping_addresses[0]"), ("bill_to", "billing_address")):
        fields += [
            {"path": f"{target}.{k}", "expression": f"{source}.{v}"} for k, v in ADDRESS.items()
        ]
    lines = [{"path": k, "expression": f"product.{v}"} for k, v in LINE.items()]
    lines.append({"path": "external_id", "expression": "string(product.id)", "required": True})
    sku = {
        "field": "sku",
        "value": "p.sku",
        "over": "products",
        "as": "p",
        "into": "lines[].product_id",
    }
    body = {
        "source": "shop.order",
        "target": "order",
        "fields": fields,
        "each": [
            {
                "path": "lines",
                "over": "products",
                "as": "product",
                "required": True,
                "fields": lines,
            }
        ],
        "keys": {"product": [sku], "currency": [{"field": "code", "value": "currency_code"}]},
    }
    return Transformation(TransformationDocument.model_validate(body))


def mapped_by_hand(
    source: dict[str, Any],
) -> tuple[dict[str, Any], list[tuple[str, str, str, str | None]]]:
    def address(given: dict[str, Any]) -> dict[str, Any]:
        return {k: given[v] for k, v in ADDRESS.items() if given[v] is not None}

    products = source["products"]
    document = {
        "external_id": str(source["id"]),
        "currency": source["currency_code"],
        "total": source["total_inc_tax"],
        "status": source["status"],
        "ship_to": address(source["shipping_addresses"][0]),
        "bill_to": address(source["billing_address"]),
        "lines": [
            {k: line[v] for k, v in LINE.items() if line[v] is not None}
            | {"external_id": str(line["id"])}
            for line in products
        ],
    }
    keys = [
        ("product", "sku", line["sku"], f"lines[{n}].product_id") for n, line in enumerate(products)
    ]
    return document, [*keys, ("currency", "code", source["currency_code"], None)]


def policy() -> CompiledPolicy:
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


def judged_by_hand(source: dict[str, Any]) -> tuple[bool, str, dict[str, Any], dict[str, str]]:
    values = {"quantity": source["quantity"], "currency_code": source["currency_code"]}
    if source["quantity"] >= 100 and source["currency_code"] == "USD":
        return True, "Quantity >= 100 and Currency = 'USD'", values, {"source": "seattle"}
    if 1 <= source["quantity"] < 100 and source["currency_code"] in ("USD", "CAD"):
        return (
            True,
            "Quantity in [1..100) and Currency in 'USD', 'CAD'",
            values,
            {"source": "chicago"},
        )
    return False, "no source", values, {}


def cost(work: Callable[[], object], *, records: int, repeats: int) -> float:
    """CPU microseconds a record, the best of `repeats`."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best / records * 1e6


def measure(*, records: int, repeats: int) -> dict[str, dict[str, float]]:
    """Each piece of work: microseconds a record, its floor's, and how many floors it costs."""
    wave = [order(number) for number in range(records)]
    texts = [json.dumps(one).encode() for one in wave]
    mapping, table = transformation(), policy()
    condition = Condition("quantity >= 100 and currency_code == 'USD'")
    work: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "decision_table": (
            lambda: table.evaluate(wave),
            lambda: [judged_by_hand(one) for one in wave],
        ),
        "condition": (
            lambda: condition.evaluate_many(wave),
            lambda: [one["quantity"] >= 100 and one["currency_code"] == "USD" for one in wave],
        ),
        "order_mapping": (
            lambda: mapping.transform_many(wave),
            lambda: [mapped_by_hand(one) for one in wave],
        ),
        "order_mapping_from_json": (
            lambda: mapping.transform_many(texts),
            lambda: [mapped_by_hand(json.loads(text)) for text in texts],
        ),
    }
    results = {}
    for name, (ours, floor) in work.items():
        spent = cost(ours, records=records, repeats=repeats)
        least = cost(floor, records=records, repeats=repeats)
        results[name] = {
            "us_per_record": round(spent, 2),
            "floor_us_per_record": round(least, 2),
            "ratio": round(spent / least, 1),
        }
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    sys.stdout.write(json.dumps(measure(records=given.records, repeats=given.repeats)) + "\n")


if __name__ == "__main__":
    main()
