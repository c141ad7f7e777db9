"""Every way in which a command under ``zooky run`` can end while the network is well."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.support import is_alive, process_state, python
from zktools import ZkReadLock, ZkWriteLock
from zktools.testing import wait_until

TELLS_SIGNALS = """
import os, signal, sys
names = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2")
numbers = [getattr(signal, name) for name in names]
signal.pthread_sigmask(signal.SIG_BLOCK, numbers)  # what waits for them misses none
print("ready", os.getpid())
print("got", signal.Signals(signal.sigwait(numbers)).name)
sys.exit(33)
"""
IGNORES_TERM = """
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
signal.alarm(40)  # nothing is left even where this test fails
print("ready", os.getpid())
while True:
    signal.sigwait([signal.SIGTERM])
    print("got SIGTERM")
"""


def test_status_is_the_commands_own(start):
    """What the command exits with, zooky exits with; its output is its own."""
    run = start("run", "nightly", "--", "sh", "-c", "echo out; echo err >&2; exit 42")

    assert run.end() == 42
    assert run.lines == ["out"]
    assert run.errors == ["err"]


def test_command_that_a_signal_ends_gives_128_more(start):
    """As a shell does it: SIGKILL is 137."""
    assert start("run", "nightly", "--", "sh", "-c", "kill -KILL $$").end() == 128 + 9


@pytest.mark.slow
def test_lock_is_held_while_the_command_runs_and_free_afterwards(start, zk):
    """Nobody else gets it meanwhile; nothing is left of it."""
    lock = ZkWriteLock(zk, "nightly")
    run = start("run", "nightly", "--", *python("print('ready'); input()"), stdin=subprocess.PIPE)
    run.expect("ready")

    assert not lock.acquire(timeout=0)
    run.popen.stdin.close()
    assert run.end() == 1
    assert lock.contenders() == []


@pytest.mark.slow
def test_command_knows_what_it_holds(start, zk, hosts):
    """Token, lock, node and ensemble are in its environment."""
    program = """
