import json
import signal
from datetime import date

import pytest

from zktools import Configuration
from zktools._configuration.tree import flatten
from zktools.cli.config import importing
from zktools.cli.config.files.formats import parse, render
from zktools.testing import wait_until

SHOP = "/config/shop"
FILES = {
    "shop.yaml": "db: {host: db1, pool_size: 10}\nflags: [a, b]\ndebug: true\n",
    "shop.toml": 'flags = ["a", "b"]\ndebug = true\n[db]\nhost = "db1"\npool_size = 10\n',
    "shop.json": '{"db": {"host": "db1", "pool_size": 10}, "flags": ["a", "b"], "debug": true}',
}
TREE = {"db": {"host": "db1", "pool_size": 10}, "flags": ["a", "b"], "debug": True}


@pytest.fixture
def file(tmp_path):
    """Call it with a name and a text: a file."""

    def write(name, text):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


@pytest.fixture
def shop(zk):
    """What is stored, as a program sees it."""
    with Configuration(zk, SHOP) as config:
        yield config


@pytest.mark.parametrize("name", FILES)
def test_import_and_export(zooky, file, shop, name, tmp_path):
    """The three formats, there and back."""
    imported = zooky("config", "import", SHOP, file(name, FILES[name]), "--yes")
    out = str(tmp_path / f"again-{name}")

    assert imported.exit_code == 0, imported.stderr
    assert shop.wait_for("debug", timeout=10) is True
    assert shop.as_dict() == TREE
    assert zooky("config", "export", SHOP, "-o", out).exit_code == 0
    assert zooky("config", "diff", SHOP, out, "--replace").exit_code == 0


def test_import_shows_the_plan_and_asks(zooky, file, shop):
    """What is added, changed and removed is said before, and a no does nothing."""
    shop.store({"db": {"pool_size": 5}, "old": 1})
    result = zooky(
        "config", "import", SHOP, file("s.yaml", FILES["shop.yaml"]), "--replace", answer="n\n"
    )

    assert result.exit_code == 1
    for line in ('+ db/host = "db1"', "~ db/pool_size = 5 -> 10", "- old = 1"):
        assert f"  {line}\n" in result.stderr
    assert shop.load() == {"db": {"pool_size": 5}, "old": 1}


def test_dry_run(zooky, file, shop):
    """The plan on standard output, and nothing else."""
    path = file("shop.yaml", FILES["shop.yaml"])
    result = zooky("config", "import", SHOP, path, "--dry-run")

    assert result.exit_code == 0
    assert '+ db/host = "db1"' in result.stdout.splitlines()
    assert shop.version == 0
    assert zooky.json("config", "import", SHOP, path, "--dry-run")["added"]["debug"] is True


@pytest.mark.parametrize("replace", [[], ["--replace"]])
def test_import_refused_when_the_tree_has_changed(zooky, file, shop, monkeypatch, replace):
    """Somebody was faster than the operator's yes: status 4, and nothing was done."""
    shop.store({"debug": False})

    def confirm(*_, **__):
        shop.store({"debug": "maybe"})

    monkeypatch.setattr(importing, "confirm", confirm)
    path = file("shop.yaml", FILES["shop.yaml"])
    result = zooky("config", "import", SHOP, path, *replace)

    assert result.exit_code == 4
    assert "debug" in result.stderr
    assert shop.load() == {"debug": "maybe"}


def test_import_is_one_transaction(zooky, file, shop):
    """A subscriber sees all of it at once."""
    seen = []
    shop.subscribe("", seen.append)
    zooky("config", "import", SHOP, file("shop.yaml", FILES["shop.yaml"]), "--yes")
    wait_until(lambda: any(seen))

    assert [len(changes.keys) for changes in seen if changes] == [4]


def test_import_from_standard_input(zooky, shop):
    """A dash, with the format named."""
    result = zooky(
        "config", "import", SHOP, "-", "--format", "json", "--yes", answer=FILES["shop.json"]
    )

    assert result.exit_code == 0
    assert shop.wait_for("db/host", timeout=10) == "db1"


def test_values_that_come_back_as_something_else_are_named(zooky, file):
    """The rules of 0.2 lose some types: said, with the remedy."""
    path = file("odd.yaml", "code: '00123'\noffset: -5\nfine: 1.5\n")
    result = zooky("config", "diff", SHOP, path)
    kept = zooky("config", "diff", SHOP, path, "--codec", "json")

    assert [line for line in result.stderr.splitlines() if "note:" in line] == [
        "zooky: note: code = '00123' will be read as 123; --codec json keeps it",
        "zooky: note: offset = -5 will be read as '-5'; --codec json keeps it",
    ]
    assert kept.stderr == ""


def test_diff(zooky, file, shop):
    """Status 1 and the lines when there is a difference, 0 when there is none."""
    path = file("shop.yaml", FILES["shop.yaml"])
    different = zooky("config", "diff", SHOP, path)
    shop.store(TREE)
    same = zooky("config", "diff", SHOP, path)

    assert different.exit_code == 1
    assert "+ debug = true" in different.stdout
    assert (same.exit_code, same.stdout) == (0, "no differences\n")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("shop.yaml", "a: [1"),
        ("shop.yaml", "- 1\n- 2\n"),
        ("shop.yaml", "8080: x"),
        ("shop.yaml", "a/../b: x"),
        ("shop.yaml", "x: !!python/object:os.system {}"),
        ("shop.toml", "a ="),
        ("shop.json", "{"),
        ("shop.txt", "a: 1"),
    ],
)
def test_files_that_cannot_be_imported(zooky, file, shop, name, text):
    """Status 2, one line, nothing stored."""
    result = zooky("config", "import", SHOP, file(name, text), "--yes")

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert shop.version == 0


