"""What people see at a terminal: a night's progress, questions to the lake, answers in three forms."""
