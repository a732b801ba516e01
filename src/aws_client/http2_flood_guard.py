"""What an HTTP/2 server may send that brings no answer further: more than any server needs, and no flood."""

from typing import Final

from aws_client.errors import ResponseMalformed

IDLE_FRAMES: Final = 2_000
"""How many frames may follow each other that bring no answer further: pings, settings, empty data, headers without end.
They are read in a few milliseconds (CVE-2019-9512, CVE-2019-9515, CVE-2019-9518, CVE-2024-27316)."""

WORTH_A_FRAME: Final = 256
"""How many bytes more of a request a frame has to allow. A server that reads in pieces of a kilobyte allows each by a
frame of its own, thousands for a hundred large requests; each byte by a frame is a flood (CVE-2019-9511)."""

UNREAD_REPLIES: Final = 1_000
"""How many frames may wait for a server that does not read, when another is to be answered (CVE-2019-9512). nghttp2
ends a connection at as many."""


class FloodGuard:
    """Counts what one connection's server sends in vain."""

    def __init__(self) -> None:
        self._idle_frames = 0

    def reset(self) -> None:
        """Take it that an answer has come further."""
        self._idle_frames = 0

    def count_frame(self) -> None:
        """Count a frame that may be of no use.

        Raises:
            ResponseMalformed: there were too many of them.

        """
        self._idle_frames += 1
        if self._idle_frames > IDLE_FRAMES:
            raise ResponseMalformed("frames without end")

    def credit_window(self, size: int) -> None:
        """Take it that a frame which was counted allows so many bytes more of the requests under way.

        It is not held against the server: those requests end at their time, and a flood of such frames with them.
        """
        if size >= WORTH_A_FRAME:
            self._idle_frames -= 1

    def check_unread(self, unread: int) -> None:
        """Take a frame that asks for an answer, while so many frames wait for the server to read.

        Raises:
            ResponseMalformed: the server lets its answers pile up.

        """
        if unread >= UNREAD_REPLIES:
            raise ResponseMalformed("questions whose answers are not read")
