"""Which account of this machine is at the other end of a connection over loopback.

Loopback keeps other machines out and no other account of this one. Linux tells whose a socket is in /proc/net/tcp and,
of a socket for both versions of IP, in /proc/net/tcp6 (proc_net_tcp.rst of the kernel's documentation); macOS does not.
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
"""What an address of version 4 has before it among those of version 6 (RFC 4291, 2.5.5.2)."""


def of_another_account(transport: asyncio.BaseTransport) -> bool:
    """Say whether the peer of a connection over IPv4 is known not to be this process's own account.

    False where the system does not tell. True also where the peer's socket is closed already: it is nobody's then, and
    the table has it as root's.
    """
    here, there = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
    if here is None or there is None:
        return True
    rows = list(_rows())
    ours, theirs = _names(here), _names(there)
    if not any(row[1] in ours and row[2] in theirs for row in rows):
        # A table without our own end of the connection tells nothing of the other one.
        return False
    wanted = str(os.geteuid())
    return not any(row[1] in theirs and row[2] in ours and row[7] == wanted and row[9] != "0" for row in rows)


def _rows() -> Iterator[list[str]]:
    """Yield the rows of both tables: at 1 and 2 the addresses, at 7 the user id, at 9 the inode, 0 of a closed one."""
    for table in _TABLES:
        with suppress(OSError):
            for line in table.read_text(encoding="ascii").splitlines()[1:]:
                yield line.split()


def _names(address: tuple[str, int]) -> set[str]:
    """Return an address in the tables' words: each 32 bits of it as a number of this machine, in hexadecimal digits."""
    host, port = address[:2]
    packed = socket.inet_aton(host)
    return {f"{_digits(packed)}:{port:04X}", f"{_digits(_MAPPED + packed)}:{port:04X}"}


def _digits(packed: bytes) -> str:
    words = (packed[at : at + 4] for at in range(0, len(packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
