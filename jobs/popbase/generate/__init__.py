"""Generate: made-up deliveries, and the truths that the night is checked against."""

from popbase.generate.generator import Summary, generate, release

__all__ = ["Summary", "generate", "release"]
