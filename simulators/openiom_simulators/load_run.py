"""`iom demo --headless`: process a number of orders end to end, and account for each of them."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.orm import Session

from openiom.app.application import CONSUMERS, build
from openiom.app.invariants import check_invariants
from openiom.app.migrate import migrate, reset_statistics
from openiom.app.processes import (
    Supervisor,
    bind_port,
    end_on_signals,
    running_database,
    start_application,
    url_of,
    wait_until_ready,
)
from openiom.app.resources import PROJECT
from openiom.kernel import Refused
from openiom.platform.bulk import fetch_as
from openiom.platform.settings import Settings
from openiom.providers import poll

from .demo import (
    EMAIL,
    GENERATED_PRODUCTS,
    GENERATOR_SEED,
    DemoSite,
    enable_connections,
    of_kind,
    start_simulators,
    without_kinds,
)
from .demo_state import STORE_HASH, load_demo_state
from .seed import (
    CatalogItem,
    company_documents,
    create_administrator,
    instance_documents,
    seed_catalog,
    seed_company,
    seed_stock,
)
from .seed.company import BRAZIL, LAB_PRODUCTS, SOURCES
from .store_client import open_store_client

STORE = "fabrikam-store"
SHIPPED_STATUS = "2"
STUCK_SECONDS = 120.0
POLL_SECONDS = 0.25
UNLIMITED_UNITS = 100_000


@dataclass(frozen=True, slots=True)
class OrderProgress:
    """How far the orders are.

    `completed` orders are shipped, billed and reported to the store; `unreported` shipments are not
    reported yet.
    """

    arrived: int
    waiting: int
    parked: int
    duplicates: int
    orders: int
    sent: int
    shipped: int
    completed: int
    failed: int
    unreported: int
    reported: int

    @property
    def final(self) -> int:
        """Orders that will not change any more."""
        return self.parked + self.completed + self.failed

    def is_complete(self, loaded: int) -> bool:
        """Return whether nothing of `loaded` orders is left to do."""
        return self.final >= loaded and not self.waiting and not self.unreported


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of a load run."""

    orders_in: int
    sent_to_fulfillment: int
    shipped: int
    parked: int
    duplicates: int
    seconds: float
    orders_per_second: float
    invariants: str
    loaded: int
    known_to_store: int
    failed: int

    @property
    def accounted_for(self) -> bool:
        """Whether every loaded order came in once, and was shipped and reported, or is visible as
        parked or failed."""
        return (
            self.orders_in == self.loaded
            and self.known_to_store == self.shipped
            and self.shipped + self.parked + self.failed == self.loaded
            and self.invariants == "ok"
        )

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON values."""
        return asdict(self)


PROGRESS = """
SELECT (SELECT count(DISTINCT key) FROM providers.message WHERE instance = %(store)s) AS arrived,
       (SELECT count(*) FROM providers.message WHERE state = 'received') AS waiting,
       (SELECT count(DISTINCT key) FROM providers.message
          WHERE instance = %(store)s AND state = 'parked') AS parked,
       (SELECT coalesce(sum(deliveries - 1), 0)::bigint
            + count(*) FILTER (WHERE state = 'duplicate')
          FROM providers.message WHERE instance = %(store)s) AS duplicates,
       (SELECT count(*) FROM orders.order WHERE instance = %(store)s) AS orders,
       (SELECT count(DISTINCT root_id) FROM platform.business_event
          WHERE name = 'order.sent_to_fulfillment') AS sent,
       (SELECT count(DISTINCT root_id) FROM platform.business_event
          WHERE name = 'order.shipped') AS shipped,
       (SELECT count(*) FROM orders.order_state WHERE state = 'completed') AS completed,
       (SELECT count(DISTINCT root_id) FROM orchestration.flow_run
          WHERE state = 'failed') AS failed,
       (SELECT count(*) FROM fulfillment.shipment s WHERE NOT EXISTS
          (SELECT 1 FROM platform.business_event e
             WHERE e.subject_id = s.id AND e.name = 'shipment.pushed')) AS unreported,
       (SELECT count(DISTINCT root_id) FROM platform.business_event
          WHERE name = 'shipment.pushed') AS reported