import json, os
print(json.dumps({k: v for k, v in os.environ.items() if k.startswith("ZKTOOLS_")}))
input()
"""
    run = start("run", "nightly", "--", *python(program), stdin=subprocess.PIPE)
    environment = json.loads(run.expect("{"))
    (holder,) = ZkWriteLock(zk, "nightly").contenders()

    assert environment == {
        "ZKTOOLS_TOKEN": str(holder.token),
        "ZKTOOLS_LOCK": "/ZktoolsLocks/nightly",
        "ZKTOOLS_LOCK_NODE": f"/ZktoolsLocks/nightly/{holder.name}",
        "ZKTOOLS_HOSTS": hosts,
    }
    assert holder.who["identifier"] == f"zooky run {Path(sys.executable).name}"
    run.popen.stdin.close()
    run.end()


@pytest.mark.parametrize("number", ["HUP", "INT", "QUIT", "TERM", "USR1", "USR2"])
def test_signals_are_passed_on(start, number):
    """What zooky gets, the command gets; how it then ends is its own affair."""
    run = start("run", "nightly", "--", *python(TELLS_SIGNALS))
    run.expect("ready")
    run.send(getattr(signal, f"SIG{number}"))

    assert run.end() == 33
    assert run.lines[1:] == [f"got SIG{number}"]


def test_command_ended_by_a_signal_to_zooky(start, zk):
    """The usual end of a service: TERM to zooky ends the command, and the lock is free."""
    run = start("run", "nightly", "--", "sh", "-c", "echo ready; exec sleep 60")
    run.expect("ready")
    run.send(signal.SIGTERM)

    assert run.end() == 128 + signal.SIGTERM
    assert ZkWriteLock(zk, "nightly").contenders() == []


def test_lock_not_acquired_in_time(start, hold, zk):
    """Status 123; the command was never started, and zooky leaves the queue."""
    hold("nightly")
    run = start("run", "nightly", "--timeout", "0", "--", "echo", "started")

    assert run.end() == 123
    assert run.lines == []
    assert len(ZkWriteLock(zk, "nightly").contenders()) == 1
    assert run.errors == [
        "zooky: nightly was not acquired within 0.0s; `zooky show nightly` tells who has it"
    ]


def test_signal_while_waiting_leaves_the_queue(start, hold, zk):
    """TERM while zooky waits for the lock: 143, and no candidate is left."""
    hold("nightly")
    lock = ZkWriteLock(zk, "nightly")
    run = start("run", "nightly", "--", "echo", "started")
    wait_until(lambda: len(lock.contenders()) == 2)
    run.send(signal.SIGTERM)

    assert run.end() == 128 + signal.SIGTERM
    assert run.lines == []
    assert len(lock.contenders()) == 1


def test_readers_share(start, hold):
    """--read runs beside another reader."""
    hold("nightly", ZkReadLock)

    assert start("run", "nightly", "--read", "--timeout", "5", "--", "true").end() == 0


@pytest.mark.slow
def test_asking_the_one_in_the_way(start):
    """A run with --revoke makes another run stop its command and takes over."""
    first = start("run", "nightly", "--", *python(TELLS_SIGNALS))
    first.expect("ready")
    second = start("run", "nightly", "--revoke", "--", "echo", "mine")

    assert second.end() == 0
    assert first.end() == 122
    assert first.lines[1:] == ["got SIGTERM"]
    assert first.errors == ["zooky: nightly was asked back: stopping the command"]


@pytest.mark.slow
def test_request_that_the_command_does_not_hear_kills_it_after_the_grace(start, zk, zooky):
    """TERM, grace, KILL, and only then the lock goes."""
    run = start("run", "nightly", "--stop-grace", "300ms", "--", *python(IGNORES_TERM))
    pid = int(run.expect("ready").split()[1])
    lock = ZkWriteLock(zk, "nightly")
    assert zooky("revoke", "nightly", "--yes").exit_code == 0
    assert lock.acquire(timeout=10)

    assert not is_alive(pid)
    assert run.end() == 122
    assert run.lines[1:] == ["got SIGTERM"]


@pytest.mark.slow
def test_what_the_command_started_is_stopped_with_it(start, zk):
    """A grandchild that ignores TERM does not outlive the lock either."""
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-uc', {IGNORES_TERM!r}])"
    run = start("run", "nightly", "--", *python(program))
    pid = int(run.expect("ready").split()[1])
    ZkWriteLock(zk, "nightly").revoke_all()

    assert run.end() == 122
    wait_until(lambda: not is_alive(pid))


@pytest.mark.slow
def test_lock_destroyed_kills_at_once(start, zk):
    """Somebody else may hold it already, so no grace is given."""
    run = start("run", "nightly", "--stop-grace", "1h", "--", *python(IGNORES_TERM))
    pid = int(run.expect("ready").split()[1])
    ZkWriteLock(zk, "nightly").clear()

    assert run.end() == 121
    assert not is_alive(pid)
    assert run.lines == run.lines[:1]
    assert "lost" in run.errors[0]


def test_lock_asked_back_then_destroyed(start, zk):
    """An impatient rival: the request is obeyed with grace, the destruction without."""
    run = start("run", "nightly", "--stop-grace", "1h", "--", *python(IGNORES_TERM))
    run.expect("ready")
    lock = ZkWriteLock(zk, "nightly")
    lock.revoke_all()
    run.expect("got SIGTERM")
    lock.clear()

    assert run.end() == 121


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux alone does this")
def test_zooky_killed_takes_the_command_along(start):
    """After kill -9 of zooky nobody could stop the command any more, so the kernel does."""
    run = start("run", "nightly", "--", *python(IGNORES_TERM))
    pid = int(run.expect("ready").split()[1])
    run.send(signal.SIGKILL)

    wait_until(lambda: not is_alive(pid))


def test_zooky_killed_takes_along_what_the_command_started(start):
    """The kernel knows of the command only: a watchdog ends its whole group, and says so."""
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-uc', {IGNORES_TERM!r}])"
    run = start("run", "nightly", "--", *python(program))
    pid = int(run.expect("ready").split()[1])
    run.send(signal.SIGKILL)
    run.expect("zooky has ended before its command", run.errors)

    wait_until(lambda: not is_alive(pid))


def test_what_the_command_leaves_behind_stays(start):
    """It has ended by itself: nothing is killed afterwards, by nobody."""
    run = start("run", "nightly", "--", "sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $!")
    assert run.end() == 0
    pid = int(run.lines[0])

    assert is_alive(pid)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stopped_command_can_be_ended(start, zk, number):
    """What is stopped hears no signal: it is continued so that it can end."""
    run = start("run", "nightly", "--", *python(TELLS_SIGNALS))
    run.expect("ready")
    lock = ZkWriteLock(zk, "nightly")
    child = int(run.lines[0].split()[1])
    os.kill(child, signal.SIGSTOP)
    wait_until(lambda: process_state(child) == "T")
    run.send(number)

    assert run.end() == 33
    assert lock.contenders() == []


def test_options_behind_the_command_are_the_commands(start):
    """With -- or without, as with flock: none of them shares the lock or moves the ensemble."""
    own = ["--read", "--host", "db1", "--revoke-now", "--help", "--", "-v"]
    show = python("import sys; print(sys.argv[1:])")
    run = start("run", "--timeout", "5", "nightly", "--read", *show, *own)

    assert run.end() == 0
    assert run.lines == [str(own)]


@pytest.mark.slow
def test_options_on_both_sides_of_the_name(start, zk):
    """They are zooky's up to the command."""
    run = start("run", "--identifier=one", "nightly", "--read", "--", *python(TELLS_SIGNALS))
    run.expect("ready")
    (holder,) = ZkReadLock(zk, "nightly").contenders()
    run.send(signal.SIGTERM)

    assert run.end() == 33
    assert (holder.kind, holder.who["identifier"]) == ("read", "one")


