"""The tables as people read them: workbooks in the layout of the official forms, and CSV."""
