"""Connectors as the product makes them, and an address where nobody answers."""

import socket
from collections.abc import Mapping
from typing import Any

from openiom.provider_contract import Connection, OutboundRequest, Provider
from openiom.providers.registry import plain_values


class Heard(list[OutboundRequest]):
    """Every outside call a connector reported, in order."""

    def __call__(self, call: OutboundRequest) -> None:
        self.append(call)


def connected(
    provider: Provider,
    connection: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    *,
    callback_url: str = "",
    report: Heard | None = None,
) -> Any:
    """The provider's connector, its values checked and filled with defaults. Raises Invalid naming each fault."""
    return provider.connect(
        Connection(
            instance="contract",
            connection=plain_values(provider.connection, connection, "connection"),
            parameters=plain_values(provider.parameters, parameters or {}, "parameters"),
            report=Heard() if report is None else report,
            callback_url=callback_url,
        )
    )


def nowhere() -> tuple[str, int]:
    """A loopback host and port where nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        host, port = bound.getsockname()
        return str(host), int(port)
