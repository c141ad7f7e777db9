"""The tool as a whole: reaching ZooKeeper, problems, help, completion."""

import json
import os
import pty
import re
import shlex
import subprocess
import sys

import click
import pytest

from tests.cli.support import Zooky
from zktools import ZkWriteLock
from zktools.cli.app import zooky as tool
from zktools.cli.durations import DURATION, in_words
from zktools.cli.escaping import escaped


def commands(group=tool, path=()):
    """Every command with its words."""
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize("words", [words for words, _ in commands()], ids=" ".join)
def test_every_command_has_help(words):
    """With a sentence, for each option too."""
    result = Zooky("127.0.0.1:1")(*words, "--help")
    command = dict(commands())[words]

    assert result.exit_code == 0
    assert command.get_short_help_str(200).endswith(".")
    assert all(p.help for p in command.params if isinstance(p, click.Option))


def test_every_command_speaks_json():
    """All but those that print nothing of their own, or show it elsewhere."""
    silent = {("completion",), ("config",), ("web",)}
    for words, command in commands():
        options = {name for param in command.params for name in param.opts}
        assert ("--json" in options) is (words not in silent), words


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["lits"], "zooky --help"),
        (["list", "--hots", "x"], "zooky list --help"),
        (["show"], "zooky show --help"),
        (["show", "a/b"], "zooky show --help"),
        (["wait", "x", "--timeout", "-1s"], "write 10s"),
        (["list", "--lock-root", "relative"], "must be absolute"),
        (["list", "--auth", "secret"], "digest:user:password"),
        (["list", "--host", "a:b"], "HOST:PORT"),
    ],
)
def test_wrong_usage(zooky, arguments, says):
    """Status 2, one line, and where to look."""
    result = zooky(*arguments)

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert says in result.stderr


def test_sasl_without_its_library(zooky, monkeypatch):
    """What to install is said, instead of a connection that never comes about."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    result = zooky("list", "--sasl-mechanism", "GSSAPI")

    assert result.exit_code == 2
    assert "pip install pure-sasl" in result.stderr


def test_a_password_is_not_repeated(zooky):
    """A wrong --auth may be a password without its scheme."""
    assert "hunter2" not in zooky("list", "--auth", "hunter2").stderr


def test_nobody_there():
    """Status 6 in the time given, with the cause; with --json an object."""
    nowhere = Zooky("127.0.0.1:1")
    result = nowhere("list", "--connect-timeout", "200ms")
    as_json = nowhere("list", "--connect-timeout", "200ms", "--json")

    assert result.exit_code == 6
    assert result.stderr.startswith("zooky: ZooKeeper does not answer at 127.0.0.1:1 within 0.2 s")
    assert "refused" in result.stderr
    assert json.loads(as_json.stderr)["status"] == 6


def test_host_before_and_after_the_command(zk_hosts, zk_client_factory, zk):
    """On the command line it wins over the environment, wherever it stands."""
    there = zk_hosts + zk_client_factory.chroot
    nowhere = Zooky("127.0.0.1:1")
    with ZkWriteLock(zk, "mine"):
        assert "mine" in nowhere("--host", there, "list").stdout
        assert "mine" in nowhere("list", "--host", there).stdout
        assert "mine" in nowhere("--host", "127.0.0.1:2", "list", "--host", there).stdout
        chroot = zk_client_factory.chroot
        assert "mine" in nowhere("list", "--host", zk_hosts, "--chroot", chroot).stdout


def test_chroot_that_is_not_there(zk_hosts):
    """An empty list would be a lie."""
    result = Zooky(zk_hosts)("list", "--chroot", "/typo")

    assert result.exit_code == 3
    assert "/typo" in result.stderr


def test_missing_extra():
    """One line that says what to install."""
    program = """
import sys
sys.modules.update({name: None for name in ("click", "rich", "yaml", "tomli_w")})
from zktools.cli import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.returncode == 8
    assert done.stderr == ("zooky needs the command line extra: pip install 'zktools[cli]'\n")


def test_unforeseen_errors_have_no_traceback(zooky, monkeypatch):
    """One line, and how to see more."""

    def broken(*_):
        raise RuntimeError("boom\x1b[2J")

    monkeypatch.setattr("zktools.cli.list_locks.read_queues", broken)
    result = zooky("list")

    assert result.exit_code == 8
    assert result.stderr == (
        "zooky: this should not happen: RuntimeError: boom\\x1b[2J; ZOOKY_DEBUG=1 shows where\n"
    )


def test_reader_that_goes_away(hosts, hold):
    """`zooky ... | head -1` ends, and without a traceback."""
    hold("busy")
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m zktools.cli top --json --interval 0.1 | head -1"],
        env={**os.environ, "ZOOKEEPER_HOSTS": hosts},
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(zooky, shell):
    """For each shell a script that calls zooky."""
    result = zooky("completion", shell)

    assert result.exit_code == 0
    assert "_ZOOKY_COMPLETE" in result.stdout


