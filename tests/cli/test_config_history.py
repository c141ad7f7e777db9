"""What was stored, by whom, and back to it, from the command line."""

import json

import pytest

from zktools import Configuration
from zktools.testing import wait_until

SHOP = "/config/shop"


@pytest.fixture
def shop(zk, zooky):
    """With a history, and two versions by a program."""
    config = Configuration(zk, SHOP, history=50, author="me", secret=["db/password"])
    config.store({"db": {"host": "a", "password": "hunter1"}}, note="begin")
    config.store({"db": {"host": "b"}, "motd": "hello"})
    return config


def lines(result, status=0):
    """What it printed, without the times."""
    assert result.exit_code == status, (result.stdout, result.stderr)
    return result.stdout.splitlines()


def test_every_change_by_hand_has_a_record(zooky, shop, tmp_path):
    """With its note; and the history is shown newest first, with no secret in it."""
    (tmp_path / "shop.yaml").write_text("motd: bye\n")
    file = str(tmp_path / "shop.yaml")
    lines(zooky("config", "set", SHOP, "x", "1", "--note", "by hand"))
    lines(zooky("config", "set", SHOP, "db/password", "hunter2"))
    lines(zooky("config", "import", SHOP, file, "--yes", "--note", "from a file"))
    lines(zooky("config", "unset", SHOP, "x", "--yes", "--note", "tidy"))
    (tmp_path / "shop.yaml").write_text("motd: again\n")
    lines(zooky("config", "apply", SHOP, file, "--yes", "--note", "from git"))
    shown = zooky("config", "history", SHOP)

    assert "hunter" not in shown.stdout
    heads = [line for line in lines(shown) if line[0] != " "]
    assert [line.split()[0] for line in heads] == list("7654321")
    notes = [line.rpartition(": ")[2] for line in heads]
    assert [*notes[:3], notes[4], notes[6]] == [
        "from git",
        "tidy",
        "from a file",
        "by hand",
        "begin",
    ]
    assert "  ~ db/password = (secret) -> (secret)" in lines(shown)
    assert '  ~ motd = "hello" -> "bye"' in lines(shown)
    assert len(lines(zooky("config", "history", SHOP, "--limit", "1"))) == 2


def test_the_history_for_programs(zooky, shop):
    """As JSON, with what others changed without a record."""
    plain = Configuration(shop._client, SHOP)
    plain["motd"] = "theirs"
    shop.tag("release-1", 1)
    told = zooky.json("config", "history", SHOP)

    assert (told["unrecorded"], told["tags"]) == (["motd"], {"release-1": 1})
    newest, first = told["records"]
    assert (first["version"], first["author"], first["note"]) == (1, "me", "begin")
    assert first["tags"] == ["release-1"]
    assert first["changes"] == {
        "db/host": {"after": "a"},
        "db/password": {"after": {"hidden": "secret"}},
    }
    assert newest["changes"]["db/host"] == {"before": "a", "after": "b"}
    assert "! motd was changed without a record since" in lines(zooky("config", "history", SHOP))


def test_a_note_where_nobody_keeps_a_history(zooky, zk):
    """Nothing is stored, and the remedy is said."""
    refused = zooky("config", "set", SHOP, "x", "1", "--note", "why")
    assert refused.exit_code == 3
    assert f"zooky config history {SHOP} --keep 100" in refused.stderr
    assert zk.exists(SHOP) is None
    assert zooky("config", "set", SHOP, "x", "1", "--note", "x" * 1001).exit_code == 2

    lines(zooky("config", "set", SHOP, "x", "1"))
    assert lines(zooky("config", "history", SHOP)) == [f"Nothing is recorded at {SHOP}."]
    lines(zooky("config", "history", SHOP, "--keep", "2"))
    for value in "234":
        lines(zooky("config", "set", SHOP, "x", value, "--note", "why"))
    assert len(zooky.json("config", "history", SHOP)["records"]) == 2
    lines(zooky("config", "history", SHOP, "--keep", "9"))
    lines(zooky("config", "set", SHOP, "x", "5"))
    assert len(zooky.json("config", "history", SHOP)["records"]) == 3


