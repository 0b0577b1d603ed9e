"""Routes that other installed packages add to the web server, by the setting `web_extensions`.

An extension is a function that receives the `Application` and returns a `WebExtension`. The demo
adds its controls this way; an installation that does not name it has none of its routes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from openiom.kernel import Invalid
from openiom.platform.http import Router

from .application import Application

SETTING = "OPENIOM_WEB_EXTENSIONS"


@dataclass(frozen=True)
class WebExtension:
    """Routes with the name by which the user interface recognizes them."""

    name: str
    router: Router


def load_extensions(application: Application) -> tuple[WebExtension, ...]:
    """Return the extensions that the settings name. Raise `Invalid` for one that is not there."""
    found: list[WebExtension] = []
    for name in application.settings.web_extensions.split(","):
        if name.strip():
            found.append(_function(name.strip())(application))

    return tuple(found)


def _function(name: str) -> Callable[[Application], WebExtension]:
    module, _, attribute = name.partition(":")
    try:
        function: Callable[[Application], WebExtension] = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise Invalid(
            f"the web extension {name} cannot be loaded: {error}",
            where=SETTING,
            remedy="name a function of an installed package as module:function",
        ) from None

    return function
