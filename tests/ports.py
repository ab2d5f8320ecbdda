"""Ports for servers that the tests start: below those that the system gives to outgoing connections.

A port of the system's own range can be taken by any client between the moment it is found free and the
moment the server binds it, on a busy machine often.
"""

import random
import socket

FIRST, LAST = 12000, 32000
_CHOICE = random.SystemRandom()


def three_free_ports() -> int:
    """The first of three in a row, each of which could be bound just now."""
    while True:
        first = _CHOICE.randrange(FIRST, LAST)
        if all(_can_be_bound(first + n) for n in range(3)):
            return first


def _can_be_bound(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
