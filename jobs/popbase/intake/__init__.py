"""Intake: a delivery is found, judged whole, then row by row; what is accepted is conformed."""
