"""`build()`: the one place that knows which concrete thing stands behind each promise."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import entry_points

from fastapi import APIRouter

from openiom import (
    administration,
    fulfillment,
    fulfillment_optimization,
    inventory_contract,
    inventory_visibility,
    library,
    logistics,
    master_data,
    orchestration,
    orders,
    policies,
    providers,
    simulation,
    state_framework,
)
from openiom.kernel import Invalid
from openiom.platform.batches import Worker
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.platform.secrets import Secrets
from openiom.platform.settings import Settings
from openiom.provider_contract import Action, DocumentReceiver, Entity, Provider

from .deletion_guards import guard_documents
from .demand_gateway import DemandGateway
from .master_data_intake import master_data_receivers
from .order_gateway import OrderGateway
from .vocabulary import vocabulary_router

ENTRY_POINTS = "openiom.providers"
KEPT_CONNECTIONS = 12
TAILS = 1  # the thread that tails the business event log for browsers
CONSUMERS = ("orchestration", orders.BACKORDER_CONSUMER, fulfillment_optimization.CAPACITY_CONSUMER)
STATE_TABLES = {
    t.entity: t
    for t in (orders.ORDER_TABLE, orders.LINE_TABLE, fulfillment.FULFILLMENT_ORDER_TABLE)
}
EVENT_TITLES = {**orders.EVENT_TITLES, **fulfillment.EVENT_TITLES}
"""Display titles of business events, as each package registers them."""


@dataclass(frozen=True)
class Application:
    """Everything a process needs, wired."""

    settings: Settings
    database: Database
    secrets: Secrets
    issuer: administration.Issuer
    configuration: Configuration
    registry: providers.ProviderRegistry
    engine: orchestration.Engine
    entities: Mapping[str, Entity]
    actions: Mapping[str, Action]
    order_port: OrderGateway
    rates: providers.LiveRates
    event_titles: Mapping[str, str]

    def workers(self) -> tuple[Worker, ...]:
        """What a worker runs, again and again."""
        inbox = providers.inbox_worker(self.registry, orchestration.start_inline(self.engine))
        return (
            inbox,
            providers.PollWorker(self.registry),
            providers.ProbeWorker(self.registry),
            fulfillment_optimization.Reoptimizer(self.order_port),
            fulfillment_optimization.PriceLearningWorker(DemandGateway()),
            fulfillment_optimization.CapacityUsageWorker(self.order_port),
            *orchestration.workers(self.engine),
            orders.BackorderReleaseWorker(),
            *inventory_visibility.workers(),
            *inventory_contract.workers(self.settings.feed_dir),
            simulation.SimulationWorker(),
        )

    def routers(self) -> tuple[APIRouter, ...]:
        """Every room's part of the HTTP API."""
        return (
            administration.router,
            administration.token_router,
            orders.order_router(self.event_titles),
            orders.waiting_router,
            fulfillment.router,
            fulfillment_optimization.router,
            inventory_visibility.overview_router,
            inventory_visibility.promise_router,
            inventory_visibility.allocation_router,
            inventory_visibility.supply_router,
            fulfillment_optimization.quote_router(self.rates),
            fulfillment_optimization.rate_router,
            simulation.simulation_router(DemandGateway()),
            fulfillment_optimization.explain_router(self.order_port),
            inventory_visibility.router,
            inventory_contract.router,
            master_data.router,
            orchestration.router,
            policies.router,
            providers.router,
            state_framework.states_router(STATE_TABLES),
            vocabulary_router(STATE_TABLES, self.entities, self.event_titles),
        )

    def close(self) -> None:
        self.rates.close()
        self.registry.close()
        self.database.close()


def build(settings: Settings, database_url: str) -> Application:
    """Wire the product over one database, with connections for as many threads as answer requests.

    Opens none yet; a worker makes room for its turns instead.
    """
    threads = settings.web_threads + TAILS
    database = Database(database_url, threads=threads, kept=KEPT_CONNECTIONS)
    secrets = Secrets.from_settings(keys=settings.secret_keys, home=settings.home)
    receivers: dict[str, DocumentReceiver] = {
        **orders.RECEIVERS,
        **fulfillment.RECEIVERS,
        **inventory_visibility.RECEIVERS,
    }
    configuration = Configuration()
    receivers |= master_data_receivers(configuration)
    registry = providers.ProviderRegistry(
        catalog=provider_catalog(),
        secrets=secrets,
        receivers=receivers,
        public_url=settings.public_url.rstrip("/"),
        message_limit_bytes=settings.message_limit_bytes,
        suggest=master_data.suggest,
    )
    entities = {e.name: e for e in (*orders.ENTITIES, *fulfillment.ENTITIES)}
    order = entities["order"]
    entities["order"] = replace(
        order, children={**order.children, **fulfillment.CHILDREN_OF_ORDERS}
    )
    order_port = OrderGateway()
    actions = {
        a.name: a
        for a in (
            *orders.ACTIONS,
            *fulfillment_optimization.sourcing_actions(order_port),
            *fulfillment.ACTIONS,
        )
    }
    outside = orchestration.ThroughProviders(registry)
    catalog = orchestration.Catalog(
        entities=entities,
        actions=actions,
        provider_actions=outside.actions,
        policies=policies.policies_in_use,
        events=known_events(),
    )
    engine = orchestration.Engine(catalog, outside)
    configuration.register(
        *administration.KINDS,
        *master_data.KINDS,
        *inventory_visibility.KINDS,
        *orders.KINDS,
        *logistics.TIMING_KINDS,
        *fulfillment_optimization.KINDS,
        *policies.KINDS,
        state_framework.states_kind(STATE_TABLES),
        providers.instance_kind(registry),
        providers.MAPPING_KIND,
        orchestration.flow_kind(catalog),
    )
    guard_documents(configuration)
    issuer = administration.Issuer.of(secrets, environment=settings.environment)
    rates = providers.LiveRates(registry)
    return Application(
        settings,
        database,
        secrets,
        issuer,
        configuration,
        registry,
        engine,
        entities,
        actions,
        order_port,
        rates,
        EVENT_TITLES,
    )


def known_events() -> tuple[str, ...]:
    """Names of every business event a flow may start by, wait for or raise."""
    named = {*EVENT_TITLES, *inventory_visibility.EVENTS, *master_data.EVENTS}
    for table in STATE_TABLES.values():
        named.update(table.events())
    return tuple(sorted(named))


def provider_catalog() -> dict[str, Provider]:
    """Providers of this installation, by name: installed packages by entry point, and the library beside us."""
    found: dict[str, object] = {
        p.name: p.load() for p in sorted(entry_points(group=ENTRY_POINTS), key=lambda p: p.name)
    }
    for module in pkgutil.iter_modules(library.__path__, "openiom.library."):
        # An installed library has entry points as well; a source checkout that was never installed has only this.
        found.setdefault(
            module.name.rpartition(".")[2],
            getattr(importlib.import_module(module.name), "PROVIDER", None),
        )
    catalog: dict[str, Provider] = {}
    for name, provider in found.items():
        if not isinstance(provider, Provider):
            raise Invalid(
                f"the entry point {name} is not a Provider",
                where=ENTRY_POINTS,
                remedy="remove its package",
            )
        catalog[provider.name] = provider
    return catalog
