import socket
import threading
from functools import partial

import pytest

from tests.cli.web.support import Site
from zktools._engine.session import session_of
from zktools.cli.connection import Connection
from zktools.cli.settings import LOCKS, Settings
from zktools.cli.web import looks
from zktools.cli.web.options import Options
from zktools.cli.web.serving import Serving
from zktools.values import Rules


@pytest.fixture
def serve(zk_client_factory, hosts, monkeypatch):
    """Call it: pages of this test's own place in ZooKeeper, as `zooky web` serves them."""
    # What nobody looks at any more is let go at once, so that no test waits for it.
    monkeypatch.setattr(looks, "_LINGER", 0.3)
    ending = []

    def serve_one(client=None, secrets=(), names=(), offered=None, listening=None):
        client = client or zk_client_factory()
        settings = Settings(hosts, LOCKS, *[None] * 16)
        options = Options(0.1, names, offered or {}, frozenset(secrets), Rules(use_json=True))
        serving = Serving(Connection(client, session_of(client), settings), options)
        listening = listening or socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=serving.run, args=(listening,))
        thread.start()
        ending.append((serving, thread, listening))
        return Site(listening.getsockname()[1], partial(_end, *ending[-1]))

    yield serve_one
    for serving, _, _ in ending:
        serving.end()
    for each in ending:
        _end(*each)


def _end(serving, thread, listening):
    serving.end()
    thread.join(20)
    assert not thread.is_alive()
    listening.close()


@pytest.fixture
def site(serve):
    """The pages, as a client of its own sees ZooKeeper."""
    return serve()