"""


def read_progress(session: Session) -> OrderProgress:
    """Return how far the orders are now."""
    [progress] = fetch_as(session, OrderProgress, PROGRESS, {"store": STORE})
    return progress


@contextmanager
def load_run_home(given: Path | None) -> Iterator[Path]:
    """Yield the given home, or a temporary one that is deleted afterwards."""
    if given is not None:
        yield given
        return

    home = Path(tempfile.mkdtemp(prefix="openiom-"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def olist_folder() -> Path | None:
    """Return the folder of the Olist data set, None when it is not available."""
    external = Path(os.environ.get("OPENIOM_SHARED") or PROJECT.parent / "shared")
    found = external / "data" / "olist"
    return found.resolve() if (found / "orders_delivered.parquet").is_file() else None


def run_load(settings: Settings, *, orders: int, errors: Console) -> Summary:
    """Load orders into the store, and wait until each is shipped and reported, or visibly stuck."""
    end_on_signals()
    bound = bind_port(settings.host, settings.port, insist=False)
    url = url_of(bound)
    state = load_demo_state(settings.home)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )

    with (
        Progress(*columns, console=errors) as progress,
        running_database(settings) as database_url,
        Supervisor() as supervisor,
    ):
        start_application(supervisor, settings, database_url, bound, workers=settings.workers)
        addresses = start_simulators(
            supervisor, settings.home, state, persistent=False, warehouse=()
        )
        application = build(settings.model_copy(update={"public_url": url}), database_url)

        try:
            with open_store_client(addresses.store_url, STORE_HASH, state.store_token) as store:
                site = DemoSite(url, application, store, addresses, state.password)
                loaded = seed_everything(site, orders, progress)
                wait_until_ready(supervisor, url)
                enable_connections(site, report=lambda _: None)
                return wait_until_complete(site, supervisor, loaded, progress)
        finally:
            application.close()


def seed_everything(site: DemoSite, orders: int, progress: Progress) -> int:
    """Load orders into the store, and documents, catalog and stock into the application.

    Return the number of orders in the store.
    """
    olist = olist_folder()
    stats = _load_store(site, orders, olist, progress)
    task = progress.add_task("catalog", total=stats["products"])
    catalog = list(site.store.catalog(lambda count: progress.advance(task, count)))
    migrate(site.application.database, consumers=CONSUMERS)
    company = company_documents(brazil=olist is not None)
    seed_company(site.application, without_kinds(company, "policy", "flow"))
    _seed_catalog(site, catalog, "BRL" if olist is not None else "USD", progress)
    instances = instance_documents(site.addresses, poll_seconds=None)
    seed_company(site.application, [*of_kind(company, "policy"), *instances])
    seed_company(site.application, of_kind(company, "flow"))
    sources = (*SOURCES, *BRAZIL) if olist is not None else SOURCES
    _seed_stock(site, catalog, sources, progress)
    create_administrator(site.application, email=EMAIL, password=site.password)
    reset_statistics(site.application.database)
    return int(stats["orders"])


def wait_until_complete(
    site: DemoSite, supervisor: Supervisor, loaded: int, progress: Progress
) -> Summary:
    """Poll the store, and watch until no order changes any more.

    Give up when nothing has changed for two minutes.
    """
    task = progress.add_task("orders shipped and reported", total=loaded)
    started = monotonic()
    with suppress(Refused):  # a worker polls already, after a webhook
        poll(site.application.registry, site.application.database, STORE)

    previous: OrderProgress | None = None
    changed_at = monotonic()
    while True:
        supervisor.revive()
        with site.application.database.reading() as session:
            now = read_progress(session)

        progress.update(task, completed=min(now.completed, now.reported))
        if now != previous:
            previous = now
            changed_at = monotonic()

        if now.is_complete(loaded) or monotonic() - changed_at > STUCK_SECONDS:
            return _summary(site, now, loaded, changed_at - started)

        sleep(POLL_SECONDS)


def _load_store(
    site: DemoSite, orders: int, olist: Path | None, progress: Progress
) -> dict[str, Any]:
    task = progress.add_task("loading the store", total=None)
    site.store.wait()
    if olist is not None:
        site.store.load({"source": "olist", "path": str(olist), "orders": orders})
    else:
        site.store.load(
            {
                "source": "generator",
                "orders": orders,
                "products": GENERATED_PRODUCTS,
                "seed": GENERATOR_SEED,
            }
        )

    stats = site.store.stats()
    progress.update(task, total=stats["orders"], completed=stats["orders"])
    return stats


def _seed_catalog(
    site: DemoSite, catalog: Sequence[CatalogItem], currency: str, progress: Progress
) -> None:
    task = progress.add_task("products and mappings", total=len(catalog))
    seed_catalog(
        site.application,
        catalog,
        currency=currency,
        progress=lambda count: progress.advance(task, count),
    )


def _seed_stock(
    site: DemoSite, catalog: Sequence[CatalogItem], sources: Sequence[str], progress: Progress
) -> None:
    names = [*LAB_PRODUCTS, *(item.sku for item in catalog)]
    task = progress.add_task("stock", total=len(names) * len(sources))
    seed_stock(
        site.application,
        names,
        sources=sources,
        units=UNLIMITED_UNITS,
        progress=lambda count: progress.advance(task, count),
    )


def _summary(site: DemoSite, now: OrderProgress, loaded: int, seconds: float) -> Summary:
    checked = check_invariants(site.application.database)
    violated = [invariant.name for invariant in checked if invariant.violations]
    in_store = site.store.stats()["orders_by_status"]
    return Summary(
        orders_in=now.orders + now.parked,
        sent_to_fulfillment=now.sent,
        shipped=now.shipped,
        parked=now.parked,
        duplicates=now.duplicates,
        seconds=round(seconds, 2),
        orders_per_second=round(now.shipped / max(seconds, 0.001), 1),
        invariants="ok" if not violated else "violated: " + ", ".join(violated),
        loaded=loaded,
        known_to_store=int(in_store.get(SHIPPED_STATUS, 0)),
        failed=now.failed,
    )
