"""The account at the other end of a loopback connection.

Loopback excludes other machines, but not other accounts of this machine. Linux has the owner of a socket in
/proc/net/tcp and, for a dual-stack socket, in /proc/net/tcp6 (proc_net_tcp.rst of the kernel's documentation); macOS
does not provide it.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_MAPPED = b"\0" * 10 + b"\xff" * 2
"""The prefix of an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2)."""


def of_another_account(transport: asyncio.BaseTransport) -> bool:
    """Return whether the peer of an IPv4 connection certainly belongs to another account than this process.

    Return False if the system does not provide it, and True if the peer's socket is closed already: it then has no
    owner, and the table has it as root's.
    """
    here, there = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
    if here is None or there is None:
        return True
    rows = list(_rows())
    ours, theirs = _names(here), _names(there)
    if not any(row[1] in ours and row[2] in theirs for row in rows):
        # A table without our end of the connection does not have the other end either.
        return False
    wanted = str(os.geteuid())
    return not any(row[1] in theirs and row[2] in ours and row[7] == wanted and row[9] != "0" for row in rows)


def _rows() -> Iterator[list[str]]:
    """Yield the rows of both tables. Columns 1 and 2: addresses; 7: user id; 9: inode, which is 0 if closed."""
    for table in _TABLES:
        with suppress(OSError):
            for line in table.read_text(encoding="ascii").splitlines()[1:]:
                yield line.split()


def _names(address: tuple[str, int]) -> set[str]:
    """Return the forms of an address in the tables: words of 32 bits in this machine's byte order, in hexadecimal."""
    host, port = address[:2]
    packed = socket.inet_aton(host)
    return {f"{_digits(packed)}:{port:04X}", f"{_digits(_MAPPED + packed)}:{port:04X}"}


def _digits(packed: bytes) -> str:
    words = (packed[at : at + 4] for at in range(0, len(packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
