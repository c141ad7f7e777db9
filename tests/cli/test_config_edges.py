"""What zooky config must not do: remove what it cannot show, or say what is not so."""

import json

import pytest
from kazoo.security import OPEN_ACL_UNSAFE, make_acl, make_digest_acl

from tests.cli.support import Zooky
from zktools.cli.config import changing, importing
from zktools.testing import wait_until

SECRET = [make_digest_acl("boss", "a long secret", all=True)]
LOGIN = "digest:boss:a long secret"


@pytest.fixture
def boss(zk_client_factory):
    """Somebody who may read everything."""
    client = zk_client_factory()
    client.add_auth("digest", "boss:a long secret")
    yield client
    for name in client.get_children("/"):
        if name != "zookeeper":
            client.delete(f"/{name}", recursive=True)


@pytest.fixture
def shop(boss):
    """A tree with a password that others may not read."""
    for key, data in {"tmp": b"x", "db/host": b"h", "db/port": b"1"}.items():
        boss.create(f"/c/{key}", data, makepath=True)
    boss.create("/c/db/password", b"s3cret", acl=SECRET)
    return "/c"


@pytest.fixture
def file(tmp_path):
    """Call it with a text: a YAML file."""

    def write(text, name="c.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


def test_what_is_left_out_is_named_with_a_status_of_its_own(zooky, shop, zk):
    """By list and export, and what is below it may be hidden too."""
    for command in (["list", shop], ["list", shop, "db"], ["export", shop]):
        result = zooky("config", *command)
        assert result.exit_code == 9
        assert "db/password: an ACL refuses to read it" in result.stderr
        assert "host" in result.stdout
    result = zooky("config", "list", shop, "--json")
    assert (result.exit_code, json.loads(result.stderr)["status"]) == (9, 9)
    assert json.loads(result.stdout)["db/host"] == "h"
    assert zooky("config", "list", shop, "db/password/below").exit_code == 9
    assert zooky("config", "get", shop, "db/password").exit_code == 5
    assert zooky("config", "list", shop, "tmp").exit_code == 0
    assert zooky("config", "list", shop, ZOOKY_AUTH=LOGIN).exit_code == 0

    zk.create(f"{shop}/blob", b"\xff")
    result = zooky("config", "list", shop, "blob", "--codec", "text")
    assert result.exit_code == 9
    assert "blob: it cannot be decoded; try another --codec" in result.stderr


def test_unset_removes_what_it_shows_only(zooky, shop, boss):
    """A section with something in it that may not be read stays whole."""
    assert zooky("config", "unset", shop, "tmp", "db/port", "--yes").exit_code == 0
    for keys in (["db"], ["db/password"], ["db/host", "db"]):
        result = zooky("config", "unset", shop, *keys, "--yes")
        assert result.exit_code == 5
        assert "db/password" in result.stderr
    assert sorted(boss.get_children(f"{shop}/db")) == ["host", "password"]
    assert zooky("config", "unset", shop, "db", "--yes", ZOOKY_AUTH=LOGIN).exit_code == 0
    assert boss.get_children(shop) == []


def test_unset_of_the_last_key_removes_its_section(zooky, zk):
    """It would become an empty value; and one that has a value of its own stays."""
    for key, data in {"a": b"", "a/b": b"", "a/b/c": b"1", "v": b"own", "v/x": b"1"}.items():
        zk.create(f"/c/{key}", data, makepath=True)
    assert zooky("config", "unset", "/c", "a/b/c", "v/x", "--yes").exit_code == 0

    assert zk.get_children("/c") == ["v"]
    assert zk.get_children("/c/v") == []


def test_replacing_leaves_alone_what_it_cannot_show(zooky, shop, boss, file):
    """And says so."""
    result = zooky("config", "import", shop, file("db: {host: h2}\n"), "--replace", "--yes")

    assert result.exit_code == 0, result.stderr
    assert "note: left alone: db/password" in result.stderr
    assert sorted(boss.get_children(f"{shop}/db")) == ["host", "password"]
    assert boss.get_children(shop) == ["db"]


def test_new_keys_take_their_sections_acl_or_the_one_given(zooky, boss, shop, file):
    """Not world-open beside protected ones."""
    boss.create(f"{shop}/secret", b"", acl=SECRET)
    assert zooky("config", "set", shop, "secret/a", "1", ZOOKY_AUTH=LOGIN).exit_code == 0
    assert zooky("config", "set", shop, "open", "1").exit_code == 0
    given = ["--acl", "world:anyone:r", "--acl", "digest:boss:" + SECRET[0].id.id[5:] + ":cdrwa"]
    imported = zooky("config", "import", shop, file("new: 1\n"), "--yes", *given)
    assert imported.exit_code == 0, imported.stderr
    assert zooky("config", "set", shop, "x", "1", "--acl", "world:anyone:xyz").exit_code == 2

    assert boss.get_acls(f"{shop}/secret/a")[0] == SECRET
    assert boss.get_acls(f"{shop}/open")[0] == OPEN_ACL_UNSAFE
    assert boss.get_acls(f"{shop}/new")[0] == [make_acl("world", "anyone", read=True), *SECRET]


def test_get_prints_the_bytes_and_nothing_else(zooky, zk):
    """Into a pipe or a file."""
    data = b"\x00\xff\r\n line"
    zk.create("/c/blob", data, makepath=True)
    result = zooky("config", "get", "/c", "blob")

    assert result.stdout_bytes == data


@pytest.mark.parametrize("command", [["export"], ["export", "-o", "FILE"], ["list"]])
def test_a_path_that_is_not_there_is_not_an_empty_configuration(zooky, zk, tmp_path, command):
    """It may be mistyped: status 3, and the file is as it was."""
    file = tmp_path / "c.yaml"
    file.write_text("PRECIOUS")
    command = [str(file) if each == "FILE" else each for each in command]
    result = zooky("config", command[0], "/typo", *command[1:])

    assert result.exit_code == 3
    assert "/typo" in result.stderr
    assert result.stdout == ""
    assert file.read_text() == "PRECIOUS"
    zk.ensure_path("/typo")
    assert zooky("config", command[0], "/typo", *command[1:]).exit_code == 0


@pytest.mark.slow
def test_unset_among_many(zooky, zk):
    """It takes what it removes, and not what stays."""
    keys = [f"/c/{'long-' * 100}{number:05d}" for number in range(2_400)]
    zk.ensure_path("/c/s")
    for start in range(0, len(keys), 1000):
        transaction = zk.transaction()
        for key in keys[start : start + 1000]:
            transaction.create(key, b"1")
        transaction.commit()
    zk.create("/c/s/x", b"1")
    result = zooky("config", "unset", "/c", "s/x", keys[0][3:], "--yes")

    assert result.exit_code == 0, result.stderr
    assert len(zk.get_children("/c")) == 2_399


@pytest.mark.slow
def test_watch_goes_on_after_what_cannot_be_read(start, zk):
    """It is shown as that."""
    zk.create("/c/a", b'"x"', makepath=True)
    watch = start("config", "watch", "/c", "--codec", "json")
    watch.expect("")
    zk.set("/c/a", b"\xff")
    wait_until(lambda: any("1 bytes that Json() cannot read" in line for line in watch.lines))
    zk.set("/c/a", b'"y"')
    wait_until(lambda: any('-> "y"' in line for line in watch.lines))
    as_json = start("config", "watch", "/c", "--codec", "json", "--json", "--once")
    as_json.expect("{")
    zk.set("/c/a", b"{")
    as_json.end()

    assert json.loads(as_json.lines[-1])["changed"] == {"a": ["y", {"undecodable": "{"}]}


@pytest.mark.parametrize("module", [changing, importing])
def test_a_key_that_was_made_again_is_not_what_was_shown(zooky, zk, file, monkeypatch, module):
    """With the same number of writes: status 4, and it is there."""
    zk.create("/c/a", b"1", makepath=True)

    def confirm(*_, **__):
        zk.delete("/c/a")
        zk.create("/c/a", b"theirs")

    monkeypatch.setattr(module, "confirm", confirm)
    command = ["unset", "/c", "a"] if module is changing else ["import", "/c", file("a: 2\n")]
    result = zooky("config", *command)

    assert result.exit_code == 4
    assert zk.get("/c/a")[0] == b"theirs"


def test_set_of_what_is_there_already_is_an_answer_of_the_servers(zooky, zk):
    """Nothing to change, and nothing was."""
    zk.create("/c/a", b"1", makepath=True)
    assert zooky("config", "set", "/c", "a", "1").stdout == "nothing to change\n"
    assert zk.get("/c/a")[1].version == 0


def test_the_remedy_of_a_note_is_one(zooky, file):
    """--codec json is named where it keeps the value."""
    text = "code: '00123'\nday: 2024-01-31\ntime: 2024-01-31T10:00:00Z\n"
    result = zooky("config", "diff", "/c", file(text))

    notes = {line.split()[2]: line for line in result.stderr.splitlines()}
    assert notes["code"].endswith("--codec json keeps it")
    assert not any(notes[key].endswith("keeps it") for key in ("day", "time") if key in notes)


def test_numbers_that_json_does_not_have(zooky, zk):
    """Text in their place: whoever parses the output gets it."""
    zk.create("/c/big", b"9" * 400 + b".5", makepath=True)
    zk.create("/ZktoolsLocks/it/lock-0123456789abcdef0123456789abcdef-0000000000",
              b'{"host": NaN, "pid": [Infinity]}', makepath=True)  # fmt: skip

    def no_constant(name):
        raise AssertionError(name)

    for command in (["config", "list", "/c"], ["show", "it"], ["list"], ["top", "--once"]):
        result = zooky(*command, "--json")
        assert result.exit_code == 0, result.stderr
        json.loads(result.stdout, parse_constant=no_constant)


@pytest.mark.slow
@pytest.mark.timeout(240)  # an ensemble has to start first
def test_reading_follows_whoever_has_just_stored(zk_ensemble, zk_client_factory):
    """On another server, too: what a command says was there when it was called."""
    followers = [Zooky(server.hosts) for server in zk_ensemble.followers()]
    for number in range(5):
        wrote = followers[number % 2]("config", "set", "/reading-follows", "a", str(number))
        assert wrote.exit_code == 0, wrote.stderr
        read = followers[(number + 1) % 2]("config", "get", "/reading-follows", "a")
        assert read.stdout == str(number)


def test_apply_makes_the_sections_of_a_file_what_it_says(zooky, zk, file):
    """And leaves others alone; it does and asks nothing when all is so already."""
    for key, data in {"db/host": b"a", "db/port": b"1", "x/y": b"1", "gone/a": b"1"}.items():
        zk.create(f"/c/{key}", data, makepath=True)
    path = file("db:\n  host: b\ngone: {}\nmotd: hi\n")
    planned = zooky("config", "apply", "/c", path, "--dry-run")
    asked = zooky("config", "apply", "/c", path, answer="n\n")

    assert planned.exit_code == 1
    assert planned.stdout.splitlines() == [
        '~ db/host = "a" -> "b"',
        "- db/port = 1",
        "- gone/a = 1",
        '+ motd = "hi"',
    ]
    assert (asked.exit_code, zk.get("/c/db/host")[0]) == (1, b"a")
    assert zooky("config", "apply", "/c", path, "--yes").exit_code == 0
    assert sorted(zk.get_children("/c")) == ["db", "motd", "x"]
    assert zk.get_children("/c/db") == ["host"]
    again = zooky("config", "apply", "/c", path)
    assert (again.exit_code, again.stdout, again.stderr) == (0, "no differences\n", "")
    assert zooky("config", "apply", "/c", path, "--dry-run").exit_code == 0


def test_apply_is_refused_when_a_section_of_its_has_changed(zooky, zk, file, monkeypatch):
    """And not for others: status 4, and nothing was done."""
    zk.create("/c/db/host", b"a", makepath=True)
    path = file("db: {host: b}\n")
    for key, status in {"other": 0, "db/new": 4}.items():
        happening = lambda *_, key=key, **__: zk.create(f"/c/{key}", b"1")  # noqa: E731
        monkeypatch.setattr(importing, "confirm", happening)
        assert zooky("config", "apply", "/c", path).exit_code == status
        zk.set("/c/db/host", b"a")
    assert sorted(zk.get_children("/c/db")) == ["host", "new"]
