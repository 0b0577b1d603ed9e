"""`python -m openiom.simulators store|warehouse`."""

from openiom.simulators.command_line import main

main()
