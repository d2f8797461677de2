"""Generate: made-up deliveries, and the truths that the night is checked against."""
