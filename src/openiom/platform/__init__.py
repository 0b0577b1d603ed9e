"""Machinery without business words: database, waves, event log, configuration, http, secrets, logging."""
