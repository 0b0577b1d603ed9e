"""Orders of the lab as they arrive, and the account of them after a drill."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from starlette.testclient import TestClient
from tests.order_stories.conftest import Fabrikam

from openiom.app.application import build
from openiom.app.invariants import check_invariants
from openiom.app.web import create_app
from openiom.platform.batches import drain
from openiom.platform.settings import Settings

SENT = "fulfillment_in_process"


def place(fabrikam: Fabrikam, numbers: Sequence[str]) -> None:
    """Have the lab send small orders, which are fulfilled from Chicago by two posts each."""
    for number in numbers:
        fabrikam.lab_order(number, country="US", quantity=10)


def work(fabrikam: Fabrikam) -> None:
    """Run every worker until none finds anything to do."""
    application = fabrikam.application
    drain(application.database, application.workers())


def states(fabrikam: Fabrikam) -> dict[str, str]:
    """Return the state of every order by its number."""
    rows = fabrikam.fetch(
        "SELECT o.number, s.state FROM orders.order o JOIN orders.order_state s"
        " ON s.order_id = o.id ORDER BY o.number"
    )
    return dict(rows)


def assert_accounted(fabrikam: Fabrikam, numbers: Sequence[str]) -> None:
    """Check that every order was sent to its fulfiller once, and that the product says it is well.

    The lab receives a header and the lines of each order.
    """
    assert states(fabrikam) == dict.fromkeys(sorted(numbers), SENT)
    parked = fabrikam.fetch("SELECT key, error FROM providers.message WHERE state = 'parked'")
    assert parked == []
    violated = [
        row.name for row in check_invariants(fabrikam.application.database) if row.violations
    ]
    assert violated == []
    assert posts(fabrikam) == {
        "/CreateFulfillmentOrder": len(numbers),
        "/CreateFulfillmentOrderLines": len(numbers),
    }
    assert is_healthy(fabrikam)


def posts(fabrikam: Fabrikam) -> Counter[str]:
    """Return how many requests the lab received, by path."""
    return Counter(post["path"] for post in fabrikam.lab.app.state.posts)


def is_healthy(fabrikam: Fabrikam) -> bool:
    """Return whether a web process over the same database answers `/health`."""
    with TestClient(create_app(fabrikam.application)) as client:
        return client.get("/health").status_code == 200


@contextmanager
def moved(fabrikam: Fabrikam, url: str, home: Path, **settings: str) -> Iterator[Fabrikam]:
    """Yield the same product over another database URL, with the secrets in `home`."""
    application = build(Settings(home=home, **settings), url)
    try:
        yield replace(fabrikam, application=application)
    finally:
        application.close()
