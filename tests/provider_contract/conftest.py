from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.provider_contract.fake_server import FakeServer, running_server

from openiom.provider_contract import LOOPBACK, EgressPolicy, ProviderHttpClient
from openiom.testing import RecordedCalls


@pytest.fixture
def other() -> Iterator[FakeServer]:
    with running_server() as server:
        yield server


@pytest.fixture
def calls() -> RecordedCalls:
    return RecordedCalls()


@pytest.fixture
def http(other: FakeServer, calls: RecordedCalls) -> Iterator[ProviderHttpClient]:
    with closing(
        ProviderHttpClient(
            other.url,
            report=calls,
            timeout=0.5,
            max_wait_seconds=0.3,
            egress=EgressPolicy(LOOPBACK.networks, max_response_bytes=1000),
        )
    ) as client:
        yield client
