from pathlib import Path

import pytest

from zktools.testing import Server, ZooKeeperNotFoundError, _install


@pytest.mark.slow
def test_zookeeper_home_comes_first(tmp_path, monkeypatch, installed_zookeeper):
    """A server starts from the jars of an unpacked release that ZOOKEEPER_HOME points at."""
    (tmp_path / "lib").mkdir()
    for jar in _install.find_zookeeper().classpath:
        (tmp_path / "lib" / Path(jar).name).symlink_to(jar)
    monkeypatch.setenv("ZOOKEEPER_HOME", str(tmp_path))

    installation = _install.find_zookeeper()

    assert all(jar.startswith(str(tmp_path)) for jar in installation.classpath)
    with Server() as server:
        assert server.mntr()["zk_server_state"] == "standalone"


def test_a_wrong_zookeeper_home_is_named(tmp_path, monkeypatch):
    """A ZOOKEEPER_HOME without ZooKeeper in it is an error, not passed over."""
    monkeypatch.setenv("ZOOKEEPER_HOME", str(tmp_path))

    with pytest.raises(ZooKeeperNotFoundError, match=str(tmp_path)):
        _install.find_zookeeper()


@pytest.mark.parametrize(
    "remedy", ["apt install zookeeper", "brew install", "ZOOKEEPER_HOME", "ZKTOOLS_TEST_HOSTS"]
)
def test_the_error_says_what_to_do(monkeypatch, tmp_path, remedy):
    """On a machine without ZooKeeper the error has every way to get one, and nothing is left."""
    monkeypatch.delenv("ZOOKEEPER_HOME", raising=False)
    monkeypatch.setattr(_install, "_candidates", lambda: iter(()))

    with pytest.raises(ZooKeeperNotFoundError, match=remedy):
        Server(parent=tmp_path).start()
    assert not list(tmp_path.iterdir())


def test_a_missing_java_is_named(monkeypatch, tmp_path, installed_zookeeper):
    """ZooKeeper without Java is an error that says so."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(_install, "_homebrew_prefixes", list)

    with pytest.raises(ZooKeeperNotFoundError, match="no Java"):
        _install.find_zookeeper()
