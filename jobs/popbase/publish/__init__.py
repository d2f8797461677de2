"""Publish: the gates, the pointer that readers follow, and the pages people read."""
