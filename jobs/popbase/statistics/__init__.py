"""Statistics: one cube of figures, and the faces made from it."""
