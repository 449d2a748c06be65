"""Typing to what runs in a pane: pasted, seen on its screen, sent by a key, and seen to be taken.

Text and Enter in one go are taken for one paste, and a draft may stay behind where a program was
busy. So each step is looked at before the next one.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from controller.core.observed import Session
from controller.runtimes.base import RuntimeFault
from controller.runtimes.tmux_client import Client
from controller.runtimes.tmux_glance import Glance, glance_command, read_glance
from controller.runtimes.tmux_listing import IDENTITY, split_id
from controller.runtimes.tmux_mark import mark_condition
from controller.runtimes.tmux_server import ServerGone
from controller.runtimes.typed import check_keys, check_text

PATIENCE = 2.0
"""Seconds for the draft to show, and as many for it to be taken; a TUI needs a tenth of one."""
_PAUSE = 0.05


@dataclass(slots=True)
class _Draft:
    """A text that was pasted, and not seen to be taken."""

    text: str
    sent: bool = False


class Typist:
    """Types into the panes of one server.

    Args:
        client: Asks the server.
        owner: The word in our marks.
        patience: Seconds that each of the two waits lasts at most.
    """

    def __init__(self, client: Client, owner: str, patience: float = PATIENCE) -> None:
        self._client = client
        self._owner = owner
        self._patience = patience
        self._drafts: dict[str, _Draft] = {}

    def tell(self, session: Session, text: str, keys: Sequence[str]) -> None:
        """Press keys, then type a text and send it.

        What was typed before and not seen to be taken is not typed a second time.

        Raises:
            RuntimeFault: `SessionGone`, `NotTaken`, or what is wrong with the text.
        """
        keys = check_keys(keys)
        text = check_text(text) if text or not keys else ""
        now = self._clear_view(session)
        draft = self._drafts.pop(session.id, None)
        if draft is not None and draft.text == text:
            if now.holds(text):
                self._send(session, now, draft)
                return
            if draft.sent:
                return  # it was taken after we had stopped looking
        for key in keys:
            self._press(session, key)
            now = self._changed(session, now)
        if text:
            self._client.paste(f"sidekick-{session.run}", text, *self._where(session))
            draft = _Draft(text)
            self._send(session, self._shown(session, now, draft), draft)

    def _shown(self, session: Session, before: Glance, draft: _Draft) -> Glance:
        """Wait until the draft stands there."""

        def arrived(now: Glance) -> bool:
            moved = (now.row, now.column) != (before.row, before.column)
            return moved and now.holds(draft.text)

        now = self._wait(session, arrived)
        if not arrived(now):
            self._drafts[session.id] = draft
            raise _not_taken(session, "the text that was pasted does not show on its screen")
        return now

    def _send(self, session: Session, shown: Glance, draft: _Draft) -> None:
        """Press Enter where the draft stands, and wait until it is taken."""
        end = time.monotonic() + self._patience
        while not self._press(session, "Enter", shown.cursor) and time.monotonic() < end:
            shown = self._look(session)  # what moves the cursor may be a dialog
            if not shown.holds(draft.text):
                self._drafts[session.id] = draft
                raise _not_taken(session, "another thing came up before the text was sent")
        draft.sent = True
        now = self._wait(session, lambda now: now.took(draft.text, shown))
        if not now.took(draft.text, shown):
            self._drafts[session.id] = draft
            raise _not_taken(session, "the text stands on its screen and is not taken")

    def _changed(self, session: Session, before: Glance) -> Glance:
        """Wait until a key showed an effect; one without is no fault: it may need longer."""
        return self._wait(session, lambda now: now != before)

    def _wait(self, session: Session, done: Callable[[Glance], bool]) -> Glance:
        end = time.monotonic() + self._patience
        while True:
            now = self._look(session)
            if done(now) or time.monotonic() > end:
                return now
            time.sleep(_PAUSE)

    def _clear_view(self, session: Session) -> Glance:
        """Look, and lead a person who scrolled back to what is there now."""
        now = self._look(session)
        if now.scrolled:
            pane, same = self._where(session)
            self._client.press(pane, f"#{{&&:{same},#{{pane_in_mode}}}}", "-X", "cancel")
            now = self._look(session)
        return now

    def _look(self, session: Session) -> Glance:
        pane, server = split_id(session.id)
        try:
            answer = self._client.glance(*glance_command(self._owner, session.run, pane))
        except ServerGone:
            answer = []
        now = read_glance(answer, server)
        if now is None or now.dead:
            raise RuntimeFault("SessionGone", f"The session {session.name} is gone.")
        return now

    def _press(self, session: Session, key: str, condition: str = "1") -> bool:
        pane, same = self._where(session)
        return self._client.press(pane, f"#{{&&:{same},{condition}}}", key)

    def _where(self, session: Session) -> tuple[str, str]:
        """The pane, and the tmux format that is true while it is the one that is meant."""
        pane, server = split_id(session.id)
        mark = mark_condition(self._owner, session.run)
        return pane, f"#{{&&:#{{==:{IDENTITY},{server}}},{mark}}}"


def _not_taken(session: Session, why: str) -> RuntimeFault:
    return RuntimeFault(
        "NotTaken",
        f"The session {session.name} did not take it: {why}. "
        "Attach to it, look, and type it there.",
    )
