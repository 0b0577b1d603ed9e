"""Texts of the files that `scaffold` writes, with `$name`, `$title` and the like to substitute."""

PACKAGE = '''"""$title: $summary"""

from openiom.provider_contract import load_provider

from .connector import ${class_name}Connection, ${class_name}Parameters, $imports

PROVIDER = load_provider(
    __name__,
    connection=${class_name}Connection,
    parameters=${class_name}Parameters,
    connect=connect,$actions
)
'''

CONNECTOR = '''"""Client of the API of $title."""

from collections.abc import $iterables
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from openiom.kernel import $errors
from openiom.provider_contract import (
$contract_imports
)

REQUIRED_SCOPES: tuple[str, ...] = ()
$constants

class ${class_name}Connection(BaseModel):
    """An account of $title."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, description="Address of the API")
    token: SecretStr = Field(description="Bearer token of the account")


class ${class_name}Parameters(BaseModel):
    """Parameters of an instance."""

    model_config = ConfigDict(extra="forbid")


class $class_name:
    """Connector of one account."""

    def __init__(self, connection: Connection) -> None:
        values = connection.connection
        self._http = ProviderHttpClient(
            values["url"],
            report=connection.report,
            egress=connection.egress,
            headers={"Authorization": f"Bearer {values['token']}"},
        )

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def probe(self) -> ProbeResult:
        """Return the account and the scopes of the credential."""
        account = _object(self._http.get("v1/account").body)
        scopes = tuple(str(scope) for scope in account.get("scopes", ()))
        missing = tuple(scope for scope in REQUIRED_SCOPES if scope not in scopes)
        return ProbeResult(str(account.get("name", "")), scopes, missing)
$methods

def connect(connection: Connection) -> $class_name:
    """Return a connector for one account. Raises Invalid for an invalid address."""
    return $class_name(connection)
$functions

def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ProviderDown("the response is not an object")
    return body
'''

INBOUND_METHODS = '''
    def pull(self, kind: str, checkpoint: str) -> Iterator[MessagePage]:
        """Yield pages of changed ${message}s; the checkpoint is the cursor of the API."""
        while True:
            query = {"after": checkpoint, "limit": PAGE_SIZE}
            page = _object(self._http.get("v1/${message}s", query).body)
            messages = [_message(kind, item) for item in page.get("items", ())]
            if not messages:
                return
            checkpoint = str(page["next"])
            yield MessagePage(messages, checkpoint)
            if len(messages) < PAGE_SIZE:
                return
'''

INBOUND_FUNCTIONS = '''

def _message(kind: str, item: Mapping[str, Any]) -> RawMessage:
    """Return a message of the API. A repeated delivery has the content of the one before."""
    return RawMessage(kind, str(item["id"]), item, is_state=True)
'''

OUTBOUND_METHODS = '''
    def send(self, key: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Send one fulfillment order. A repeated key must not have a second effect."""
        headers = {"Idempotency-Key": key}
        return _object(self._http.post("v1/orders", payload, headers=headers).body)
'''

OUTBOUND_FUNCTIONS = '''

def send(connector: $class_name, calls: Sequence[Call]) -> list[CallResult]:
    """Send fulfillment orders one by one; each has its own result."""
    results = []
    for call in calls:
        try:
            response = connector.send(call.key, call.payload)
        except ProviderError as error:
            results.append(CallResult(call.key, error=error))
        else:
            results.append(CallResult(call.key, response, str(response.get("id", ""))))
    return results
'''

INBOUND_MANIFEST = """name = "$name"
title = "$title_text"
category = "$category"
description = "$description"
mappings = [$mappings]

[[messages]]
name = "$message"
title = "$message_title"
document = "$message"
polled = true
"""

OUTBOUND_MANIFEST = """name = "$name"
title = "$title_text"
category = "$category"
description = "$description"
mappings = ["product"]
events = ["fulfillment_order.sent", "fulfillment_order.send_failed"]

[[actions]]
name = "send"
title = "Send to $title_text"
entity = "fulfillment_order"
succeeded = "fulfillment_order.sent"
failed = "fulfillment_order.send_failed"
"""

ORDER_TRANSFORMATION = """{
  "source": "$name.order",
  "target": "order",
  "keys": {
    "product": [
      {
        "field": "sku",
        "value": "line.sku",
        "over": "lines",
        "as": "line",
        "into": "lines[].product"
      }
    ],
    "unit": [
      {
        "field": "unit",
        "value": "line.unit",
        "over": "lines",
        "as": "line",
        "into": "lines[].unit"
      }
    ]
  },
  "fields": [
    {"path": "external_id", "expression": "string(id)", "required": true},
    {"path": "number", "expression": "string(id)", "required": true},
    {"path": "placed_at", "expression": "created_at", "required": true},
    {"path": "currency", "expression": "currency", "required": true},
    {"path": "total_amount", "expression": "total", "required": true},
    {"path": "ship_to.name", "expression": "ship_to.name"},
    {"path": "ship_to.line1", "expression": "ship_to.street"},
    {"path": "ship_to.city", "expression": "ship_to.city"},
    {"path": "ship_to.postal_code", "expression": "ship_to.zip"},
    {"path": "ship_to.country", "expression": "ship_to.country"}
  ],
  "each": [
    {
      "path": "lines",
      "over": "lines",
      "as": "line",
      "required": true,
      "fields": [
        {"path": "external_id", "expression": "string(line.id)", "required": true},
        {"path": "quantity", "expression": "line.quantity", "required": true},
        {"path": "unit_price", "expression": "line.price"}
      ]
    }
  ]
}
"""

