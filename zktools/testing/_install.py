"""Find the ZooKeeper and the Java that are installed on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REMEDY = (
    "install one (Debian, Ubuntu: `apt install zookeeper`; macOS: `brew install zookeeper`), "
    "point ZOOKEEPER_HOME at an unpacked Apache release, "
    "or set ZKTOOLS_TEST_HOSTS to the host:port of a running server"
)

_HOMEBREW = ("/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew")
_ELSEWHERE = ("/opt/zookeeper", "/usr/lib/zookeeper", "/usr/share/zookeeper")
# Debian's jar names its dependencies in its manifest, all but the logger and what TLS takes.
_DEBIAN = Path("/usr/share/java/zookeeper.jar")
_DEBIAN_MORE = ("slf4j-simple.jar", "netty-codec.jar", "netty-resolver.jar")


class ZooKeeperNotFoundError(RuntimeError):
    """This machine has no ZooKeeper, or no Java to run it; the message says how to get one."""


@dataclass(frozen=True)
class Installation:
    """What it takes to start a ZooKeeper server.

    Attributes:
        java: path of the ``java`` command.
        classpath: the jars, in order.
    """

    java: str
    classpath: tuple[str, ...]


def find_zookeeper() -> Installation:
    """Find an installed ZooKeeper: ``ZOOKEEPER_HOME``, Debian's package, Homebrew, ``/opt``.

    Raises:
        ZooKeeperNotFoundError: there is none, or no Java to run it.
    """
    home = os.environ.get("ZOOKEEPER_HOME")
    jars = _jars_in(Path(home)) if home else next(filter(None, _candidates()), ())
    if not jars:
        where = f"in ZOOKEEPER_HOME ({home})" if home else "on this machine"
        raise ZooKeeperNotFoundError(f"no ZooKeeper found {where}: {REMEDY}")
    return Installation(_find_java(), jars)


def _candidates() -> Iterator[tuple[str, ...]]:
    if _DEBIAN.exists():
        yield (str(_DEBIAN), *(str(_DEBIAN.with_name(jar)) for jar in _DEBIAN_MORE))
    for prefix in _homebrew_prefixes():
        yield _jars_in(prefix / "opt/zookeeper/libexec")
    for home in _ELSEWHERE:
        yield _jars_in(Path(home))


def _jars_in(home: Path) -> tuple[str, ...]:
    """List the jars of an unpacked Apache release; nothing if that is not what it is."""
    jars = sorted([*home.glob("*.jar"), *home.glob("lib/*.jar")])
    has_server = any(jar.name.startswith("zookeeper") for jar in jars)
    return tuple(str(jar) for jar in jars) if has_server else ()


def _homebrew_prefixes() -> list[Path]:
    own = os.environ.get("HOMEBREW_PREFIX")
    return [Path(prefix) for prefix in ((own, *_HOMEBREW) if own else _HOMEBREW)]


def _find_java() -> str:
    # Homebrew keeps its Java off PATH, and macOS has a /usr/bin/java that only asks for one.
    homes = [Path(os.environ["JAVA_HOME"])] if "JAVA_HOME" in os.environ else []
    homes += [prefix / "opt/openjdk" for prefix in _homebrew_prefixes()]
    for home in homes:
        if (home / "bin/java").exists():
            return str(home / "bin/java")
    java = shutil.which("java")
    if java is None:
        raise ZooKeeperNotFoundError(f"no Java found to run ZooKeeper: {REMEDY}")
    return java
