"""Configurations as files: they come back as they were, or it is said before that they will not."""

import itertools
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from zktools._configuration.tree import flatten, nest
from zktools.cli.config.files.expressing import Expression, same
from zktools.cli.config.files.formats import FORMS, parse, render
from zktools.cli.config.importing import _encoded
from zktools.cli.problems import Problem
from zktools.values import Json, Rules, Text

CODECS = {"rules": Rules(use_json=True), "text": Text(), "json": Json()}

# What the rules of 0.2, YAML and JSON make something else of, and what is hard to write down.
ODD = [
    b"",
    b"00123",
    b"1.10",
    b"1e5",
    b"-5",
    b"0x10",
    b"1_000",
    b"100000000000000000000.5",
    b"9" * 40,
    b"true",
    b"TRUE",
    b"yes",
    b"None",
    b"null",
    b"~",
    b"2024-01-31",
    b"2024-02-31",
    b"2024-01-31T00:00:00.000000Z",
    b"2024-01-31 10:00:00.000001Z",
    b"12:30:45",
    b"{}",
    b"[]",
    b'{"a": 1}',
    b'{"a":1}',
    b'{"": {"b": [null, 1.50]}}',
    b'[1, {"a": []}]',
    b"[1, NaN]",
    b"- a",
    b"a: b",
    b"#x",
    b" # y ",
    b"'",
    b"\"'",
    b"$HOME `x` \\ \\n \\u0041",
    b"\t\r\n\x0b\x0c\x00\x1b",
    b"line\nline\n",
    "a\x85b\u2028\ufeff\u202e\U0001f600".encode(),
    b"\xff\xfe",
    b"\xed\xa0\x80",
]
NAMES = [
    "a",
    "b",
    "A",
    "a b",
    "a.b",
    "a__b",
    "_",
    "__",
    "1",
    "true",
    "null",
    "=",
    "#",
    "a:b",
    "\u00e4",
]
KEYS = st.lists(
    st.sampled_from(NAMES) | st.text(st.characters(max_codepoint=0xFFEF, exclude_categories=["C"])),
    min_size=1,
    max_size=3,
).map("/".join)
DATA = (
    st.sampled_from(ODD)
    | st.binary(max_size=12)
    | st.text(max_size=12).map(lambda text: text.encode("utf-8", "replace"))
)
TREES = st.dictionaries(st.just("") | KEYS, DATA, max_size=8)


def is_key(key):
    """Whether ZooKeeper can hold it."""
    return key == "" or all(
        part not in {"", ".", ".."} and not any("\ufff0" <= c <= "\uffff" for c in part)
        for part in key.split("/")
    )


def readable(codec, tree):
    """What is left of a tree when the others are named as left out."""
    found = {}
    for key, data in tree.items():
        try:
            codec.decode(data)
        except (ValueError, RecursionError):
            continue
        found[key] = data
    return found


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=TREES)
def test_what_is_written_is_what_is_read(codec, form, tree):
    """For every tree: of each key the same bytes, in JSON the same document; or its name."""
    codec = CODECS[codec]
    assume(all(map(is_key, tree)))
    data = readable(codec, tree)
    found = Expression(data, codec, FORMS[form])
    text = render(found.tree, form, for_terminal=False)
    file = parse(text, form, "it")
    encode = (lambda value: value.encode()) if file.is_text else codec.encode

    assert file.values.keys() == data.keys() - set(found.lost)
    assert all(same(codec, encode(value), data[key]) for key, value in file.values.items())
    if form == "yaml" and codec is not CODECS["json"]:
        assert not found.lost


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=TREES)
def test_nested_form_is_flat_form(tree):
    """Any value under any keys, sections that are values, and objects that are no sections."""
    assume(all(map(is_key, tree)))
    values = {key: Rules(use_json=True).decode(data) for key, data in tree.items()}

    assert flatten(nest(values)) == values


