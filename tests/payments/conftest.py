from collections.abc import Iterator

import pytest
from tests.payments.builders import shop
from tests.payments.provider import running_provider

from openiom.app.application import Application
from openiom_simulators import RunningServer


@pytest.fixture
def provider(application: Application) -> Iterator[RunningServer]:
    """Yield a payment provider that is installed as `pay`, in a shop with stock."""
    shop(application.database)
    with running_provider(application) as server:
        yield server
