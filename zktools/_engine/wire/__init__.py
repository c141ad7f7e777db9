"""The only room that touches kazoo's private parts.

===================  ==============================================================================
:mod:`.client`       :class:`Wire`: what zktools asks of one client beyond kazoo's public methods
:mod:`.requests`     the requests that kazoo has no method for
:mod:`.packets`      their bytes: pure
:mod:`.events`       zktools' own watchers, told where events are read
:mod:`.wakeups`      requests that wake kazoo's thread and never wait for it
:mod:`.callers`      which of kazoo's threads this is
:mod:`.connection`   how the connection numbers requests, takes replies and ends
:mod:`.sockets`      the same by public means
:mod:`.reading`      all that has arrived, read in one call
:mod:`.sending`      requests that are sent by the thread that makes them
:mod:`.abilities`    which of kazoo's private parts are there
:mod:`.handshake`    what the server granted to each connection
===================  ==============================================================================

Nobody but this room may: ruff and ``tests/rooms/`` hold that. Where a kazoo lacks what is needed
(or ``ZKTOOLS_PUBLIC_ONLY=1`` is in the environment) there is a way by public means.
"""

from zktools._engine.wire.client import Wire
from zktools._engine.wire.events import at_once
from zktools._engine.wire.handshake import Handshake
from zktools._engine.wire.requests import NEVER, Snapshot, Watcher

__all__ = ["NEVER", "Handshake", "Snapshot", "Watcher", "Wire", "at_once"]
