"""The provider contract: what providers may import and must supply.

It also defines what packages offer to flows: entities and actions.
"""

from .egress import LOOPBACK, PUBLIC_ONLY, EgressPolicy
from .flows import (
    Action,
    ActionCall,
    ActionGuard,
    Entity,
    EventRequest,
    Facts,
    NoParameters,
    Outcome,
)
from .http import ProviderHttpClient, ProviderResponse, validate_url
from .live_rates import LiveRate, LiveRateService, RatedParcel
from .manifest import Manifest, load_manifest, load_provider
from .payments import PaymentCall, PaymentFunction, PaymentKind, PaymentService
from .providers import (
    Call,
    CallReporter,
    CallResult,
    Category,
    Connection,
    Connector,
    DocumentReceiver,
    InboundDocument,
    IntakeResult,
    MessageKind,
    MessagePage,
    OutboundRequest,
    ProbeResult,
    Provider,
    ProviderAction,
    Puller,
    RawMessage,
    Receiver,
    WebhookResult,
)

__all__ = [
    "Action",
    "ActionCall",
    "ActionGuard",
    "ProviderResponse",
    "InboundDocument",
    "Call",
    "CallReporter",
    "CallResult",
    "Category",
    "Connection",
    "Connector",
    "DocumentReceiver",
    "EgressPolicy",
    "Entity",
    "Facts",
    "LOOPBACK",
    "PUBLIC_ONLY",
    "LiveRate",
    "Manifest",
    "MessageKind",
    "NoParameters",
    "Outcome",
    "OutboundRequest",
    "ProviderHttpClient",
    "PaymentCall",
    "PaymentFunction",
    "PaymentKind",
    "PaymentService",
    "ProbeResult",
    "Provider",
    "ProviderAction",
    "MessagePage",
    "Puller",
    "EventRequest",
    "LiveRateService",
    "RawMessage",
    "WebhookResult",
    "Receiver",
    "RatedParcel",
    "IntakeResult",
    "load_manifest",
    "load_provider",
    "validate_url",
]