@pytest.mark.slow
def test_no_such_command(start, zk):
    """Found out before anybody is made to wait: 127, and the lock was not touched."""
    run = start("run", "nightly", "--", "there-is-no-such-command")

    assert run.end() == 127
    assert run.errors == [
        "zooky: there is no command there-is-no-such-command; check its name and PATH"
    ]
    assert zk.exists("/ZktoolsLocks") is None


def test_command_that_cannot_be_executed(start, tmp_path):
    """126, as in a shell."""
    (tmp_path / "script").write_text("echo hello")

    assert start("run", "nightly", "--", str(tmp_path / "script")).end() == 126


@pytest.mark.slow
def test_command_that_is_no_program(start, tmp_path):
    """Executable by its permissions, and then not: 126 from the process that tried."""
    script = tmp_path / "script"
    script.write_bytes(b"\x7fELF nonsense")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    run = start("run", "nightly", "--", str(script))

    assert run.end() == 126
    assert "Exec format error" in run.errors[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "nightly"],
        ["run", "nightly", "-l", "ls"],
        ["run", "a/b", "--", "true"],
        ["run", "nightly", "--timeout", "soon", "--", "true"],
        ["run", "nightly", "--revoke-grace", "1s", "--", "true"],
        ["run", "nightly", "--revoke", "--revoke-now", "--", "true"],
        ["run", "nightly", "--host", "127.0.0.1:1", "--connect-timeout", "0.2", "--", "true"],
    ],
)
def test_failures_of_zookys_own(start, arguments):
    """125 and one line, whether wrong usage or an ensemble that does not answer."""
    run = start(*arguments)

    assert run.end() == 125
    assert len(run.errors) == 1


@pytest.mark.slow
def test_ignored_signals_stay_ignored(start):
    """Under nohup neither zooky nor the command hears SIGHUP."""
    run = start(
        "run",
        "nightly",
        "--",
        *python("import signal; print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)"),
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )

    assert run.end() == 0
    assert run.lines == ["True"]


@pytest.mark.slow
def test_signals_that_python_ignores_are_not_ignored_by_the_command(start):
    """Python ignores SIGPIPE for itself; in the command, `yes | head` must end without a word."""
    run = start("run", "nightly", "--", "sh", "-c", "yes | head -1")

    assert run.end() == 0
    assert run.lines == ["y"]
    assert run.errors == []


@pytest.mark.slow
def test_what_happens_as_json(start, zk):
    """One object a line on standard error, for log collectors."""
    run = start("run", "nightly", "--json", "--", *python(TELLS_SIGNALS))
    run.expect("ready")
    (holder,) = ZkWriteLock(zk, "nightly").contenders()
    ZkWriteLock(zk, "nightly").revoke_all()

    assert run.end() == 122
    assert [json.loads(line) for line in run.errors] == [
        {"event": "waiting", "lock": "nightly"},
        {"event": "acquired", "lock": "nightly", "token": holder.token},
        {"event": "asked", "lock": "nightly", "order": "terminate"},
    ]
