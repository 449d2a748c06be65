"""Lists of what is to do, as agents keep them."""

from controller.shim.streams.ink import DIM, OFF, brief

_MOST = 20
_SIGNS = {"completed": "☑", "in_progress": "▸", "cancelled": "✗"}


def checklist(entries: object) -> str:
    """Show a list.

    Args:
        entries: Objects with a text, and a status or whether they are `completed`.
    """
    out = []
    for entry in entries[:_MOST] if isinstance(entries, list) else ():
        text = entry.get("content") or entry.get("text") or entry.get("description")
        status = "completed" if entry.get("completed") else str(entry.get("status"))
        out.append(f"    {DIM}{_SIGNS.get(status, '☐')} {brief(text)}{OFF}\n")
    return "".join(out)
