"""Who may be registered under two numbers: found by likelihood, proposed, decided by people alone."""
