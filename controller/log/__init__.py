"""The log: one event a line, as text for people, or as JSON for what collects logs.

Whoever has something to say says it to the standard library's `logging`, with what belongs to it in
`extra`, by the names in `fields.FIELDS`. structlog makes the lines; it is imported only where lines
are written, for it takes a tenth of a second.
"""
