"""popbase: one national population base from the departments' nightly deliveries."""