NUMBERS = itertools.count()


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("form", ["yaml", "json"])
def test_export_and_import_change_nothing(zooky, zk, tmp_path, codec, form):
    """Neither over the same tree nor into an empty one; what cannot be decoded is named."""
    tree = {"": b"own", "both": b"1", "both/below": b"2", "both/empty": b""}
    tree |= {f"odd/{number}": data for number, data in enumerate(ODD)}
    if form == "json":
        tree = {key: data for key, data in tree.items() if not data.startswith((b"\xff", b"\xed"))}
    for key, data in tree.items():
        zk.ensure_path(f"/c/{key}".rstrip("/"))
        zk.set(f"/c/{key}".rstrip("/"), data)
    file = str(tmp_path / f"c.{form}")
    data = readable(CODECS[codec], tree)
    exported = zooky("config", "export", "/c", "-o", file, "--codec", codec)

    assert exported.exit_code == (0 if data == tree else 9), exported.stderr
    assert all(key in exported.stderr for key in tree.keys() - data.keys())
    diff = zooky("config", "diff", "/c", file, "--replace", "--codec", codec)
    assert (diff.exit_code, diff.stdout) == (0, "no differences\n")
    assert zooky("config", "import", "/d", file, "--yes", "--codec", codec).exit_code == 0
    for key, each in data.items():
        assert same(CODECS[codec], zk.get(f"/d/{key}".rstrip("/"))[0], each)


@pytest.mark.parametrize(
    ("form", "text", "where", "what"),
    [
        ("yaml", "a: 1\nb: 2\na: 3\n", 3, "'a' stands there twice"),
        ("yaml", "a:\n  x: 1\n  x: 2\n", 3, "'x' stands there twice"),
        ("yaml", "a: 1\n8080: x\n", 2, "'8080' is no text"),
        ("yaml", "a: 1\nb:\n  c/../d: x\n", 3, "one component"),
        ("yaml", "a/b: 1\na:\n  b: 2\n", 3, "'a/b' twice"),
        ("yaml", "a: 1\n b: 2\n", 2, "no YAML"),
        ("yaml", "a: [1\n", 2, "no YAML"),
        ("yaml", "a: 1\nb: !!set {x}\n", 2, "b cannot be stored"),
        ("json", '{"a": 1,\n "b": {"x": "}",\n "x": 2}}', 3, "'x' stands there twice"),
        ("json", '{"a": [{"x": 1},\n{"x": 1, "x": 2}]}', 2, "'x' stands there twice"),
        ("json", '{"a": 1,\n "": 1,\n "b//c": 2}', 3, "one component"),
        ("json", '{"a": 1,\n b}', 2, "no JSON"),
        ("json", '{"a": NaN}', None, "no NaN"),
        ("json", "[]", 1, "not a list"),
        ("toml", "a = 1\nb = 2\na = 3\n", 3, "'a'"),
        ("toml", 'a = 1\n[b]\n"c/../d" = 3\n', 3, "one component"),
        ("env", "A=1\n\nB=2\nexport A=3\n", 4, "'a' stands there twice"),
        ("env", "A=1\nwhat is this\n", 2, "no NAME=VALUE"),
        ("env", "A=1\nB='x\n", 2, "B do not close"),
        ("properties", "a.b = 1\n# c\na.b : 2\n", 3, "'a/b' stands there twice"),
        ("properties", "a = \\u12\n", 1, "four hexadecimal digits"),
        ("properties", "a = 1\n= 2\n", 2, "no key"),
        ("properties", "a = 1\na..b = 2\n", 2, "one component"),
    ],
)
def test_what_is_wrong_with_a_file(form, text, where, what):
    """The file, the line and the key."""
    line = f"shop, line {where}: " if where else "shop: "

    def read():
        file = parse("\ufeff" + text, form, "shop")
        return [_encoded(file, key, CODECS["rules"]) for key in file.values]

    with pytest.raises(Problem) as caught:
        read()

    assert caught.value.message.startswith(line), caught.value.message
    assert what in caught.value.message
    assert caught.value.status == 2


def test_a_mark_of_the_byte_order_is_no_part_of_a_key():
    """Some editors write it."""
    for form, text in {
        "yaml": "a: x",
        "json": '{"a": "x"}',
        "toml": 'a = "x"',
        "env": "A=x",
    }.items():
        assert parse(f"\ufeff{text}", form, "it").values == {"a": "x"}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("merge", [True, False])
