"""Apache Curator on this machine, from Debian's packages or `make servers`: compile and run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

_DEBIAN = Path("/usr/share/java")
_SOURCE = Path(__file__).with_name("CuratorMember.java")
_NEEDED = ("curator-recipes", "curator-framework", "curator-client", "guava", "zookeeper")
_ALSO = ("zookeeper-jute", "slf4j-api", "slf4j-nop", "log4j", "metrics", "netty", "snappy")
MISSING = (
    "needs Java and Apache Curator: apt-get install libcurator-recipes-java default-jdk-headless, "
    "or `make servers`"
)


def jars() -> list[Path]:
    """All that Curator needs; none where there is no Curator, or no Java."""
    if not (shutil.which("java") and shutil.which("javac")):
        return []
    named = os.environ.get("ZOOKEEPER_HOME")
    brought = sorted(Path("build/servers").glob("*/lib"), reverse=True)
    for folder in [*([Path(named, "lib")] if named else []), _DEBIAN, *brought]:
        found = [jar for jar in folder.glob("*.jar") if jar.name.startswith((*_NEEDED, *_ALSO))]
        if all(any(jar.name.startswith(name) for jar in found) for name in _NEEDED):
            return found
    return []


def _keeps_place() -> bool:
    """Whether a writer that becomes a reader keeps its place, which 5.4 does not have."""
    names = " ".join(jar.name for jar in jars())
    found = re.search(r"curator-recipes-([0-9]+)\.([0-9]+)", names)
    return found is not None and (int(found[1]), int(found[2])) >= (5, 9)


def compiled(folder: Path) -> list[str]:
    """Compile the member into a folder; the command that runs it."""
    path = ":".join(map(str, jars()))
    subprocess.run(["javac", "-nowarn", "-d", folder, "-cp", path, _SOURCE], check=True)
    java = ["java", "-Xmx128m", "-XX:+UseSerialGC", f"-DkeepsPlace={_keeps_place()}"]
    return [*java, "-cp", f"{folder}:{path}", "CuratorMember"]
