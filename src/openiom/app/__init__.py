"""The roof: build(), web, worker, command line. The only place that imports everything."""

import warnings

# The embedded PostgreSQL asks for a runtime directory while it is imported; its own fallback serves.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
