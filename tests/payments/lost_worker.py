"""A worker process that is killed while it waits for the answer of a payment provider."""

import sys
from pathlib import Path

from tests.orders.builders import NOW

from openiom.app.application import build
from openiom.payments import PaymentCallWorker
from openiom.platform.settings import Settings

if __name__ == "__main__":
    application = build(Settings(home=Path(sys.argv[2])), sys.argv[1])
    PaymentCallWorker(application.registry).run_once(application.database, limit=10, now=NOW)
