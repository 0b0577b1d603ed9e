"""Routes of the inventory configuration. The published contract has no such call; this is ours."""

from typing import Any

from fastapi import Request

from openiom.inventory_visibility import (
    CONFIGURATION_KIND,
    CONFIGURATION_NAME,
    InventoryConfigurationBody,
    configuration_body,
)
from openiom.platform.configuration import Configuration
from openiom.platform.http import Now, ReadSession, Router, WriteSession

from .dependencies import PREFIX, Caller

router = Router(prefix=PREFIX, tags=["inventory visibility contract"])


@router.get("/configuration")
def inventory_configuration_in_use(
    principal: Caller, session: ReadSession
) -> InventoryConfigurationBody:
    """Return the configuration in use: the document `default`, or the built-in one."""
    principal.require("inventory.read")
    return InventoryConfigurationBody.model_validate(configuration_body(session))


@router.put("/configuration")
def replace_inventory_configuration(
    body: InventoryConfigurationBody,
    request: Request,
    principal: Caller,
    session: WriteSession,
    now: Now,
) -> InventoryConfigurationBody:
    """Replace the configuration and return it. An invalid one is refused with all its problems."""
    principal.require("configuration.write")
    kinds: Configuration = request.app.state.configuration
    document: dict[str, Any] = {
        "kind": CONFIGURATION_KIND,
        "name": CONFIGURATION_NAME,
        "body": body.model_dump(mode="json"),
    }
    kinds.apply(session, [document], at=now, actor=principal.name)
    return body
