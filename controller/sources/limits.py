"""How large a list may be: far beyond what a person keeps, and bounded in memory and time."""

MAX_BYTES = 16 * 1024 * 1024
"""Of the whole file; the worst content of this size is read or refused within a few seconds."""
MAX_ROWS = 10_000
"""Rows that are not blank: parsing each takes about 0.15 ms."""
MAX_COLUMNS = 200
"""Columns of the header; every row has an entry for each of them."""
MAX_CELLS = 18_278
"""Cells of one line, blank ones included: the most columns that a spreadsheet has (A to ZZZ)."""
