"""The README says of kazoo's Lock, and of ours, what they are; and its links lead somewhere."""

import ast
import csv
import inspect
import re

import kazoo.version
import pytest
from kazoo.client import KazooClient
from kazoo.recipe.lock import Lock, ReadLock, WriteLock

import zktools
from tests.docs.examples import ROOT

README = (ROOT / "README.rst").read_text(encoding="utf-8")


def parameters(function):
    """The names of a function's parameters."""
    return set(inspect.signature(function).parameters)


def test_kazoos_lock_is_as_the_table_says():
    """What has "no" in the README's table is not there, and what has "yes" is."""
    assert parameters(Lock.acquire) == {"self", "blocking", "timeout", "ephemeral"}
    assert not {"__call__", "revoke", "token", "transaction", "lost", "on_lost"} & set(dir(Lock))
    assert issubclass(ReadLock, Lock)
    assert issubclass(WriteLock, Lock)
    assert callable(Lock.cancel)
    for recipe in ("Semaphore", "Election", "Barrier", "Party", "SetPartitioner", "Queue"):
        assert hasattr(KazooClient("127.0.0.1:1"), recipe)


def test_ours_is_as_the_table_says():
    """What has "yes" is there."""
    assert {"timeout", "revoke", "grace"} <= parameters(zktools.ZkLock.acquire)
    assert {"timeout", "revoke", "grace"} <= parameters(zktools.ZkLock.__call__)
    assert {"token", "transaction", "lost", "check"} <= set(dir(zktools.Lease))
    assert {"on_revoke", "cancel"} <= set(dir(zktools.ZkLock))


def test_the_version_that_the_table_names_is_the_one_it_was_made_with():
    """A new kazoo may behave otherwise: then the table has to be looked at again."""
    if not kazoo.version.__version__.startswith("2.11"):
        pytest.skip("made with kazoo 2.11")
    assert "kazoo 2.11 ``Lock``" in README


def test_links_of_the_readme_lead_somewhere():
    """Each link that is not to the network names a file of the repository."""
    targets = re.findall(r"<((?!https?:)[^<>\s]+)>`__", README)

    assert [target for target in targets if not (ROOT / target).exists()] == []
    assert len(targets) > 15


def test_the_matrix_is_what_the_readme_says():
    """Each row of the table of what is supported is a session of ``make matrix``."""
    text = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    named = {
        name: ast.literal_eval(value)
        for name, value in re.findall(r"^(KAZOO|RELEASES) = (.*)$", text, re.MULTILINE)
    }
    table = re.findall(r"^   \* - (3\.1\d)\n     - .*\n     - (3\.\d)", README, re.MULTILINE)

    assert sorted(python for python, release in table if release == "3.8") == list(named["KAZOO"])
    assert sorted(release for _, release in table if release != "3.8") == named["RELEASES"]
    assert f"{named['KAZOO']['3.11'][0].removeprefix('kazoo==')}, the oldest" in README


def published(name, column, wanted):
    """One column of a published table, by runner, in the rows whose other columns are as wanted."""
    with (ROOT / "docs" / "_figures" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    fit = [row for row in rows if wanted.items() <= row.items()]
    return {row[""]: float(row[column].replace(",", "")) for row in fit}


def figures(title):
    """The figures of one line of the README's table, in its order."""
    line = re.search(rf"\* - {title}.*\n((?:     - ?[\d.]*\n)+)", README)
    return [float(number) for number in re.findall(r"[\d.]+", line[1])]


RUNNERS = ("zktools", "kazoo", "Curator", "etcd")  # the columns of the README's table
LINK = {"round trip": "20 ms"}
LINES = {
    "acquire and release": ("cycle", "round trips", LINK),
    "handing over": (
        "handover",
        "round trips",
        LINK | {"contenders": "8", "processes": "1", "section, ms": "30"},
    ),
    "following a folder": ("load", "requests", LINK | {"keys": "1,000"}),
}
FOLLOWERS = ("zktools", "kazoo TreeCache", "CuratorCache")


@pytest.mark.parametrize("title", LINES)
def test_the_figures_are_those_that_the_benchmarks_published(title):
    """Each is what ``make bench`` wrote for the documentation, give or take a tenth.

    Or one request: two parts of what a folder takes may travel together.
    """
    measured = published(*LINES[title])
    runners = FOLLOWERS if title == "following a folder" else RUNNERS
    shown = figures(title)

    assert len(shown) == len(runners)
    for runner, figure in zip(runners, shown, strict=True):
        own = {name: value for name, value in measured.items() if "handler" not in name}
        (exact,) = [value for name, value in own.items() if name.startswith(runner)]
        assert figure == pytest.approx(exact, rel=0.1, abs=1 if runners is FOLLOWERS else 0)
