"""Fabrikam's installed providers: its store, its 3PL, its carrier, and the two ends of the quick-start lab."""

from dataclasses import dataclass
from typing import Any

CALLBACK_NET_SECONDS = 10  # a poll brings what a lost callback did not


@dataclass(frozen=True, slots=True)
class InstanceAddresses:
    """Where the simulators listen and what opens them. Without `carrier_url` no carrier is installed."""

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


def instance_documents(at: InstanceAddresses, *, poll_seconds: int | None) -> list[dict[str, Any]]:
    """Documents of kind provider_instance; `poll_seconds` None leaves the store to webhooks and `iom provider poll`."""
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
            poll_seconds=CALLBACK_NET_SECONDS,
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
