"""A worker process: every wave of the product, and scheduled jobs. Start as many as you like, on any machine."""

import signal
from collections.abc import Callable
from threading import Event as Flag
from types import FrameType

import structlog

from openiom.platform.waves import WaveRunner

from .jobs import JobsThread
from .wiring import Product

log = structlog.get_logger("worker")


def run_worker(product: Product, *, on_stop: Callable[[Flag], None] = lambda _: None) -> None:
    """Work until SIGTERM or SIGINT, finish the waves in hand, and return."""
    stop = Flag()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    on_stop(stop)
    runner = WaveRunner(product.database, product.turns(), limit=product.settings.wave_limit)
    jobs = JobsThread(product.database)
    runner.start()
    jobs.start()
    log.info("worker_started", turns=[turn.kind for turn in product.turns()])
    stop.wait()
    jobs.stop()
    runner.stop()
    product.close()
    log.info("worker_ended")
