"""Quick-start lab, order intake: orders as JSON, posted to us or laid into a folder."""

from openiom.provider_contract import MessageKind, Provider

from .connector import LabIntakeConnection, LabIntakeParameters, connect
from .transformations import ORDER

PROVIDER = Provider(
    name="lab_intake",
    title="Lab order intake",
    category="order_intake",
    description="Takes the quick-start lab's JSON orders in: by HTTP POST with a key, and from a watched folder.",
    connection=LabIntakeConnection,
    parameters=LabIntakeParameters,
    connect=connect,
    messages=(MessageKind("order", "Order", "order", ORDER, polled=True),),
    mappings=("unit", "product"),
)
