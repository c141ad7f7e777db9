"""The suite on every supported Python, kazoo and ZooKeeper: ``make matrix``."""

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = True

PYTHONS = ["3.11", "3.12", "3.13"]
OLDEST_KAZOO = "2.11.0"
# pyenv's commands on the PATH work for the versions named here only: name all there are.
PYENV = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
if installed := sorted(path.name for path in PYENV.glob("3.*")):
    os.environ.setdefault("PYENV_VERSION", ":".join(installed))

TEST_GROUP = nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "test")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the suite with the latest kazoo."""
    run_suite(session)


@nox.session(python=PYTHONS[0])
def oldest_kazoo(session: nox.Session) -> None:
    """Run the suite with the oldest supported kazoo."""
    run_suite(session, f"kazoo=={OLDEST_KAZOO}")


@nox.session(python=PYTHONS[-1])
def newest_kazoo(session: nox.Session) -> None:
    """Run the suite with the newest kazoo there is, a pre-release too."""
    run_suite(session, "--pre", "--upgrade", "kazoo")


@nox.session(python=PYTHONS[0])
@nox.parametrize("release", ["3.6", "3.9"])
def zookeeper(session: nox.Session, release: str) -> None:
    """Run the suite and the short fault campaign on another ZooKeeper."""
    install(session)
    session.run("python", "scripts/servers.py", release)
    home = {"ZOOKEEPER_HOME": str(Path("build/servers", release).resolve())}
    session.run("pytest", "-m", "not chaos", *session.posargs, env=home)
    session.run("pytest", "-m", "chaos", "tests/chaos", env=home)


def run_suite(session: nox.Session, *requirements: str) -> None:
    """Run the suite with `requirements`."""
    install(session, *requirements)
    session.run("pytest", "-m", "not chaos", *session.posargs)


def install(session: nox.Session, *requirements: str) -> None:
    """Install zktools with all extras and `requirements`, and what the tests take."""
    session.install("-e", ".[cli,gevent,schema,testing]", *TEST_GROUP, *requirements)
