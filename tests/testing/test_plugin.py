"""The plugin, as the test suite of somebody else meets it."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

USER = """
    import pytest
    from kazoo.client import KazooClient

    def test_one(zk, zk_hosts):
        assert isinstance(zk, KazooClient)
        assert zk.get_children("/") == []
        zk.create("/a")

    def test_two(zk, zk_client_factory):
        assert zk.get_children("/") == []
        zk.create("/a")
        assert zk_client_factory(timeout=2.0).exists("/a")

    @pytest.mark.zk_handlers("threading", "gevent")
    def test_handlers(zk):
        zk.create("/a")

    def test_faults(zk_client_factory, zk_proxy):
        zk_client_factory(zk_proxy.hosts).create("/a")
        assert zk_proxy.requests
"""

OWN_SERVER = """
    def test_crash(zk, zk_server):
        zk_server.kill()

    def test_after_crash(zk, zk_server):
        zk.create("/a")
"""

FAILS = """
    def test_that_fails(zk):
        raise AssertionError
"""

TELLS = """
    def test_that_tells(zk_hosts):
        with open("{name}", "w") as file:
            file.write(zk_hosts)
"""


@pytest.fixture(autouse=True)
def no_given_hosts(installed_zookeeper, monkeypatch):
    """These runs start their own servers unless a test says otherwise."""
    monkeypatch.delenv("ZKTOOLS_TEST_HOSTS", raising=False)


@pytest.mark.slow
def test_the_fixtures_work(pytester):
    """A suite has a client in an empty chroot per test, more clients, faults and handlers."""
    pytester.makepyfile(test_user=USER, test_own_server=OWN_SERVER)

    result = pytester.runpytest_subprocess("--strict-markers", "-W", "error")

    result.assert_outcomes(passed=7)
    assert "ZooKeeper's log" not in result.stdout.str()


@pytest.mark.slow
def test_a_running_ensemble_can_be_used(pytester, monkeypatch, zk_server):
    """With ZKTOOLS_TEST_HOSTS nothing is started; what would break a server is skipped, and why."""
    monkeypatch.setenv("ZKTOOLS_TEST_HOSTS", zk_server.hosts)
    monkeypatch.setenv("ZOOKEEPER_HOME", "/nowhere")
    pytester.makepyfile(test_user=USER, test_own_server=OWN_SERVER)

    result = pytester.runpytest_subprocess("-rs")

    result.assert_outcomes(passed=5, skipped=2)
    result.stdout.fnmatch_lines("*needs a server of its own, and ZKTOOLS_TEST_HOSTS names*")


@pytest.mark.slow
def test_the_log_is_kept_after_a_failure(pytester):
    """When a test failed, the summary names the server's log, and it is there."""
    pytester.makepyfile(FAILS)

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(failed=1)
    _take_logs(result, 1)


@pytest.mark.slow
def test_it_works_with_xdist(pytester):
    """Each worker of pytest-xdist has a server of its own; the controller names the logs."""
    pytest.importorskip("xdist")
    pytester.makepyfile(
        test_one=FAILS + TELLS.format(name="one"), test_two=FAILS + TELLS.format(name="two")
    )

    result = pytester.runpytest_subprocess("-n", "2", "--dist", "loadfile")

    result.assert_outcomes(passed=2, failed=2)
    assert Path("one").read_text() != Path("two").read_text()
    _take_logs(result, 2)


@pytest.mark.slow
def test_nothing_is_imported_for_others(pytester):
    """In a run that uses no fixture of ours, the code for servers and faults is not imported."""
    pytester.makepyfile(
        """
        import sys

        def test_nothing_of_ours():
            assert "zktools.testing.plugin" in sys.modules
            assert not [name for name in sys.modules if name.startswith("zktools.testing._")]
        """
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=1)


@pytest.mark.slow
def test_without_zookeeper_the_remedy_is_shown(pytester, monkeypatch):
    """A suite on a machine without ZooKeeper fails with a line that says what to install."""
    monkeypatch.setenv("ZOOKEEPER_HOME", str(pytester.path))
    pytester.makepyfile("def test_one(zk):\n    pass")

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines("*no ZooKeeper found*apt install zookeeper*")


def _take_logs(result, count):
    """Check that the summary names this many logs, in pytest's folder for leftovers."""
    lines = [line for line in result.outlines if line.startswith("ZooKeeper's log: ")]
    logs = [Path(line.partition(": ")[2]) for line in lines]
    assert len(logs) == count
    for log in logs:
        assert "Starting" in log.read_text()
        assert "pytest" in str(log)
