"""HTTP clients of simulators, which listen on this machine."""

import ssl
from typing import Any

import httpx

RETRY_SECONDS = 5
"""Time after which a simulator that does not respond may have been restarted."""


def loopback_client(**options: Any) -> httpx.Client:
    """Return a client without proxy, and without the certificates that httpx loads for TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.Client(trust_env=False, verify=context, **options)
