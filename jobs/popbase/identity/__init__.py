"""Identity: whose record is it? Decisions, links, survivorship, contested numbers, person ids."""
