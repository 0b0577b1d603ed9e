"""Users, roles, sessions and API tokens; configuration transport."""
