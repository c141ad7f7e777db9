"""A check after ``zooky config apply``: what fails it is taken back."""

import sys

import pytest

from zktools import Configuration
from zktools.testing import wait_until

SHOP = "/config/shop"
BEFORE = {"db": {"host": "a", "port": 1}, "motd": "hello"}
AFTER = {"db": {"host": "b", "user": {"": "u", "name": "n"}}, "motd": "hello"}


@pytest.fixture
def shop(zk):
    """What is stored, as a program sees it."""
    with Configuration(zk, SHOP, history=9) as config:
        config.store(BEFORE)
        yield config


@pytest.fixture
def apply(zooky, shop, tmp_path):
    """Call it with a command: a file is applied, and the command run after that."""
    file = tmp_path / "shop.yaml"
    file.write_text("db: {host: b, user: {'': u, name: n}}\n")

    def call(command):
        return zooky("config", "apply", SHOP, str(file), "--yes", "--after", command)

    return call


def test_what_passes_stays(apply, shop):
    """The command runs once, when all is stored."""
    assert apply('test -n "$HOME"').exit_code == 0
    wait_until(lambda: shop.load() == AFTER)


def test_what_fails_is_taken_back(apply, shop):
    """All of it, in one transaction, with a record that says why."""
    failed = apply("exit 7")
    back, there, _ = shop.history()

    assert failed.exit_code == 1
    assert (
        f"the check ended with status 7: what was changed at {SHOP} is taken back" in failed.stderr
    )
    assert shop.load() == BEFORE
    assert back.changes.keys() == there.changes.keys()
    assert back.note == "taken back: the check ended with status 7"


def test_what_was_there_beside_stays(zooky, zk, tmp_path):
    """A section that the file gave a value loses that alone; also without a history."""
    config = Configuration(zk, SHOP)
    config["db/host"] = "a"
    (tmp_path / "x.yaml").write_text("db: {'': 1, host: a}\n")
    file = str(tmp_path / "x.yaml")
    failed = zooky("config", "apply", SHOP, file, "--yes", "--after", "false")

    assert failed.exit_code == 1
    assert (zk.get(f"{SHOP}/db")[0], zk.get(f"{SHOP}/db/host")[0]) == (b"", b"a")


def test_what_was_changed_meanwhile_stays(apply, shop, zooky):
    """Somebody knows better: status 4, and it is said."""
    command = (
        f"{sys.executable} -m zktools.cli config set {SHOP} db/host c --host {zooky.hosts}; false"
    )
    refused = apply(command)

    assert refused.exit_code == 4
    assert "was changed meanwhile, and stays" in refused.stderr
    wait_until(lambda: shop["db/host"] == "c")
    assert shop["db/user"] == "u"


def test_the_command_does_not_get_the_passwords(zooky, shop, tmp_path):
    """They are zooky's."""
    (tmp_path / "x.yaml").write_text("motd: bye\n")
    file = str(tmp_path / "x.yaml")
    command = 'test -z "$ZOOKY_AUTH"'
    done = zooky(
        "config", "apply", SHOP, file, "--yes", "--after", command, ZOOKY_AUTH="digest:a:secret"
    )
    assert done.exit_code == 0, done.stderr
