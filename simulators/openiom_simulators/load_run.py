"""`iom demo --headless`: so many real orders through everything, and an account of every one of them."""

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
    database_of,
    end_on_signals,
    start_product,
    take_port,
    url_of,
    wait_until_ready,
)
from openiom.app.resources import PROJECT
from openiom.kernel import Refused
from openiom.platform.bulk import fetch
from openiom.platform.settings import Settings
from openiom.providers import poll

from .demo import (
    EMAIL,
    STORE_HASH,
    Site,
    keepsake,
    open_for_business,
    start_simulators,
)
from .seed import (
    CatalogItem,
    company_documents,
    instance_documents,
    put_administrator,
    seed_catalog,
    seed_company,
    seed_stock,
)
from .seed.company import BRAZIL, LAB_PRODUCTS, SOURCES
from .store_client import store_side

STORE, WAREHOUSE = "fabrikam-store", "fabrikam-3pl"
STUCK_SECONDS = 120.0
PLENTY = 100_000


@dataclass(frozen=True)
class Standing:
    """How far the orders are. `done` is shipped, billed and told to the store; `seen` counts every trace of one."""

    arrived: int
    waiting: int
    parked: int
    duplicates: int
    orders: int
    sent: int
    shipped: int
    completed: int
    failed: int
    untold: int
    told: int

    @property
    def settled(self) -> int:
        """Orders that will not move by themselves any more."""
        return self.parked + self.completed + self.failed


@dataclass(frozen=True)
class Summary:
    orders_in: int
    sent_to_fulfillment: int
    shipped: int
    parked: int
    duplicates: int
    seconds: float
    orders_per_second: float
    invariants: str
    loaded: int
    told_to_store: int
    failed: int

    @property
    def accounted_for(self) -> bool:
        """Every order the store took came in once, and was shipped and told, or stands where a person sees it."""
        return (
            self.orders_in == self.loaded
            and self.told_to_store == self.shipped
            and self.shipped + self.parked + self.failed == self.loaded
            and self.invariants == "ok"
        )

    def shown(self) -> dict[str, Any]:
        return asdict(self)


STANDING = """
SELECT (SELECT count(DISTINCT key) FROM providers.message WHERE instance = %(store)s),
       (SELECT count(*) FROM providers.message WHERE state = 'received'),
       (SELECT count(DISTINCT key) FROM providers.message WHERE instance = %(store)s AND state = 'parked'),
       (SELECT coalesce(sum(deliveries - 1), 0) + count(*) FILTER (WHERE state = 'duplicate')
          FROM providers.message WHERE instance = %(store)s),
       (SELECT count(*) FROM orders.order WHERE instance = %(store)s),
       (SELECT count(DISTINCT root_id) FROM platform.business_event WHERE name = 'order.sent_to_fulfillment'),
       (SELECT count(DISTINCT root_id) FROM platform.business_event WHERE name = 'order.shipped'),
       (SELECT count(*) FROM orders.order_state WHERE state = 'completed'),
       (SELECT count(DISTINCT root_id) FROM orchestration.flow_run WHERE state = 'failed'),
       (SELECT count(*) FROM fulfillment.shipment s WHERE NOT EXISTS (SELECT 1 FROM platform.business_event e
          WHERE e.subject_id = s.id AND e.name = 'shipment.told_to_store')),
       (SELECT count(DISTINCT root_id) FROM platform.business_event WHERE name = 'shipment.told_to_store')
"""


def standing(session: Session) -> Standing:
    return Standing(*map(int, fetch(session, STANDING, {"store": STORE})[0]))


