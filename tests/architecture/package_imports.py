"""Import rules that layer contracts cannot express: which modules of a package others may import.

An import is a pair (importer, imported) of full module names, both of this repository.
"""

from collections.abc import Iterable

Import = tuple[str, str]

SIMULATORS = "openiom_simulators"
# Every module of these packages is public.
PUBLIC_PACKAGES = {"kernel", "platform"}
# `app` is the composition root; `testing` and the simulators are beside the product.
UNRESTRICTED_PACKAGES = {"app", "testing", SIMULATORS}
PROVIDER_DEPENDENCIES = {"provider_contract", "documents", "kernel"}


def package_of(module: str) -> str:
    """Return the package of a module.

    `orders` for openiom.orders.service, `library.bigcommerce` for a module of a provider, and
    `openiom_simulators` for a simulator.
    """
    parts = module.split(".")
    if parts[0] == "openiom":
        parts = parts[1:]

    length = 2 if parts[:1] == ["library"] else 1
    return ".".join(parts[:length])


def is_public(module: str) -> bool:
    """Return whether any package may import `module`."""
    package = package_of(module)
    return package in PUBLIC_PACKAGES or module in (package, f"openiom.{package}")


def imports_of_internals(imports: Iterable[Import]) -> list[Import]:
    """Return the imports of a module that its package does not publish."""
    found: list[Import] = []
    for importer, imported in imports:
        package = package_of(importer)
        if package == package_of(imported) or package in UNRESTRICTED_PACKAGES:
            continue

        if not is_public(imported):
            found.append((importer, imported))

    return sorted(found)


def imports_beyond_the_contract(imports: Iterable[Import]) -> list[Import]:
    """Return the imports by a provider of anything but the provider contract and its vocabulary."""
    found: list[Import] = []
    for importer, imported in imports:
        allowed = {package_of(importer), *PROVIDER_DEPENDENCIES}
        if importer.startswith("openiom.library.") and package_of(imported) not in allowed:
            found.append((importer, imported))
    return sorted(found)


def imports_of_simulators(imports: Iterable[Import]) -> list[Import]:
    """Return the imports of a simulator by the product: it must work with the real systems."""
    found: list[Import] = []
    for importer, imported in imports:
        if package_of(imported) != SIMULATORS:
            continue
        if package_of(importer) not in UNRESTRICTED_PACKAGES:
            found.append((importer, imported))
    return sorted(found)
