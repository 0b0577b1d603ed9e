"""`build()`: the one place that knows which implementation is behind each interface."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import entry_points

from openiom import (
    administration,
    collaboration,
    fulfillment,
    fulfillment_optimization,
    inventory_contract,
    inventory_visibility,
    library,
    logistics,
    master_data,
    notices,
    orchestration,
    orders,
    payments,
    policies,
    providers,
    returns,
    self_service,
    simulation,
    state_framework,
)
from openiom.kernel import Invalid
from openiom.platform.batches import Worker
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.platform.http import Router
from openiom.platform.scheduled_jobs import ScheduledJobWorker
from openiom.platform.secrets import AllowedReferences, Secrets, SigningKeys
from openiom.platform.settings import Settings
from openiom.platform.signed_links import SignedLinks
from openiom.provider_contract import Action, DocumentReceiver, EgressPolicy, Entity, Provider

from .demand_gateway import DemandGateway
from .master_data_intake import master_data_receivers
from .order_gateway import OrderGateway
from .scheduled_jobs import SCHEDULED_JOBS
from .vocabulary import vocabulary_router

PROVIDER_ENTRY_POINTS = "openiom.providers"
KEPT_CONNECTIONS = 12
LOCK_SECONDS = 10.0
"""How long a request waits for a row that another one has locked."""
TAIL_THREADS = 1
"""Threads of a web process beside those that serve requests: the one that tails the event log."""

CONSUMERS = (
    "orchestration",
    orders.BACKORDER_CONSUMER,
    fulfillment_optimization.CAPACITY_CONSUMER,
    payments.CONSUMER,
    returns.REFUND_CONSUMER,
    notices.CONSUMER,
)
STATE_TABLES = {
    table.entity: table
    for table in (
        orders.ORDER_TABLE,
        orders.LINE_TABLE,
        fulfillment.FULFILLMENT_ORDER_TABLE,
        returns.RETURN_ORDER_TABLE,
    )
}
UNSENT_FULFILLMENT = fulfillment.UnsentFulfillment()
RECEIVE_ORDERS = partial(
    orders.receive_orders,
    fulfillment=UNSENT_FULFILLMENT,
    payments=payments.StatedPaymentRecorder(),
)
FULFILLMENT_PROGRESS = fulfillment.FulfillmentOrderProgress()
RETURN_REFUNDS = returns.PAYMENT_REFUNDS
"""Pays the refunds of returns."""
EVENT_TITLES = {
    **orders.EVENT_TITLES,
    **fulfillment.EVENT_TITLES,
    **payments.EVENT_TITLES,
    **returns.EVENT_TITLES,
    **collaboration.EVENT_TITLES,
    **notices.EVENT_TITLES,
    **self_service.EVENT_TITLES,
}
"""Display titles of business events, as each package registers them."""


@dataclass(frozen=True)
class Application:
    """Everything that a process of an installation needs, wired."""

    settings: Settings
    database: Database
    secrets: Secrets
    issuer: administration.TokenIssuer
    links: SignedLinks
    configuration: Configuration
    registry: providers.ProviderRegistry
    engine: orchestration.Engine
    entities: Mapping[str, Entity]
    actions: Mapping[str, Action]
    order_port: OrderGateway
    rates: providers.LiveRates
    notice_composer: notices.NoticeComposer
    event_titles: Mapping[str, str]

    def workers(self) -> tuple[Worker, ...]:
        """Return every background worker; a worker process runs each in a thread."""
        start_inline = orchestration.start_inline(self.engine)
        return (
            providers.inbox_worker(self.registry, start_inline),
            *providers.poll_workers(self.registry),
            providers.ProbeWorker(self.registry),
            fulfillment_optimization.Reoptimizer(self.order_port),
            fulfillment_optimization.PriceLearningWorker(DemandGateway()),
            fulfillment_optimization.CapacityUsageWorker(self.order_port),
            *orchestration.workers(self.engine),
            orders.BackorderReleaseWorker(),
            payments.PaymentChargeWorker(),
            payments.PaymentCallWorker(self.registry),
            returns.ReturnRefundWorker(),
            notices.NoticeEventWorker(self.notice_composer),
            notices.NoticeSendWorker(self.secrets),
            *inventory_visibility.workers(),
            *inventory_contract.workers(self.settings.feed_dir),
            simulation.SimulationWorker(),
            ScheduledJobWorker(SCHEDULED_JOBS),
        )

    def routers(self) -> tuple[Router, ...]:
        """Return the HTTP routes of every package."""
        return (
            administration.router,
            administration.token_router,
            administration.user_router,
            administration.saved_view_router,
            collaboration.router,
            notices.notice_router(self.notice_composer, self.secrets),
            orders.change_router(UNSENT_FULFILLMENT, FULFILLMENT_PROGRESS),
            orders.order_router(self.event_titles, FULFILLMENT_PROGRESS),
            orders.waiting_router,
            fulfillment.router,
            payments.router,
            returns.returns_router(self.event_titles, RETURN_REFUNDS),
            self_service.self_service_router(
                orders.ChangePorts(UNSENT_FULFILLMENT, FULFILLMENT_PROGRESS),
                public_url=self.settings.public_url.rstrip("/"),
                link_days=self.settings.customer_link_days,
            ),
            fulfillment_optimization.router,
            vocabulary_router(
                STATE_TABLES, self.entities, self.event_titles, orders.ORDER_COLUMN_TITLES
            ),
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
        )

    def close(self) -> None:
        """Close connections to providers and to the database."""
        self.rates.close()
        self.registry.close()
        self.database.close()


def build(settings: Settings, database_url: str) -> Application:
    """Wire the application over one database.

    No connection is opened yet. The pool has connections for the threads of a web process; a worker
    process replaces it with one for its workers.
    """
    threads = settings.web_threads + TAIL_THREADS
    database = Database(
        database_url,
        threads=threads,
        kept=KEPT_CONNECTIONS,
        direct_url=settings.direct_database_url,
        lock_seconds=LOCK_SECONDS,
    )
    references = AllowedReferences.from_settings(
        variables=settings.secret_variables, folder=settings.secret_folder
    )
    secrets = Secrets.from_settings(
        keys=settings.secret_keys, home=settings.home, references=references
    )
    signing = SigningKeys.from_settings(keys=settings.signing_keys, home=settings.home)
    configuration = Configuration()
    registry = _provider_registry(settings, secrets, configuration)
    order_gateway = OrderGateway()
    entities = _entities()
    links = SignedLinks(signing)
    composer = notices.NoticeComposer(links, settings.public_url)
    actions = _actions(order_gateway, composer)
    engine = _engine(registry, entities, actions)
    _register_documents(configuration, registry, engine.catalog, secrets)
    return Application(
        settings=settings,
        database=database,
        secrets=secrets,
        issuer=administration.TokenIssuer.of(signing, environment=settings.environment),
        links=links,
        configuration=configuration,
        registry=registry,
        engine=engine,
        entities=entities,
        actions=actions,
        order_port=order_gateway,
        rates=providers.LiveRates(registry),
        notice_composer=composer,
        event_titles=EVENT_TITLES,
    )


def _provider_registry(
    settings: Settings, secrets: Secrets, configuration: Configuration
) -> providers.ProviderRegistry:
    receivers: dict[str, DocumentReceiver] = {
        "order": RECEIVE_ORDERS,
        **fulfillment.RECEIVERS,
        **inventory_visibility.RECEIVERS,
        **master_data_receivers(configuration),
    }
    return providers.ProviderRegistry(
        catalog=provider_catalog(),
        secrets=secrets,
        receivers=receivers,
        public_url=settings.public_url.rstrip("/"),
        message_limit_bytes=settings.message_limit_bytes,
        egress=EgressPolicy.from_settings(settings.provider_networks, settings.provider_proxy),
        folder=settings.intake_folder,
        suggest=master_data.suggest_matches,
        direct=orders.DIRECT_INSTANCES,
    )


def _entities() -> dict[str, Entity]:
    """Return the entities of flows and conditions; orders have children of other packages."""
    declared = (*orders.ENTITIES, *fulfillment.ENTITIES, *returns.ENTITIES)
    entities = {entity.name: entity for entity in declared}
    order = entities["order"]
    children = {
        **order.children,
        **fulfillment.CHILDREN_OF_ORDERS,
        **returns.CHILDREN_OF_ORDERS,
    }
    entities["order"] = replace(order, children=children)
    return entities


def _actions(order_gateway: OrderGateway, composer: notices.NoticeComposer) -> dict[str, Action]:
    """Return the actions of our own packages that a flow can use."""
    actions = (
        *orders.ACTIONS,
        *fulfillment_optimization.sourcing_actions(order_gateway),
        *fulfillment.ACTIONS,
        *returns.return_actions(RETURN_REFUNDS),
        *notices.notice_actions(composer),
    )
    return {action.name: action for action in actions}


def _engine(
    registry: providers.ProviderRegistry,
    entities: Mapping[str, Entity],
    actions: Mapping[str, Action],
) -> orchestration.Engine:
    catalog = orchestration.Catalog(
        entities=entities,
        actions=actions,
        registry=registry,
        events=known_events(),
    )
    return orchestration.Engine(catalog)


def _register_documents(
    configuration: Configuration,
    registry: providers.ProviderRegistry,
    catalog: orchestration.Catalog,
    secrets: Secrets,
) -> None:
    """Register the document kinds and deletion guards of every package."""
    configuration.register(
        *administration.KINDS,
        *master_data.KINDS,
        *inventory_visibility.KINDS,
        *orders.KINDS,
        *returns.KINDS,
        *logistics.KINDS,
        *fulfillment_optimization.KINDS,
        *policies.KINDS,
        state_framework.states_kind(STATE_TABLES),
        providers.instance_kind(registry),
        providers.MAPPING_KIND,
        notices.template_kind(known_events()),
        notices.mail_server_kind(secrets),
        orchestration.flow_kind(catalog),
    )
    for kind, guard in (
        *administration.DELETION_GUARDS,
        *inventory_visibility.DELETION_GUARDS,
        *orders.DELETION_GUARDS,
        *fulfillment.DELETION_GUARDS,
    ):
        configuration.add_deletion_guard(kind, guard)


def known_events() -> tuple[str, ...]:
    """Return the names of all events that a flow may start with, wait for or raise."""
    names = {*EVENT_TITLES, *inventory_visibility.EVENTS, *master_data.EVENTS}
    for table in STATE_TABLES.values():
        names.update(table.events())
    return tuple(sorted(names))


def provider_catalog() -> dict[str, Provider]:
    """Return the providers of this installation by name.

    They are installed packages with an entry point, and our own library. The library of a source
    checkout that was never installed has no entry points, so it is read directly as well. Raise
    `Invalid` when an entry point is not a provider.
    """
    found: dict[str, object] = {}
    for point in sorted(entry_points(group=PROVIDER_ENTRY_POINTS), key=lambda point: point.name):
        found[point.name] = point.load()

    for module in pkgutil.iter_modules(library.__path__, "openiom.library."):
        name = module.name.rpartition(".")[2]
        if name not in found:
            found[name] = getattr(importlib.import_module(module.name), "PROVIDER", None)

    catalog: dict[str, Provider] = {}
    for name, provider in found.items():
        if not isinstance(provider, Provider):
            raise Invalid(
                f"the entry point {name} is not a Provider",
                where=PROVIDER_ENTRY_POINTS,
                remedy="correct or uninstall the package that declares it",
            )

        catalog[provider.name] = provider

    return catalog