@contextmanager
def headless_home(given: Path | None) -> Iterator[Path]:
    """The given home, else one that is gone afterwards."""
    if given is not None:
        yield given
        return
    home = Path(tempfile.mkdtemp(prefix="openiom-"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def olist_folder() -> Path | None:
    """The Olist files of the shared folder, when they are there."""
    shared = Path(os.environ.get("OPENIOM_SHARED") or PROJECT.parent / "shared")
    found = shared / "data" / "olist"
    return found.resolve() if (found / "orders_delivered.parquet").is_file() else None


def run_headless(settings: Settings, *, orders: int, errors: Console) -> Summary:
    """Load `orders` into the store, poll them in, and wait until each is shipped and told, or visibly stuck."""
    end_on_signals()
    bound = take_port(settings.host, settings.port, insist=False)
    kept = keepsake(settings.home)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with (
        Progress(*columns, console=errors) as progress,
        database_of(settings) as database_url,
        Supervisor() as supervisor,
    ):
        start_product(supervisor, settings, database_url, bound, workers=settings.workers)
        addresses = start_simulators(
            supervisor, settings.home, kept, remembering=False, behavior=()
        )
        product = build(settings.model_copy(update={"public_url": url_of(bound)}), database_url)
        try:
            with store_side(addresses.store_url, STORE_HASH, kept.store_token) as store:
                site = Site(url_of(bound), product, store, addresses, kept.password)
                loaded = stock_the_world(site, orders, progress)
                wait_until_ready(supervisor, site.url)
                open_for_business(site, trickle=False, say=lambda _: None)
                return carry_through(site, supervisor, loaded, progress)
        finally:
            product.close()


def stock_the_world(site: Site, orders: int, progress: Progress) -> int:
    """Orders into the store; documents, catalog and stock into the product. Returns how many orders the store has."""
    task = progress.add_task("loading the store", total=None)
    site.store.wait()
    olist = olist_folder()
    if olist is not None:
        site.store.load({"source": "olist", "path": str(olist), "orders": orders})
    else:
        site.store.load({"source": "generator", "orders": orders, "products": 300, "seed": 7})
    stats = site.store.stats()
    progress.update(task, total=stats["orders"], completed=stats["orders"])
    task = progress.add_task("catalog", total=stats["products"])
    catalog = list(site.store.catalog(lambda n: progress.advance(task, n)))
    migrate(site.product.database, consumers=CONSUMERS)
    company = company_documents(brazil=olist is not None)
    seed_company(site.product, [d for d in company if d["kind"] not in ("policy", "flow")])
    task = progress.add_task("products and mappings", total=len(catalog))
    currency = "BRL" if olist is not None else "USD"
    seed_catalog(site.product, catalog, currency=currency, told=lambda n: progress.advance(task, n))
    instances = instance_documents(site.addresses, poll_seconds=None)
    seed_company(site.product, [*(d for d in company if d["kind"] == "policy"), *instances])
    seed_company(site.product, [d for d in company if d["kind"] == "flow"])
    _stock(site, catalog, (*SOURCES, *BRAZIL) if olist is not None else SOURCES, progress)
    put_administrator(site.product, email=EMAIL, password=site.password)
    reset_statistics(site.product.database)
    return int(stats["orders"])


def _stock(
    site: Site, catalog: Sequence[CatalogItem], sources: Sequence[str], progress: Progress
) -> None:
    names = [*LAB_PRODUCTS, *(item.sku for item in catalog)]
    task = progress.add_task("stock", total=len(names) * len(sources))
    seed_stock(
        site.product,
        names,
        sources=sources,
        plenty=PLENTY,
        told=lambda n: progress.advance(task, n),
    )


def carry_through(site: Site, supervisor: Supervisor, loaded: int, progress: Progress) -> Summary:
    """Poll, and watch until everything is settled. Raises Refused when nothing has moved for two minutes."""
    task = progress.add_task("orders shipped and told", total=loaded)
    started = monotonic()
    with suppress(Refused):  # a webhook was quicker, and a worker polls already
        poll(site.product.registry, site.product.database, STORE)
    last, moved_at, finished = None, monotonic(), started
    while True:
        supervisor.revive()
        with site.product.database.reading() as session:
            now = standing(session)
        progress.update(task, completed=min(now.completed, now.told))
        if now != last:
            last, moved_at = now, monotonic()
            finished = moved_at
        if _settled(now, loaded):
            break
        if monotonic() - moved_at > STUCK_SECONDS:
            break
        sleep(0.25)
    return _summary(site, now, loaded, finished - started)


def _settled(now: Standing, loaded: int) -> bool:
    return now.settled >= loaded and not now.waiting and not now.untold


def _summary(site: Site, now: Standing, loaded: int, seconds: float) -> Summary:
    broken = [c.name for c in check_invariants(site.product.database) if c.broken]
    store_knows = int(site.store.stats()["orders_by_status"].get("2", 0))
    return Summary(
        orders_in=now.orders + now.parked,
        sent_to_fulfillment=now.sent,
        shipped=now.shipped,
        parked=now.parked,
        duplicates=now.duplicates,
        seconds=round(seconds, 2),
        orders_per_second=round(now.shipped / max(seconds, 0.001), 1),
        invariants="ok" if not broken else "broken: " + ", ".join(broken),
        loaded=loaded,
        told_to_store=store_knows,
        failed=now.failed,
    )
