"""What each table holds, and what must hold between them (statistics.md 6)."""
