"""Where people are counted: areas over the years, their classes and sizes (statistics.md 4, 5)."""