def test_aliases_do_not_explode(zooky, tmp_path, merge):
    """A few lines that stand for more than there is memory are refused at once."""
    lines = ["a0: &a0 {x: 1, y: 2}"]
    for number in range(1, 30):
        names = ", ".join([f"*a{number - 1}"] * 9)
        inside = f"<<: [{names}]" if merge else f"z: [{names}]"
        lines.append(f"a{number}: &a{number} {{{inside}}}")
    for text in ("\n".join(lines), "a: &a [*a]", "a: &a {b: *a}"):
        file = tmp_path / "bomb.yaml"
        file.write_text(text)
        result = zooky("config", "import", "/c", str(file), "--yes")
        assert result.exit_code == 2
        assert "alias" in result.stderr


def test_aliases_that_do_not_are_welcome():
    """With merging, as people write it."""
    text = "base: &base {host: a, port: 1}\nshop:\n  <<: *base\n  port: 2\n"

    assert parse(text, "yaml", "it").values == {
        "base/host": "a",
        "base/port": 1,
        "shop/host": "a",
        "shop/port": 2,
    }


def test_env_and_properties(zooky, zk, tmp_path):
    """As other programs write and read them: all values are the texts of nodes."""
    env, properties = tmp_path / ".env", tmp_path / "shop.properties"
    env.write_text(
        "# shop\nexport DB__HOST=db1  # primary\nDB__PORT='5432'\nMOTD=\"two\\nlines \\$\"\n"
    )
    properties.write_text("! shop\ndb.host = db1\ndb.port:5432\nmotd two\\nlines \\\n   $\n")
    for number, file in enumerate((env, properties)):
        assert zooky("config", "import", f"/c{number}", str(file), "--yes").exit_code == 0
        assert zk.get(f"/c{number}/db/host")[0] == b"db1"
        assert zk.get(f"/c{number}/db/port")[0] == b"5432"
        assert zk.get(f"/c{number}/motd")[0] == b"two\nlines $"
        again = tmp_path / f"again-{number}{file.suffix or file.name}"
        assert zooky("config", "export", f"/c{number}", "-o", str(again)).exit_code == 0
        assert zooky("config", "diff", f"/c{number}", str(again), "--replace").exit_code == 0
    assert (tmp_path / "again-0.env").read_text() == (
        'DB__HOST=db1\nDB__PORT=5432\nMOTD="two\\nlines \\$"\n'
    )


@pytest.mark.parametrize("form", ["env", "properties", "toml", "json"])
def test_what_a_format_cannot_express_is_named_before_anything_is_written(
    zooky, zk, tmp_path, form
):
    """The file that was there is there still."""
    key = {"env": "CamelCase", "properties": "a.b"}.get(form, "blob")
    zk.create(f"/c/{key}", b"\x1f\x8b" if key == "blob" else b"1", makepath=True)
    zk.create("/c/fine", b"1")
    file = tmp_path / "precious"
    file.write_text("PRECIOUS")
    result = zooky("config", "export", "/c", "-o", str(file), "--format", form)

    assert result.exit_code == 8
    assert key in result.stderr
    assert "fine" not in result.stderr
    assert file.read_text() == "PRECIOUS"
    assert list(tmp_path.iterdir()) == [file]


def test_a_new_file_is_its_owners_alone(zooky, zk, tmp_path):
    """It may hold passwords; one that is there keeps its permissions, and what points to it."""
    zk.create("/c/password", b"hunter2", makepath=True)
    new, old, link = (tmp_path / name for name in ("new.yaml", "old.yaml", "link.yaml"))
    old.write_text("old: 1\n")
    old.chmod(0o664)
    link.symlink_to(old)
    for file in (new, link):
        assert zooky("config", "export", "/c", "-o", str(file)).exit_code == 0

    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    assert stat.S_IMODE(old.stat().st_mode) == 0o664
    assert link.is_symlink()
    assert new.read_text() == old.read_text() == "password: hunter2\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.yaml", "new.yaml", "old.yaml"]


def test_a_file_that_cannot_be_written(zooky, zk, tmp_path):
    """One line; nothing is left behind."""
    zk.create("/c/x", b"1", makepath=True)
    result = zooky("config", "export", "/c", "-o", str(tmp_path / "none" / "c.yaml"))

    assert result.exit_code == 8
    assert len(result.stderr.splitlines()) == 1
    assert zooky("config", "export", "/c", "-o", "/dev/stdout").exit_code == 0
    assert Path("/dev/stdout").exists()