def test_get_set_unset(zooky, shop):
    """One value."""
    assert zooky("config", "set", SHOP, "db/pool_size", "10").stdout == "+ db/pool_size = 10\n"
    assert zooky("config", "set", SHOP, "db/pool_size", "12").stdout == (
        "~ db/pool_size = 10 -> 12\n"
    )
    assert zooky("config", "get", SHOP, "db/pool_size").stdout == "12"
    assert zooky.json("config", "get", SHOP, "db/pool_size") == {
        "key": "db/pool_size",
        "value": 12,
        "type": "int",
    }
    assert zooky("config", "unset", SHOP, "db", answer="n\n").exit_code == 1
    assert zooky("config", "unset", SHOP, "db", "--yes").stdout == "- db/pool_size = 12\n"
    assert zooky("config", "get", SHOP, "db/pool_size").exit_code == 3
    assert zooky("config", "unset", SHOP, "db", "--yes").exit_code == 3


def test_set_only_if_nothing_has_changed(zooky, shop):
    """--version refuses when somebody was faster."""
    before = shop.store({"debug": False})
    shop.store({"debug": True})
    result = zooky("config", "set", SHOP, "debug", "no", "--version", str(before))

    assert result.exit_code == 4
    assert shop["debug"] is True


def test_set_json(zooky, zk):
    """With --codec json text stands in quotes, and what is no JSON is refused."""
    assert zooky("config", "set", SHOP, "code", '"00123"', "--codec", "json").exit_code == 0
    assert zk.get(f"{SHOP}/code")[0] == b'"00123"'
    assert zooky("config", "set", SHOP, "code", "text", "--codec", "json").exit_code == 2


def test_list(zooky, shop):
    """Keys, types and values; of a part, too."""
    shop.store({}, replace=True, version=shop.store({"a": 1}))
    assert zooky("config", "list", SHOP).stdout == "Nothing is stored at /config/shop.\n"
    shop.store(TREE)

    assert [line.split()[:2] for line in zooky("config", "list", SHOP).stdout.splitlines()[1:]] == [
        ["db/host", "text"],
        ["db/pool_size", "int"],
        ["debug", "bool"],
        ["flags", "list"],
    ]
    assert zooky.json("config", "list", SHOP, "db") == {"db/host": "db1", "db/pool_size": 10}


@pytest.mark.slow
def test_watch(start, shop):
    """What is there, then each transaction as it happens."""
    shop.store({"debug": False})
    watch = start("config", "watch", SHOP, "--json")
    first = watch.expect("{")
    shop.store({"debug": True, "new": 1})
    watch.expect('{"added": {"new"')
    watch.send(signal.SIGINT)

    assert watch.end() == 130
    assert [json.loads(line) for line in watch.lines] == [
        {"added": {"debug": False}, "changed": {}, "removed": {}},
        {"added": {"new": 1}, "changed": {"debug": [False, True]}, "removed": {}},
    ]
    assert json.loads(first)["added"] == {"debug": False}


def test_what_comes_from_zookeeper_is_harmless(zooky, zk):
    """Values with terminal control are shown escaped in all lists."""
    zk.create(f"{SHOP}/evil", "\x1b[2J[bold]\u202e".encode(), makepath=True)
    for command in ("list", "export"):
        output = zooky("config", command, SHOP).stdout
        assert "\x1b" not in output
    assert "\\u001b" in zooky("config", "list", SHOP, "--json").stdout


@pytest.mark.parametrize("form", ["yaml", "toml", "json"])
def test_formats_for_a_terminal_are_harmless_and_mean_the_same(form):
    """Escapes of the format's own."""
    tree = {"a": "\x1b[2J\u202e\x9b\u00fc", "when": "2024-02-03", "b": {"c": [1, "\x07"]}}
    text = render(tree, form, for_terminal=True)

    assert all(c.isprintable() or c == "\n" for c in text)
    assert parse(text, form, "it").values == flatten(tree)


def test_toml_has_no_none(zooky, zk, shop):
    """Text will do for the rules of 0.2; else an honest error instead of a lost key."""
    shop.store({"a": {"b": None}})

    assert zooky("config", "export", SHOP, "--format", "toml").stdout == '[a]\nb = "None"\n'
    assert zooky("config", "export", SHOP, "--format", "yaml").stdout == "a:\n  b: null\n"
    zk.set(f"{SHOP}/a/b", b"null")
    result = zooky("config", "export", SHOP, "--format", "toml", "--codec", "json")
    assert result.exit_code == 8
    assert "a/b" in result.stderr


def test_dates_keep_their_type(zooky, file, shop):
    """YAML and TOML know dates."""
    zooky("config", "import", SHOP, file("d.toml", "day = 2024-02-03\n"), "--yes")

    assert shop.wait_for("day", timeout=10).date() == date(2024, 2, 3)
    assert "2024-02-03" in zooky("config", "export", SHOP, "--format", "toml").stdout


@pytest.mark.parametrize("value", ["-5", "-0.5", "-1e3", "-inf"])
def test_set_negative_number(zooky, zk, value):
    """A VALUE that begins with a minus is no option, wherever the options stand."""
    words = ("config", "set", "/config/shop", "limits/low", value, "--codec", "text")

    assert zooky(*words).exit_code == 0
    assert zk.get("/config/shop/limits/low")[0] == value.encode()
    assert zooky(*words, "--noet", "x").exit_code == 2
    assert zooky("config", "set", "/config/shop", "limits/low", "--noet").exit_code == 2
