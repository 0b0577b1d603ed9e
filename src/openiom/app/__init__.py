"""The composition root: it wires all packages into web, worker and command line.

Owns        nothing; it composes the public APIs of the other packages and is imported by none.
Guarantees  every process of an installation is built by `build()`.
Publishes   nothing.
"""

import warnings

# The embedded PostgreSQL looks for a runtime directory while it is imported, and has a fallback.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
