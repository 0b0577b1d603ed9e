"""Connectors as the application creates them, and an address where nothing listens."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openiom.provider_contract import LOOPBACK, Connection, OutboundRequest, Provider
from openiom.providers.registry import plain_values

INSTANCE = "contract"


class RecordedCalls(list[OutboundRequest]):
    """Every request that a connector reported, in order."""

    def __call__(self, call: OutboundRequest) -> None:
        self.append(call)


def connect(
    provider: Provider,
    connection: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    *,
    callback_url: str = "",
    report: RecordedCalls | None = None,
    folder: Path | None = None,
) -> Any:
    """Return the provider's connector, its values checked and completed with defaults.

    It may connect to this machine, and read files below `folder`.

    Raise `Invalid` naming each fault.
    """
    return provider.connect(
        Connection(
            instance=INSTANCE,
            connection=plain_values(provider.connection, connection, "connection"),
            parameters=plain_values(provider.parameters, parameters or {}, "parameters"),
            report=RecordedCalls() if report is None else report,
            callback_url=callback_url,
            egress=LOOPBACK,
            folder=folder,
        )
    )


def unreachable_address() -> tuple[str, int]:
    """Return a local host and port where nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        host, port = bound.getsockname()
        return str(host), int(port)