def complete(hosts, *words, **variables):
    """What the tab key offers after `words`."""
    environment = {
        **os.environ,
        "ZOOKEEPER_HOSTS": hosts,
        "_ZOOKY_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-m", "zktools.cli"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.mark.slow
def test_completion_of_names(hosts, zk):
    """Locks come from ZooKeeper; a name that a shell would act on is left out."""
    for name in ("nightly", "nice one", "n$(reboot)", "other"):
        zk.ensure_path(f"/ZktoolsLocks/{name}")

    assert complete(hosts, "zooky", "show", "n") == ["nightly"]
    assert complete(hosts, "zooky", "re") == ["revoke", "remove"]
    assert complete("127.0.0.1:1", "zooky", "show", "--host", "127.0.0.1:1", "n") == []


def test_terminal_gets_a_table_that_fits(hosts, zk):
    """On a terminal of 60 columns long names are folded, not cut."""
    name = "n" * 70
    leader, follower = pty.openpty()
    zk.ensure_path(f"/ZktoolsLocks/{name}")
    environment = {**os.environ, "ZOOKEEPER_HOSTS": hosts, "COLUMNS": "60", "TERM": "xterm"}
    subprocess.run(
        [sys.executable, "-m", "zktools.cli", "list"], stdout=follower, env=environment, check=True
    )
    os.close(follower)
    output = re.sub(r"\x1b\[[0-9;]*m", "", os.read(leader, 65536).decode())
    os.close(leader)

    assert output.count("n" * 20) >= 2
    assert max(len(line) for line in output.split("\r\n")) <= 60


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, ünïcode", "plain text, ünïcode"),
        ("a\\b", "a\\\\b"),
        ("\x1b[31m\r\n\t\x7f", "\\x1b[31m\\x0d\\x0a\\x09\\x7f"),
        ("\u202e\ud800\U000e0001\xa0", "\\u202e\\ud800\\U000e0001\\xa0"),
        (b"\xff\xc3\xbc\x00", "\\xffü\\x00"),
    ],
)
def test_escaping(text, shown):
    """Everything that is not plainly visible is written out."""
    assert escaped(text) == shown


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10s", 10), ("500ms", 0.5), ("2m", 120), ("1.5h", 5400), ("3", 3), ("1m30s", 90)],
)
def test_durations(text, seconds):
    """As operators write them."""
    assert DURATION.convert(text, None, None) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "0.2s"), (12.9, "12s"), (192, "3m12s"), (7500, "2h05m"), (371000, "4d07h")],
)
def test_durations_in_words(seconds, text):
    """Two units at most."""
    assert in_words(seconds) == text


@pytest.mark.slow
def test_completion_of_configurations(hosts, zk):
    """Paths step by step, and behind the only one at once what is below it; keys at the path."""
    zk.ensure_path("/config/shop/db/pool_size")
    zk.ensure_path("/config/shop/debug")

    assert complete(hosts, "zooky", "config", "get", "/con") == ["/config", "/config/shop"]
    assert complete(hosts, "zooky", "config", "get", "/config/shop", "d") == ["db", "debug"]
    assert complete(hosts, "zooky", "config", "get", "/config/shop", "db/") == ["db/pool_size"]


@pytest.mark.slow
def test_completion_behind_run(hosts, tmp_path):
    """Programs of the PATH; behind the program files, and none of zooky's own options."""
    (tmp_path / "nightly-report").touch(mode=0o755)
    (tmp_path / "nightly-notes").touch(mode=0o644)
    path = f"{tmp_path}:{os.environ['PATH']}"

    assert complete(hosts, "zooky", "run", "job", "nightly-", PATH=path) == ["nightly-report"]
    assert complete(hosts, "zooky", "run", "job", "--once") == ["--once"]
    assert complete(hosts, "zooky", "run", "job", "nightly-report", "--once") == []


@pytest.mark.parametrize("words", [w for w, c in commands() if not isinstance(c, click.Group)])
def test_every_command_has_examples(words, tmp_path, monkeypatch):
    """And those of the command itself are command lines that it takes."""
    text = Zooky("127.0.0.1:1")(*words, "--help").stdout
    pattern = r"^ +(?:For this session: +)?((?:zooky|eval) .+?)(?:  .*|)$"
    found = re.findall(pattern, text, re.MULTILINE)
    (tmp_path / "shop.yaml").touch()
    monkeypatch.chdir(tmp_path)
    command = dict(commands())[words]

    assert found
    for line in found:
        said = re.split(r" (?:&&|\|) ", line)[0].split(" ", 1 + len(words))
        if tuple(said[1 : 1 + len(words)]) == words:
            command.make_context("zooky", shlex.split(" ".join(said[1 + len(words) :]))).close()
