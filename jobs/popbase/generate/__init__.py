"""Generate: made-up deliveries, and the truths that the night is checked against."""

from popbase.generate.generator import Summary, generate

__all__ = ["Summary", "generate"]
