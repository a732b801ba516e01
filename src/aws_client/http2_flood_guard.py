"""Limits on frames that bring no answer closer: above what any server needs, and below a flood."""

from typing import Final

from aws_client.errors import ResponseMalformed

IDLE_FRAMES: Final = 2_000
"""How many such frames may come in a row: pings, settings, empty data, endless headers. This many are read in a few
milliseconds (CVE-2019-9512, CVE-2019-9515, CVE-2019-9518, CVE-2024-27316)."""

WORTH_A_FRAME: Final = 256
"""How many more bytes of a request a window update must allow to be useful. A server that reads a kilobyte at a time
sends thousands of updates for a hundred large requests; one update for each byte is a flood (CVE-2019-9511)."""

UNREAD_REPLIES: Final = 1_000
"""How many frames may wait for a server that does not read before another reply is queued (CVE-2019-9512). nghttp2 has
the same limit."""


class FloodGuard:
    """Counts the useless frames of one connection."""

    def __init__(self) -> None:
        self._idle_frames = 0

    def reset(self) -> None:
        """Start counting again: an answer has come closer."""
        self._idle_frames = 0

    def count_frame(self) -> None:
        """Count a frame as useless.

        Raises:
            ResponseMalformed: there were more than `IDLE_FRAMES` in a row.

        """
        self._idle_frames += 1
        if self._idle_frames > IDLE_FRAMES:
            raise ResponseMalformed("too many useless frames")

    def credit_window(self, size: int) -> None:
        """Do not count the last frame if it allows enough more bytes of the requests under way.

        Such frames cannot go on for ever: the requests have deadlines, and without requests they count.
        """
        if size >= WORTH_A_FRAME:
            self._idle_frames -= 1

    def check_unread(self, unread: int) -> None:
        """Check, before a reply is queued, how many frames the server has not read.

        Raises:
            ResponseMalformed: there are `UNREAD_REPLIES` or more.

        """
        if unread >= UNREAD_REPLIES:
            raise ResponseMalformed("too many replies that are not read")