def test_at(zooky, shop):
    """A table of then; what is not told is named, with a status of its own."""
    shown = zooky("config", "at", SHOP, "1")

    assert lines(shown, 9) == ["KEY      TYPE  VALUE", 'db/host  text  "a"']
    assert "left out: db/password (secret)" in shown.stderr
    assert json.loads(zooky("config", "at", SHOP, "2", "motd", "--json").stdout) == {
        "motd": "hello"
    }
    assert zooky("config", "at", SHOP, "7").exit_code == 3
    assert zooky("config", "at", "/nothing", "1").exit_code == 3


def test_diff_of_two_versions(zooky, shop):
    """Status 1 where there is a difference."""
    wanted = ['~ db/host = "a" -> "b"', '+ motd = "hello"']
    assert lines(zooky("config", "diff", SHOP, "1", "2"), 1) == wanted
    assert lines(zooky("config", "diff", SHOP, "1", "now"), 1) == wanted
    assert lines(zooky("config", "diff", SHOP, "2", "now")) == ["no differences"]
    told = json.loads(zooky("config", "diff", SHOP, "1", "2", "--json").stdout)
    assert told == {"added": {"motd": "hello"}, "changed": {"db/host": ["a", "b"]}, "removed": {}}


def test_rollback(zooky, shop):
    """Shown and asked before; a record of its own; nothing is removed unless that is said."""
    dry = zooky("config", "rollback", SHOP, "1", "--dry-run")
    assert lines(dry) == ['~ db/host = "b" -> "a"']
    no = zooky("config", "rollback", SHOP, "1", answer="n\n")
    assert (no.exit_code, shop["db/host"]) == (1, "b")
    assert "This changes /config/shop, a rollback to 1: 0 added, 1 changed, 0 removed" in no.stderr
    done = zooky("config", "rollback", SHOP, "1", "--yes", "--note", "it broke")
    assert lines(done) == [f"Stored at {SHOP}: 0 added, 1 changed, 0 removed."]
    assert shop.wait_for("db/host", lambda host: host == "a", timeout=10) == "a"
    assert shop["motd"] == "hello"
    record = shop.history()[0]
    assert (record.action, record.note) == ("rollback to 1", "it broke")

    lines(zooky("config", "rollback", SHOP, "1", "--remove", "--yes"))
    wait_until(lambda: "motd" not in shop)
    again = zooky.json("config", "rollback", SHOP, "1", "--yes")
    assert (again["changed"], "version" in again) == ({}, True)
    assert lines(zooky("config", "rollback", SHOP, "1")) == ["nothing to change"]


def test_rollback_leaves_secrets_alone(zooky, shop):
    """And names those that are not as they were."""
    shop["db/password"] = "hunter3"
    shown = zooky("config", "rollback", SHOP, "1", "--yes")

    assert (
        "left as it is, because the history does not tell what it was: db/password" in shown.stderr
    )
    assert shop["db/password"] == "hunter3"
    assert "hunter" not in shown.stdout + shown.stderr


def test_tags(zooky, shop):
    """A version by its name."""
    assert lines(zooky("config", "tag", SHOP, "good", "1")) == [f"{SHOP} at 1 is good."]
    assert zooky.json("config", "tag", SHOP, "now-good") == {"tag": "now-good", "version": 2}
    assert zooky("config", "tag", SHOP, "good").exit_code == 4
    lines(zooky("config", "rollback", SHOP, "good", "--yes"))
    assert shop.wait_for("db/host", lambda host: host == "a", timeout=10) == "a"
    lines(zooky("config", "tag", SHOP, "good", "--delete"))
    assert zooky("config", "rollback", SHOP, "good", "--yes").exit_code == 3
    assert zooky("config", "tag", SHOP, "12").exit_code != 0


def test_what_cannot_have_a_history_can_be_looked_at_and_changed(zooky, shop):
    """All of a ZooKeeper, its histories included."""
    assert "/v0000000001" in zooky("config", "list", "/").stdout
    assert "/v0000000001" in zooky("config", "list", "/ZktoolsHistory").stdout
    lines(zooky("config", "set", "/", "x", "1"))
    assert zooky.json("config", "get", "/", "x")["value"] == 1
