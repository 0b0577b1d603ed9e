"""Who may enter which room, and through which door: what layer contracts cannot say.

An import is a pair (importer, imported) of full module names, both inside openiom.
"""

from collections.abc import Iterable

Import = tuple[str, str]

# Their whole inside is vocabulary and machinery for everybody.
PUBLIC_THROUGHOUT = {"kernel", "platform"}
# The roof wires everything; the testing kit and the simulators stand beside the product, not in it.
MAY_ENTER_ANYWHERE = {"app", "testing", "simulators"}
A_PROVIDER_MAY_IMPORT = {"provider_contract", "documents", "kernel"}
KNOW_THE_SIMULATORS = {"app", "testing", "simulators"}


def room_of(module: str) -> str:
    """`orders` for openiom.orders.service, `library.bigcommerce` for a provider's module."""
    parts = module.split(".")[1:]
    return ".".join(parts[:2] if parts[:1] == ["library"] else parts[:1])


def through_a_window(imports: Iterable[Import]) -> list[Import]:
    """Imports of a room's insides by a guest."""
    return sorted(
        (importer, imported)
        for importer, imported in imports
        if room_of(importer) != room_of(imported)
        and room_of(importer) not in MAY_ENTER_ANYWHERE
        and room_of(imported) not in PUBLIC_THROUGHOUT
        and imported != f"openiom.{room_of(imported)}"
    )


def beyond_the_desk(imports: Iterable[Import]) -> list[Import]:
    """Imports by a provider of anything but itself, the provider contract, the documents and the kernel."""
    return sorted(
        (importer, imported)
        for importer, imported in imports
        if importer.startswith("openiom.library.")
        and room_of(importer) != room_of(imported)
        and room_of(imported) not in A_PROVIDER_MAY_IMPORT
    )


def leaning_on_a_simulator(imports: Iterable[Import]) -> list[Import]:
    """Imports of a simulator by the product: what only works against our own stand-in does not work."""
    return sorted(
        (importer, imported)
        for importer, imported in imports
        if room_of(imported) == "simulators" and room_of(importer) not in KNOW_THE_SIMULATORS
    )
