"""Providers declared by a folder: `manifest.toml` and `transformations/*.json` beside the code.

The manifest describes the provider, its message kinds and its actions; the code supplies what
cannot be written down: the connection models, the connector and the functions of the actions.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openiom.kernel import Invalid, Problem

from .live_rates import LiveRateService
from .payments import PaymentService
from .providers import (
    Call,
    CallResult,
    Category,
    Connection,
    Connector,
    MessageKind,
    Provider,
    ProviderAction,
)

FILE_NAME = "manifest.toml"
TRANSFORMATIONS = "transformations"
ActionFunction = Callable[[Any, Sequence[Call]], Sequence[CallResult]]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MessageSection(_Section):
    """`[[messages]]`: a kind of inbound message. `transformation` defaults to `name`."""

    name: str
    title: str
    document: str
    polled: bool = False
    transformation: str = ""


class ActionSection(_Section):
    """`[[actions]]`: an action for flow steps. `transformation` defaults to `name`.

    See ProviderAction for the other fields.
    """

    name: str
    title: str
    entity: str
    succeeded: str
    failed: str
    batch: int = Field(1, ge=1)
    concurrency: int = Field(4, ge=1)
    timeout_seconds: int = Field(120, ge=1)
    max_attempts: int = Field(12, ge=1)
    transformation: str = ""


class Manifest(_Section):
    """The contents of `manifest.toml`."""

    name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    category: Category
    description: str = Field(min_length=1)
    terms: str = ""
    mappings: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    messages: tuple[MessageSection, ...] = ()
    actions: tuple[ActionSection, ...] = ()


def load_manifest(package: str) -> Manifest:
    """Return the manifest of a provider package.

    Raises Invalid for a missing file, for text that is not TOML, and for contents that are not
    valid; the last one names every fault with its place.
    """
    where = f"{package}/{FILE_NAME}"
    try:
        text = resources.files(package).joinpath(FILE_NAME).read_text("utf-8")
        return Manifest.model_validate(tomllib.loads(text))
    except FileNotFoundError:
        raise Invalid("there is no manifest", where=where, remedy=f"add {FILE_NAME}") from None
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"is not TOML: {error}", where=where, remedy="correct the syntax") from None
    except ValidationError as error:
        raise Invalid(
            "the manifest is not valid",
            problems=_problems(where, error),
            remedy="correct the manifest",
        ) from None


def _problems(where: str, error: ValidationError) -> list[Problem]:
    """Return every fault of a manifest with its place, such as `actions.0.batch`."""
    problems = []
    for fault in error.errors():
        place = ".".join(map(str, fault["loc"]))
        problems.append(Problem(f"{where}: {place}", fault["msg"]))
    return problems


def load_provider(
    package: str,
    *,
    connection: type[BaseModel],
    parameters: type[BaseModel],
    connect: Callable[[Connection], Connector],
    actions: Mapping[str, ActionFunction] | None = None,
    live_rates: LiveRateService | None = None,
    payments: PaymentService | None = None,
) -> Provider:
    """Return the provider of a package.

    `actions` maps the name of every action in the manifest to the function that executes it.
    Raises Invalid for a manifest that is not valid, a missing transformation, and an action
    without a function or the other way around.
    """
    manifest = load_manifest(package)
    functions = actions or {}
    declared = {action.name for action in manifest.actions}
    if declared != set(functions):
        difference = ", ".join(sorted(declared ^ set(functions)))
        raise Invalid(
            f"actions of manifest and code differ: {difference}",
            where=f"{package}/{FILE_NAME}",
            remedy="declare every action in the manifest and pass its function",
        )

    folder = resources.files(package).joinpath(TRANSFORMATIONS)
    messages = []
    for section in manifest.messages:
        transformation = _read_transformation(folder, section.transformation or section.name)
        values = section.model_dump(exclude={"transformation"})
        messages.append(MessageKind(**values, transformation=transformation))

    provider_actions = []
    for action in manifest.actions:
        transformation = _read_transformation(folder, action.transformation or action.name)
        values = action.model_dump(exclude={"transformation"})
        run = functions[action.name]
        provider_actions.append(ProviderAction(**values, transformation=transformation, run=run))

    return Provider(
        name=manifest.name,
        title=manifest.title,
        category=manifest.category,
        description=manifest.description,
        terms=manifest.terms,
        mappings=manifest.mappings,
        events=manifest.events,
        connection=connection,
        parameters=parameters,
        connect=connect,
        messages=tuple(messages),
        actions=tuple(provider_actions),
        live_rates=live_rates,
        payments=payments,
    )


def _read_transformation(folder: Traversable, name: str) -> dict[str, Any]:
    """Return the transformation `name` of a package.

    Raises Invalid for a missing file, and for one that is not a JSON object.
    """
    file = folder.joinpath(f"{name}.json")
    try:
        body = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        raise Invalid(
            f"there is no transformation {name}", where=str(file), remedy="add the file"
        ) from None
    except orjson.JSONDecodeError as error:
        raise Invalid(f"is not JSON: {error}", where=str(file), remedy="correct the file") from None

    if not isinstance(body, dict):
        raise Invalid(
            "is not an object", where=str(file), remedy='write {"source": ..., "target": ...}'
        )

    return body
