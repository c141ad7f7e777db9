"""Who runs in the race: what each promises, how to get it, and how to start a worker for it."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.backends import ETCD, REDIS, ZOOKEEPER

_JARS = Path("/usr/share/java")
_CURATOR_JARS = (
    "curator-recipes",
    "curator-framework",
    "curator-client",
    "guava",
    "slf4j-nop",
)
_SOURCES = Path(__file__).parent / "curator"


@dataclass(frozen=True)
class Peer:
    """One runner.

    Attributes:
        name: short, unique.
        family: whose it is, for choosing.
        title: as readers know it.
        backend: the server it talks to.
        promise: where it guarantees less than a ZooKeeper lock, what; empty if it does not.
        command: gives the program and arguments that start a worker.
        version: gives its version.
        missing: says how to get it, or None when it is there.
        shared: whether it has locks for readers.
        is_lock: False for what only shows the limit.
        keeps: whether a worker is used again; one in Java needs to be warm.
    """

    name: str
    family: str
    title: str
    backend: str
    command: Callable[[], list[str]]
    version: Callable[[], str]
    missing: Callable[[], str | None]
    promise: str = ""
    shared: bool = False
    is_lock: bool = True
    keeps: bool = False


def _python(name: str) -> Callable[[], list[str]]:
    return lambda: [sys.executable, "-m", "benchmarks.worker", name]


def _distribution(name: str) -> Callable[[], str]:
    return lambda: importlib.metadata.version(name)


def _output(*command: str) -> Callable[[], str]:
    return lambda: subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _there() -> None:
    return None


def _curator_missing() -> str | None:
    if not (_JARS / "curator-recipes.jar").exists() or not shutil.which("javac"):
        return "apt-get install libcurator-recipes-java default-jdk-headless"
    return None


def _curator_jars() -> str:
    # zookeeper.jar names its own dependencies in its manifest; Curator's jars do not.
    jars = [_JARS / f"{name}.jar" for name in (*_CURATOR_JARS, "zookeeper", "zookeeper-jute")]
    return ":".join(str(jar) for jar in jars if jar.exists())


@functools.cache
def _curator_classes() -> tempfile.TemporaryDirectory[str]:
    """Compile our worker; the folder is removed at the end of this process."""
    folder = tempfile.TemporaryDirectory(prefix="zktools-benchmarks-")
    sources = [str(source) for source in sorted(_SOURCES.glob("*.java"))]
    subprocess.run(["javac", "-d", folder.name, "-cp", _curator_jars(), *sources], check=True)
    return folder


def _curator_command() -> list[str]:
    classpath = f"{_curator_classes().name}:{_curator_jars()}"
    return ["java", "-Xmx512m", "-XX:+UseSerialGC", "-cp", classpath, "CuratorWorker"]


def _curator_version() -> str:
    jar = next(_JARS.glob("curator-recipes-*.jar"))
    return jar.stem.rpartition("-")[2]


def _redis_missing() -> str | None:
    if not shutil.which("redis-server"):
        return "apt-get install redis-server"
    if importlib.util.find_spec("redis") is None:
        return "pip install redis"
    return None


def _redis_version() -> str:
    server = _output("redis-server", "--version")().split("v=")[1].split()[0]
    return f"redis-py {importlib.metadata.version('redis')}, server {server}"


def _etcd_missing() -> str | None:
    return None if shutil.which("etcd") else "apt-get install etcd-server"


PEERS = (
    Peer(
        "zktools",
        "zktools",
        "zktools",
        ZOOKEEPER,
        _python("zktools"),
        _distribution("zktools"),
        _there,
        shared=True,
    ),
    Peer(
        "zktools-plain",
        "zktools",
        "zktools, kazoo's handler",
        ZOOKEEPER,
        _python("zktools-plain"),
        _distribution("zktools"),
        _there,
        shared=True,
    ),
    Peer(
        "kazoo",
        "kazoo",
        "kazoo",
        ZOOKEEPER,
        _python("kazoo"),
        _distribution("kazoo"),
        _there,
        shared=True,
    ),
    Peer(
        "kazoo-handler",
        "kazoo",
        "kazoo, zktools' handler",
        ZOOKEEPER,
        _python("kazoo-handler"),
        _distribution("kazoo"),
        _there,
        shared=True,
    ),
    Peer(
        "curator",
        "curator",
        "Curator (Java)",
        ZOOKEEPER,
        _curator_command,
        _curator_version,
        _curator_missing,
        shared=True,
        keeps=True,
    ),
    Peer(
        "etcd",
        "etcd",
        "etcd lock service",
        ETCD,
        _python("etcd"),
        lambda: _output("etcd", "--version")().split()[2],
        _etcd_missing,
        promise="over HTTP/JSON, where the holder is not told of a loss",
    ),
    Peer(
        "redis",
        "redis",
        "redis-py Lock",
        REDIS,
        _python("redis"),
        _redis_version,
        _redis_missing,
        promise="lost with the memory of one server; ends by the clock while held; not fair: "
        "who waits asks every 100 ms",
    ),
    Peer(
        "limit",
        "limit",
        "limit: create + delete",
        ZOOKEEPER,
        _python("limit"),
        _distribution("kazoo"),
        _there,
        promise="guards nothing",
        is_lock=False,
    ),
    Peer(
        "limit-handler",
        "limit",
        "limit, zktools' handler",
        ZOOKEEPER,
        _python("limit-handler"),
        _distribution("kazoo"),
        _there,
        promise="guards nothing",
        is_lock=False,
    ),
)

#: Who has other recipes: as the peer of the same name.
RECIPES = (
    Peer(
        "zktools",
        "zktools",
        "zktools",
        ZOOKEEPER,
        _python("zktools-recipes"),
        _distribution("zktools"),
        _there,
    ),
    Peer(
        "kazoo",
        "kazoo",
        "kazoo",
        ZOOKEEPER,
        _python("kazoo-recipes"),
        _distribution("kazoo"),
        _there,
    ),
    Peer(
        "curator",
        "curator",
        "Curator (Java)",
        ZOOKEEPER,
        _curator_command,
        _curator_version,
        _curator_missing,
        keeps=True,
    ),
)

#: Who follows nodes.
VIEWS = (
    Peer(
        "nodedict",
        "zktools",
        "zktools NodeDict",
        ZOOKEEPER,
        _python("nodedict"),
        _distribution("zktools"),
        _there,
    ),
    Peer(
        "treecache",
        "kazoo",
        "kazoo TreeCache",
        ZOOKEEPER,
        _python("treecache"),
        _distribution("kazoo"),
        _there,
        promise="tells of a transaction node by node",
    ),
    Peer(
        "watches",
        "kazoo",
        "kazoo ChildrenWatch + DataWatch",
        ZOOKEEPER,
        _python("watches"),
        _distribution("kazoo"),
        _there,
        promise="tells of a transaction node by node",
    ),
    Peer(
        "cache",
        "curator",
        "CuratorCache (Java)",
        ZOOKEEPER,
        _curator_command,
        _curator_version,
        _curator_missing,
        promise="tells of a transaction node by node",
        keeps=True,
    ),
    Peer(
        "gets",
        "limit",
        "plain pipelined reads",
        ZOOKEEPER,
        _python("gets"),
        _distribution("kazoo"),
        _there,
        promise="read once, not followed",
        is_lock=False,
    ),
)
