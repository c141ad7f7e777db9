"""Logging in, and what becomes of it: not in logs, nor with commands that are run."""

import os
import subprocess
import sys

import pytest
from kazoo.security import make_digest_acl

from tests.cli.support import python

PASSWORD = "a long 'secret' \\ with \"quotes\" \u00e4"
LOGIN = f"digest:reporter:{PASSWORD}"


@pytest.fixture
def guarded(zk_client_factory):
    """A configuration that only who logs in may read."""
    client = zk_client_factory()
    client.add_auth("digest", f"reporter:{PASSWORD}")
    client.create("/c", b"", acl=[make_digest_acl("reporter", PASSWORD, all=True)])
    client.create("/c/x", b"1")
    yield "/c"
    client.delete("/c", recursive=True)


def test_a_password_with_spaces_in_the_environment(zooky, guarded):
    """One login a line, whatever is in it."""
    assert zooky("config", "get", guarded, "x").exit_code == 5
    assert zooky("config", "get", guarded, "x", ZOOKY_AUTH=LOGIN).stdout == "1"
    both = f"digest:somebody:else\n{LOGIN}\n"
    assert zooky("config", "get", guarded, "x", ZOOKY_AUTH=both).stdout == "1"
    assert zooky("config", "get", guarded, "x", "--auth", LOGIN).stdout == "1"
    assert zooky("list", ZOOKY_AUTH="digest").exit_code == 2


def test_debugging_does_not_show_the_login(start, guarded):
    """Kazoo logs a login as it sends it."""
    environment = {"ZOOKY_DEBUG": "1", "ZOOKY_AUTH": LOGIN}
    run = start("config", "get", guarded, "x", env=environment)

    assert run.end() == 0
    shown = "\n".join([*run.lines, *run.errors])
    assert "Auth(" in shown
    for form in (PASSWORD, repr(PASSWORD)[1:-1], "a long"):
        assert form not in shown


def test_secrets_are_not_in_a_traceback_either(monkeypatch):
    """Nor in what a library logs with one."""
    monkeypatch.setenv("ZOOKY_DEBUG", "1")
    code = (
        "import logging\n"
        "from zktools.cli.connection import quiet_logs\n"
        f"with quiet_logs([{PASSWORD!r}]):\n"
        "    try:\n"
        f"        raise ValueError({PASSWORD!r})\n"
        "    except ValueError:\n"
        "        logging.getLogger('kazoo').exception('oh')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "ValueError: ***" in done.stderr


def test_what_logs_in_is_not_handed_to_the_command(start):
    """The rest of the environment is."""
    secrets = {
        "ZOOKY_AUTH": LOGIN,
        "ZOOKY_KEY_PASSWORD": PASSWORD,
        "ZOOKY_SASL_PASSWORD": PASSWORD,
    }
    program = "import os; print(sorted(n for n in os.environ if n.startswith('ZOOKY')))"
    run = start("run", "it", "--", *python(program), env={**secrets, "ZOOKY_TLS": "0"})

    assert run.end() == 0, run.errors
    assert run.lines == ["['ZOOKY_TLS']"]


@pytest.mark.slow
@pytest.mark.parametrize("status", [0, 3])
def test_the_status_is_known_where_ends_of_children_are_ignored(hosts, status):
    """Inherited from whoever started zooky; the command does not inherit it in turn."""
    code = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'zktools.cli', *sys.argv[1:]])\n"
    )
    program = (
        "import signal, subprocess, sys\n"
        "assert signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL\n"
        f"sys.exit(subprocess.run([sys.executable, '-c', 'raise SystemExit({status})']).returncode)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "it", "--", *python(program)],
        env={**os.environ, "ZOOKEEPER_HOSTS": hosts},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )

    assert (done.returncode, done.stderr) == (status, "")
