"""The pytest plugin: a real ZooKeeper for tests, started when the first test asks for it.

pytest loads this module in every run of every project that has zktools installed, so it imports
nothing but pytest until a fixture is used.

Fixtures: `zk_server`, `zk_ensemble`, `zk_hosts`, `zk_handler`, `zk_client_factory`, `zk`,
`zk_proxy`. Marker: ``zk_handlers("threading", "gevent")`` runs a test once under each.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from kazoo.client import KazooClient

    from zktools.testing import Clients, Ensemble, Proxy, Server

HOSTS_VARIABLE = "ZKTOOLS_TEST_HOSTS"

_SHARED = pytest.StashKey["list[Server | Ensemble]"]()
_KEPT_LOGS = pytest.StashKey[list[str]]()
_WORKER_OUTPUT = "zktools_kept_logs"  # how a pytest-xdist worker tells the controller


# -- fixtures that users see


@pytest.fixture
def zk_server(_zk_shared_server: Server) -> Iterator[Server]:
    """A running `zktools.testing.Server`, shared by all tests of the session.

    A test may pause, kill and restart it: afterwards it is made to serve again. Skips where
    ``ZKTOOLS_TEST_HOSTS`` names an ensemble that is not ours to break.
    """
    yield _zk_shared_server
    _zk_shared_server.heal()


@pytest.fixture
def zk_ensemble(_zk_shared_ensemble: Ensemble) -> Iterator[Ensemble]:
    """A running `zktools.testing.Ensemble` of three, shared by all tests of the session.

    A test may pause, kill and restart members: afterwards all are made to serve again. Skips
    where ``ZKTOOLS_TEST_HOSTS`` names an ensemble that is not ours to break.
    """
    yield _zk_shared_ensemble
    _zk_shared_ensemble.heal()


@pytest.fixture
def zk_hosts(request: pytest.FixtureRequest) -> str:
    """The connection string: ``ZKTOOLS_TEST_HOSTS`` where it is set, else that of `zk_server`.

    Override it in a test module or ``conftest.py`` to run the other fixtures on `zk_ensemble`.
    """
    given = os.environ.get(HOSTS_VARIABLE)
    if given:
        return given
    server: Server = request.getfixturevalue("zk_server")
    return server.hosts


@pytest.fixture
def zk_handler(request: pytest.FixtureRequest) -> Callable[[], Any]:
    """What makes the kazoo handler of this test's clients: threading unless marked otherwise.

    ``@pytest.mark.zk_handlers("threading", "gevent")`` runs the test once under each; the test is
    skipped for a handler whose library is not installed.
    """
    from zktools.testing import handler_factory  # noqa: PLC0415 - see the module's docstring

    name = getattr(request, "param", "threading")
    try:
        return handler_factory(name)
    except ImportError as error:
        pytest.skip(f"kazoo's {name} handler cannot be used here: {error}")


@pytest.fixture
def zk_client_factory(
    request: pytest.FixtureRequest, zk_hosts: str, zk_handler: Callable[[], Any]
) -> Iterator[Clients]:
    """A `zktools.testing.Clients`: call it for started clients in this test's own chroot.

    ``zk_client_factory(hosts=None, *, timeout=10.0, handler=None, start=True, **options)``. All are
    stopped after the test, and the chroot is deleted.
    """
    from zktools.testing import Clients  # noqa: PLC0415

    name = re.sub(r"[^A-Za-z0-9_-]+", "-", request.node.name).strip("-")[:40]
    with Clients(zk_hosts, handler=zk_handler, name=name) as clients:
        yield clients
        _heal(request)  # before the clients are stopped and the chroot is deleted


@pytest.fixture
def zk(zk_client_factory: Clients) -> KazooClient:
    """A started `kazoo.client.KazooClient` in a chroot of its own, which is empty."""
    return zk_client_factory()


@pytest.fixture
def zk_proxy(zk_hosts: str) -> Iterator[Proxy]:
    """A `zktools.testing.Proxy` in front of `zk_hosts`, with no fault set.

    Connect clients through it with ``zk_client_factory(zk_proxy.hosts)``.
    """
    from zktools.testing import Proxy  # noqa: PLC0415

    with Proxy(zk_hosts) as proxy:
        yield proxy


# -- behind them


@pytest.fixture(scope="session")
def _zk_shared_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    from zktools.testing import Server  # noqa: PLC0415

    yield from _shared(request, Server(parent=tmp_path_factory.getbasetemp()))


@pytest.fixture(scope="session")
def _zk_shared_ensemble(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ensemble]:
    from zktools.testing import Ensemble  # noqa: PLC0415

    yield from _shared(request, Ensemble(parent=tmp_path_factory.getbasetemp()))


def _heal(request: pytest.FixtureRequest) -> None:
    for servers in request.config.stash.get(_SHARED, []):
        servers.heal()


def _shared(request: pytest.FixtureRequest, servers: Any) -> Iterator[Any]:
    """Run servers for the session, in pytest's folder, whose leftovers pytest clears in time."""
    if os.environ.get(HOSTS_VARIABLE):
        pytest.skip(f"needs a server of its own, and {HOSTS_VARIABLE} names a running one")
    servers.start()
    request.config.stash.setdefault(_SHARED, []).append(servers)
    yield servers
    failed = request.session.testsfailed > 0
    if failed:
        members = getattr(servers, "members", [servers])
        logs = request.config.stash.setdefault(_KEPT_LOGS, [])
        logs.extend(str(member.log) for member in members)
    servers.stop(keep_folder=failed)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers",
        "zk_handlers(*names): run the test once under each of these kazoo handlers: "
        '"threading", "gevent"',
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run marked tests under each of the handlers that their marker names."""
    marker = metafunc.definition.get_closest_marker("zk_handlers")
    if marker and "zk_handler" in metafunc.fixturenames:
        metafunc.parametrize("zk_handler", marker.args, indirect=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the paths of kept logs from a pytest-xdist worker to the controller."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_WORKER_OUTPUT] = session.config.stash.get(_KEPT_LOGS, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the paths of kept logs from a pytest-xdist worker."""
    logs = getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT, [])
    node.config.stash.setdefault(_KEPT_LOGS, []).extend(logs)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say where the servers' logs are, after a failure."""
    for log in config.stash.get(_KEPT_LOGS, []):
        terminalreporter.write_line(f"ZooKeeper's log: {log}")
