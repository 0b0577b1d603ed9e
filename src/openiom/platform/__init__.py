"""Infrastructure without business terms: database, workers, events, configuration, HTTP, secrets.

Owns        configuration documents, business events and their consumers, scheduled jobs.
Guarantees  one commit per request, message or batch; an event consumer never misses an event; a
            scheduled job runs once per due time.
Publishes   nothing; other packages publish through `events.append_events`.
"""
