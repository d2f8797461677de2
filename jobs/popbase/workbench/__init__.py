"""What the correction office does with the base: cases looked into, decisions prepared."""
