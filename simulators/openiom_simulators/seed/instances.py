"""The provider instances of Fabrikam: its store, its 3PL, its carrier and the quick-start lab."""

from dataclasses import dataclass
from typing import Any

PAYMENTS = "fabrikam-payments"
WAREHOUSE_POLL_SECONDS = 10
"""The 3PL calls back; polls deliver the updates whose callback was lost."""


@dataclass(frozen=True, slots=True)
class InstanceAddresses:
    """URLs and credentials of the simulators.

    Without `carrier_url` no carrier is installed, without `payments_url` no payments.
    """

    store_url: str
    store_hash: str
    store_token: str
    warehouse_url: str
    warehouse_token: str
    callback_secret: str
    webhook_key: str
    lab_url: str
    lab_smtp_port: int
    lab_key: str
    carrier_url: str = ""
    carrier_token: str = ""
    payments_url: str = ""
    payments_token: str = ""


def instance_documents(at: InstanceAddresses, *, poll_seconds: int | None) -> list[dict[str, Any]]:
    """Return the documents of the instances.

    `poll_seconds` is the interval of the store's polls; None leaves it to webhooks.
    """
    return [
        _instance(
            "fabrikam-store",
            provider="bigcommerce",
            title="Fabrikam online store",
            connection={
                "api_url": at.store_url,
                "store_hash": at.store_hash,
                "access_token": at.store_token,
                "webhook_key": at.webhook_key,
            },
            parameters=_store_parameters(at),
            poll_seconds=poll_seconds,
        ),
        _instance(
            "fabrikam-3pl",
            provider="demo_fulfillment",
            title="Fabrikam 3PL",
            connection={
                "url": at.warehouse_url,
                "token": at.warehouse_token,
                "callback_secret": at.callback_secret,
            },
            poll_seconds=WAREHOUSE_POLL_SECONDS,
        ),
        _instance(
            "lab-intake",
            provider="lab_intake",
            title="Quick-start lab, order intake",
            connection={"api_key": at.lab_key},
        ),
        _instance(
            "lab-fulfillment",
            provider="lab_fulfillment",
            title="Quick-start lab, fulfillment",
            connection={
                "smtp_host": "127.0.0.1",
                "smtp_port": at.lab_smtp_port,
                "smtp_security": "none",
                "sender": "iom@fabrikam.example",
                "url": f"{at.lab_url}/bin/",
            },
            parameters={"outbound_email": "seattle@fabrikam.example"},
        ),
        *_carrier(at),
        *_payments(at),
    ]


def _carrier(at: InstanceAddresses) -> list[dict[str, Any]]:
    if not at.carrier_url:
        return []
    connection = {"url": at.carrier_url, "token": at.carrier_token}
    return [
        _instance(
            "fabrikam-carrier", provider="demo_carrier", title="Demo carrier", connection=connection
        )
    ]


def _store_parameters(at: InstanceAddresses) -> dict[str, Any]:
    if not at.payments_url:
        return {}
    return {"read_payments": True, "payment_instance": PAYMENTS}


def _payments(at: InstanceAddresses) -> list[dict[str, Any]]:
    if not at.payments_url:
        return []
    connection = {"url": at.payments_url, "token": at.payments_token}
    return [
        _instance(PAYMENTS, provider="demo_payments", title="Demo payments", connection=connection)
    ]


def _instance(
    name: str,
    *,
    provider: str,
    title: str,
    connection: dict[str, Any],
    parameters: dict[str, Any] | None = None,
    poll_seconds: int | None = None,
) -> dict[str, Any]:
    body = {
        "provider": provider,
        "title": title,
        "connection": connection,
        "parameters": parameters or {},
        "poll_seconds": poll_seconds,
    }
    return {"kind": "provider_instance", "name": name, "body": body}
