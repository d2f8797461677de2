"""Base: the state of every feed at a date, and the base tables that follow from it."""
