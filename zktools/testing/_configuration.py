"""What a server under test is told: its configuration file, its JVM flags, its logging."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from zktools.testing._install import Installation
from zktools.testing._ports import LOOPBACK

_MAIN = "org.apache.zookeeper.server.quorum.QuorumPeerMain"

# A small server that starts fast and lives for minutes: no compiler or collector threads to
# speak of, and no shared-memory statistics file in /tmp.
_JVM = (
    "-Xmx128m",
    "-Xshare:auto",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
)

#: For ``auth_data``: the user to whom no ACL applies.
ADMINISTRATOR = ("digest", "super:zktools")

_PROPERTIES = {
    "zookeeper.forceSync": "no",  # the machine does not lose power within a test
    "zookeeper.preAllocSize": "1024",  # KiB of log file to reserve at a time, not 64 MiB
    "zookeeper.admin.enableServer": "false",  # would listen on 8080, and on all addresses
    "zookeeper.4lw.commands.whitelist": "*",
    "zookeeper.extendedTypesEnabled": "true",  # nodes with a time to live
    # The SHA-1 of ADMINISTRATOR, who may delete what a test has closed to all others.
    "zookeeper.DigestAuthenticationProvider.superDigest": "super:cawC721kIrsgMz0bVjZ5MDe7xJU=",
    "zookeeper.jmx.log4j.disable": "true",
    # Debian's logger is slf4j-simple; releases carry log4j, log4j 2 or logback, see _LOGGING.
    "org.slf4j.simpleLogger.showDateTime": "true",
    "org.slf4j.simpleLogger.dateTimeFormat": "yyyy-MM-dd HH:mm:ss.SSS",
    "org.slf4j.simpleLogger.showShortLogName": "true",
}

_LOGGING = {
    "log4j.properties": """\
log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d [%t] %p %c{1} - %m%n
""",
    "logback.xml": """\
<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d [%t] %p %logger{0} - %m%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="out"/></root>
</configuration>
""",
    "log4j2.xml": """\
<Configuration status="WARN">
  <Appenders>
    <Console name="out"><PatternLayout pattern="%d [%t] %p %c{1} - %m%n"/></Console>
  </Appenders>
  <Loggers><Root level="INFO"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
""",
}


@dataclass(frozen=True)
class Settings:
    """How a server is to run; durations in seconds. See `Server` for what they mean."""

    tick: float = 0.2
    min_session_timeout: float | None = None
    max_session_timeout: float = 60.0
    options: Mapping[str, object] = field(default_factory=dict)
    jvm_options: Mapping[str, object] = field(default_factory=dict)
    start_timeout: float = 30.0

    def __post_init__(self) -> None:
        """Check what can be checked before anything is started.

        Raises:
            ValueError: a duration is not positive.
        """
        for name in ("tick", "min_session_timeout", "max_session_timeout", "start_timeout"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be a positive number of seconds")


def write_configuration(settings: Settings, folder: Path, port: int, peers: list[str]) -> Path:
    """Write the configuration of one server into `folder`, and return the file's path.

    Args:
        settings: how it is to run.
        folder: its own; data go there as well.
        port: for clients.
        peers: the ``server.N=`` lines of its ensemble; empty for a standalone server.
    """
    minimum = settings.min_session_timeout or 2 * settings.tick
    values = {
        "dataDir": folder / "data",
        "clientPort": port,
        "clientPortAddress": LOOPBACK,
        "tickTime": _milliseconds(settings.tick),
        "minSessionTimeout": _milliseconds(minimum),
        "maxSessionTimeout": _milliseconds(settings.max_session_timeout),
        "maxClientCnxns": 0,  # no limit: a thousand contenders come from one address
        # Who is elected while others elect another waits so long before it looks again.
        "initLimit": math.ceil(settings.start_timeout / 3 / settings.tick),
        "syncLimit": 10,
        **settings.options,
    }
    lines = [f"{name}={value}" for name, value in values.items()]
    file = folder / "zoo.cfg"
    file.write_text("\n".join([*lines, *peers, ""]))
    for name, text in _LOGGING.items():
        (folder / name).write_text(text)
    return file


def java_command(installation: Installation, settings: Settings, file: Path) -> list[str]:
    """Return the command that runs a server with the configuration in `file`."""
    properties = {**_PROPERTIES, **settings.jvm_options}
    defines = [f"-D{name}={value}" for name, value in properties.items()]
    classpath = ":".join([str(file.parent), *installation.classpath])
    return [installation.java, *_JVM, *defines, "-cp", classpath, _MAIN, str(file)]


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
