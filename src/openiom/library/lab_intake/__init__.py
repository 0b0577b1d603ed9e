"""Order intake of the quick-start lab: JSON orders, posted or read from a folder."""

from openiom.provider_contract import load_provider

from .connector import LabIntakeConnection, LabIntakeParameters, connect

PROVIDER = load_provider(
    __name__, connection=LabIntakeConnection, parameters=LabIntakeParameters, connect=connect
)
