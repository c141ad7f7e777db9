"""The suite on every supported Python, kazoo and ZooKeeper: ``make matrix``."""

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = True

# The oldest kazoo on the oldest Python, the latest, and the newest there is, a pre-release too.
KAZOO = {"3.11": ["kazoo==2.11.0"], "3.12": ["kazoo"], "3.13": ["--pre", "--upgrade", "kazoo"]}
RELEASES = ["3.6", "3.9"]
CAMPAIGNS = [
    ["run", "--seed", "1", "--duration", "60", "--crowd", "0"],
    ["live", "--seed", "1", "--duration", "30"],
    ["recipes", "--seed", "1", "--duration", "30"],
]
# pyenv's commands on the PATH work for the versions named here only: name all there are.
PYENV = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
if installed := sorted(path.name for path in PYENV.glob("3.*")):
    os.environ.setdefault("PYENV_VERSION", ":".join(installed))

TEST_GROUP = nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "test")


@nox.session(python=list(KAZOO))
def tests(session: nox.Session) -> None:
    """Run the everyday suite on Debian's ZooKeeper, or the one installed."""
    install(session, *KAZOO[str(session.python)])
    run_suite(session, {})


@nox.session(python=next(iter(KAZOO)))
@nox.parametrize("release", RELEASES)
def zookeeper(session: nox.Session, release: str) -> None:
    """Run the everyday suite and three short fault campaigns on another ZooKeeper."""
    install(session)
    session.run("python", "scripts/servers.py", release)
    home = {"ZOOKEEPER_HOME": str(Path("build/servers", release).resolve())}
    run_suite(session, home)
    for campaign in CAMPAIGNS:
        session.run("python", "-m", "tests.chaos", *campaign, env=home)


def run_suite(session: nox.Session, environment: dict[str, str]) -> None:
    """Run the suite, or what the command line says after ``--``."""
    session.run("pytest", "-n", "3", *session.posargs, env=environment)


def install(session: nox.Session, *requirements: str) -> None:
    """Install zktools with all extras and `requirements`, and what the tests take."""
    session.install("-e", ".[cli,gevent,schema,testing,web]", *TEST_GROUP, *requirements)
