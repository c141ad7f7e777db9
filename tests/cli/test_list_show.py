import json

from zktools import ZkReadLock, ZkWriteLock


def test_no_locks(zooky):
    """A lock root that is not there is an empty one."""
    result = zooky("list")

    assert result.exit_code == 0
    assert result.stdout == "There are no locks under /ZktoolsLocks.\n"
    assert zooky.json("list") == []


def test_list(zooky, hold, queue_up, zk):
    """Each lock with its state, its holder, and how many wait."""
    hold("busy", identifier="nightly report")
    queue_up("busy")
    hold("read", ZkReadLock)
    hold("read", ZkReadLock)
    zk.ensure_path("/ZktoolsLocks/unused")
    lines = zooky("list").stdout.splitlines()

    assert lines[0].split() == ["LOCK", "STATE", "HOLDER", "FOR", "WAITING", "ASKED"]
    assert [line.split()[:2] for line in lines[1:]] == [
        ["busy", "Locked"],
        ["read", "Shared"],
        ["unused", "Free"],
    ]
    assert "(nightly report)" in lines[1]
    assert lines[1].endswith("1")
    assert "and 1 more" in lines[2]


def test_list_as_json(zooky, hold, queue_up):
    """The same for programs, with tokens."""
    lease = hold("busy", identifier="nightly report")
    queue_up("busy")
    (lock,) = zooky.json("list")

    assert (lock["lock"], lock["state"]) == ("busy", "locked")
    assert [holder["token"] for holder in lock["holders"]] == [lease.token]
    assert lock["holders"][0]["who"]["identifier"] == "nightly report"
    assert [waiting["position"] for waiting in lock["waiting"]] == [1]


def test_other_lock_root(zooky, zk):
    """--lock-root, and 0.2's spelling of it."""
    with ZkWriteLock(zk, "mine", "/elsewhere"):
        for option in ("--lock-root", "--lock_root"):
            assert [lock["lock"] for lock in zooky.json("list", option, "/elsewhere")] == ["mine"]


def test_show(zooky, hold, queue_up):
    """The queue in order, with everything an operator asks for."""
    lease = hold("busy", identifier="nightly report")
    queue_up("busy", ZkReadLock).revoke_all()
    lines = zooky("show", "busy").stdout.splitlines()

    assert len(lines) == 3
    assert lines[1].split()[:3] == ["0", "holds", "write"]
    assert "nightly report" in lines[1]
    assert f"{lease.session_id:#x}" in lines[1]
    assert lines[1].endswith(str(lease.token))
    assert lines[1].count(" pid ") == 2  # its own, and that of who asked
    assert lines[2].split()[:3] == ["1", "waits", "read"]


def test_show_data_and_stat(zooky, hold):
    """--long shows what 0.2 showed: data and stat, with ages."""
    lease = hold("busy")
    text = zooky("show", "busy", "--long").stdout
    (holder,) = zooky.json("show", "busy", "--long")["holders"]

    for word in ("czxid", "ephemeralOwner", "created_ago", "modified_ago", "data"):
        assert word in text
    assert holder["stat"]["czxid"] == lease.token
    assert json.loads(holder["data"])["pid"]


def test_show_free(zooky, zk):
    """A lock that nobody uses is shown as free."""
    ZkWriteLock(zk, "idle").acquire()
    ZkWriteLock(zk, "idle").clear()

    assert zooky("show", "idle").stdout == "idle is free: nobody holds it, nobody waits.\n"


def test_show_missing(zooky):
    """One line and status 3; with --json an object."""
    result = zooky("show", "nix")

    assert result.exit_code == 3
    assert result.stderr.splitlines() == [
        "zooky: there is no lock nix under /ZktoolsLocks; `zooky list` shows those there are"
    ]
    assert json.loads(zooky("show", "nix", "--json").stderr)["status"] == 3


def test_candidates_of_old_clients(zooky, zk):
    """Clients of zktools 0.2 do not say who they are."""
    zk.create("/ZktoolsLocks/old/write-", b"0", ephemeral=True, sequence=True, makepath=True)

    assert "unknown" in zooky("list").stdout
    assert "unknown" in zooky("show", "old").stdout


def test_what_comes_from_zookeeper_is_harmless(zooky, zk):
    """Terminal control, line breaks, text direction, markup: shown, never obeyed."""
    evil = "\x1b[2J\x1b]0;title\x07\r\n\u202e\x9b31m[bold]x[/bold]"
    who = {"host": evil, "pid": evil, "thread": evil, "identifier": evil, "unlock": {"host": evil}}
    data = json.dumps(who, ensure_ascii=False).encode()
    zk.create("/ZktoolsLocks/evil/write-", data, ephemeral=True, sequence=True, makepath=True)
    zk.create("/ZktoolsLocks/evil/lock-", b"\x1b[2J\xff", ephemeral=True, sequence=True)
    for command in (["list"], ["show", "evil"], ["show", "evil", "--long"], ["top", "--once"],
                    ["list", "--json"], ["show", "evil", "--long", "--json"]):  # fmt: skip
        output = zooky(*command).stdout
        assert all(c.isprintable() or c == "\n" for c in output)
        assert "[bold]x" in output or "--json" in command or "list" in command


def test_names_from_zookeeper_are_harmless(zooky, zk):
    """ZooKeeper takes text that turns the direction of a line around."""
    zk.ensure_path("/ZktoolsLocks/a\u202eb")

    assert "a\\u202eb" in zooky("list").stdout


def test_children_that_are_no_candidates(zooky, zk):
    """A stranger's node in a lock's folder is nobody's contender."""
    zk.ensure_path("/ZktoolsLocks/odd/stranger")

    assert zooky.json("show", "odd")["state"] == "free"