ORDER_GOLDEN = """{
  "given": {
    "id": 1001,
    "created_at": "2026-06-05T08:30:00+00:00",
    "currency": "USD",
    "total": "79.98",
    "ship_to": {
      "name": "Jane Doe",
      "street": "1 Main St",
      "city": "Bellevue",
      "zip": "98007",
      "country": "US"
    },
    "lines": [
      {"id": 1, "sku": "LAMP", "unit": "each", "quantity": 2, "price": "39.99"}
    ]
  },
  "document": {
    "external_id": "1001",
    "number": "1001",
    "placed_at": "2026-06-05T08:30:00+00:00",
    "currency": "USD",
    "total_amount": "79.98",
    "ship_to": {
      "name": "Jane Doe",
      "line1": "1 Main St",
      "city": "Bellevue",
      "postal_code": "98007",
      "country": "US"
    },
    "lines": [{"external_id": "1", "quantity": 2, "unit_price": "39.99"}]
  },
  "keys": [
    ["product", "sku", "LAMP", "lines[0].product"],
    ["unit", "unit", "each", "lines[0].unit"]
  ]
}
"""

STOCK_TRANSFORMATION = """{
  "source": "$name.stock",
  "target": "stock",
  "keys": {
    "product": [
      {
        "field": "sku",
        "value": "item.sku",
        "over": "items",
        "as": "item",
        "into": "items[].product"
      }
    ],
    "warehouse": [
      {
        "field": "location",
        "value": "item.location",
        "over": "items",
        "as": "item",
        "into": "items[].source"
      }
    ]
  },
  "fields": [
    {"path": "mode", "expression": "'set'", "required": true},
    {"path": "at", "expression": "counted_at", "required": true},
    {"path": "reference", "expression": "string(id)", "required": true}
  ],
  "each": [
    {
      "path": "items",
      "over": "items",
      "as": "item",
      "required": true,
      "fields": [{"path": "quantity", "expression": "item.quantity", "required": true}]
    }
  ]
}
"""

STOCK_GOLDEN = """{
  "given": {
    "id": 1001,
    "counted_at": "2026-06-05T08:30:00+00:00",
    "items": [{"sku": "LAMP", "location": "SEA-1", "quantity": 12}]
  },
  "document": {
    "mode": "set",
    "at": "2026-06-05T08:30:00+00:00",
    "reference": "1001",
    "items": [{"quantity": 12}]
  },
  "keys": [
    ["product", "sku", "LAMP", "items[0].product"],
    ["warehouse", "location", "SEA-1", "items[0].source"]
  ]
}
"""

SEND_TRANSFORMATION = """{
  "source": "fulfillment_order",
  "target": "$name.order",
  "keys": {
    "product": [
      {
        "field": "sku",
        "value": "line.product",
        "over": "lines",
        "as": "line",
        "into": "lines[].sku"
      }
    ]
  },
  "fields": [
    {"path": "reference", "expression": "number", "required": true},
    {"path": "ship_to", "expression": "ship_to", "required": true}
  ],
  "each": [
    {
      "path": "lines",
      "over": "lines",
      "as": "line",
      "required": true,
      "fields": [
        {"path": "line_reference", "expression": "line.reference", "required": true},
        {"path": "quantity", "expression": "line.quantity", "required": true}
      ]
    }
  ]
}
"""

SEND_GOLDEN = """{
  "given": {
    "number": "FO-118-1",
    "ship_to": {"name": "Jane Doe", "city": "Bellevue", "country": "US"},
    "lines": [{"reference": "L1", "product": "Desk lamp", "quantity": 2}]
  },
  "document": {
    "reference": "FO-118-1",
    "ship_to": {"name": "Jane Doe", "city": "Bellevue", "country": "US"},
    "lines": [{"line_reference": "L1", "quantity": 2}]
  },
  "keys": [["product", "sku", "Desk lamp", "lines[0].sku"]]
}
"""

README = """# $title

Category: $category.

$description

## Connection

| Field | Meaning |
|---|---|
| `url` | Address of the API |
| `token` | Bearer token of the account; `env:NAME` where `OPENIOM_SECRET_VARIABLES` allows it |

## What to replace

This folder was generated by `iom provider new`. It assumes an API with
`GET v1/account` for the probe and $endpoint.

1. `connector.py`: the endpoints and the credential of the real API.
2. `transformations/$transformation.json`: the fields of its payloads.
3. The golden case beside the tests: a recorded payload and the expected document.
4. The server in the test: responses of the real API.
"""

TESTS = '''"""$title: the tests that every provider must pass, against a local server."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

$test_imports

TOKEN = "token-1"


class Handler(BaseHTTPRequestHandler):
    """The API of $title, as far as these tests need it."""

    def do_GET(self) -> None:
        """Return the account to a client with the right token."""
        authorized = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        body = b'{"name": "Test account", "scopes": []}' if authorized else b"{}"
        self.send_response(200 if authorized else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Do not log requests."""


def connection(url: str, token: str = TOKEN) -> dict[str, str]:
    return {"url": url, "token": token}


@contextmanager
def site() -> Iterator[ExternalSystem]:
    """Run the server while the block runs."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        host, port = unreachable_address()
        try:
            yield ExternalSystem(
                good=connection(url),
                refused=connection(url, "wrong-token"),
                down=connection(f"http://{host}:{port}"),
            )
        finally:
            server.shutdown()
            thread.join()


class TestContract(
    provider_contract(PROVIDER, golden=Path(__file__).with_name("golden"), site=site)
):
    """The tests that every provider must pass."""
'''
