"""Direct instances: programs that send our own documents to our own API.

Every installation has them. Their messages already are documents with our own names, so they have
no connection, no transformation and no mappings; everything else of the inbox applies to them.
"""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from openiom.kernel import Problem, Refused
from openiom.platform.database import from_json
from openiom.policies import Transformed
from openiom.provider_contract import Connector, MessageKind, Provider


class NoSettings(BaseModel):
    """The settings of an instance that has none."""


def direct_provider(name: str, kind: str) -> Provider:
    """Return the provider of a direct instance, whose messages are documents of one kind."""
    return Provider(
        name=name,
        title=f"API: {name}",
        category="order_intake",
        description="Documents that programs send to the API",
        connection=NoSettings,
        parameters=NoSettings,
        connect=lambda _: refuse_to_connect(),
        messages=(MessageKind(kind, kind.capitalize(), kind, transformation={}),),
    )


def read_documents(payloads: Sequence[str]) -> list[Transformed]:
    """Return the documents of the messages of a direct instance; they have no keys to map."""
    return [Transformed(from_json(payload), ()) for payload in payloads]


def name_problems(direct: Mapping[str, str], name: str) -> list[Problem]:
    """Return the problem of an instance to be installed under the name of a direct one."""
    if name not in direct:
        return []
    return [Problem("name", f"{name} is the name of the API's own instance", "use another name")]


def refuse_to_connect() -> Connector:
    """Raise `Refused`: there is no other system."""
    raise Refused("programs that send to the API have no connection")
