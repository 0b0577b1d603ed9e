"""`python -m openiom.app.cli`: how the supervisor starts its children."""

from . import main

main()
