"""`python -m openiom.app.cli`, as the supervisor starts its children."""

from . import main

main()
