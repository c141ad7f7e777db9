"""Build the package and prove that it works for somebody who has nothing but the wheel.

Called by ``make package``; leaves the sdist and the wheel in ``dist/``.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
PIP_SETTINGS = {
    "PIP_CACHE_DIR": str(ROOT / ".venv" / "cache"),  # nothing outside the tree is written
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


def main() -> None:
    """Build, look inside, install, run."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", DIST, ROOT)
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
    check_contents(wheel, sdist)
    with tempfile.TemporaryDirectory(prefix="zktools-package-") as folder:
        check_installed(wheel, Path(folder))
    print(f"{wheel.name} and {sdist.name} are good")


def check_contents(wheel: Path, sdist: Path) -> None:
    """The wheel holds the package and its licence only; the sdist all it takes to test it."""
    in_wheel = zipfile.ZipFile(wheel).namelist()
    strays = [name for name in in_wheel if not name.startswith("zktools")]
    expect(not strays, f"the wheel holds more than the package: {strays}")
    tests = [name for name in in_wheel if "test_" in name or "conftest" in name]
    expect(not tests, f"the wheel holds tests: {tests}")
    pages = "zktools/cli/web"
    for needed in (
        "zktools/py.typed",
        "LICENSE",
        f"{pages}/templates/page.html",
        f"{pages}/static/zooky.js",
        f"{pages}/static/zooky.css",
    ):
        expect(any(name.endswith(needed) for name in in_wheel), f"the wheel lacks {needed}")
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    for needed in ("LICENSE", "Makefile", "README.rst", "scripts/setup.sh", "zktools/py.typed"):
        expect(needed in in_sdist, f"the sdist lacks {needed}")
    expect("tests/docs/test_examples.py" in in_sdist, "the sdist lacks the tests")


def check_installed(wheel: Path, folder: Path) -> None:
    """Install the wheel where nothing else is, then with the extras that zooky needs."""
    environment = folder / "venv"
    venv.create(environment, with_pip=True)
    python, zooky = environment / "bin" / "python", environment / "bin" / "zooky"
    run(python, "-m", "pip", "install", "--quiet", wheel)
    run(python, "-m", "pip", "check")
    quickstart = shutil.copytree(ROOT / "scripts", folder / "scripts") / "quickstart.py"
    shutil.copy(ROOT / "README.rst", folder)
    run(python, quickstart, cwd=folder)
    expect_refusal("zktools[cli]", zooky, "list")
    run(python, "-m", "pip", "install", "--quiet", f"{wheel}[cli]")
    run(zooky, "--help", stdout=subprocess.DEVNULL)
    expect_refusal("zktools[web]", zooky, "web")
    run(python, "-m", "pip", "install", "--quiet", f"{wheel}[web]")
    # Nobody answers there; before it says so, it has found all that the pages need.
    nobody = ("--host", "127.0.0.1:1", "--connect-timeout", "100ms")
    expect_refusal("does not answer", zooky, "web", "--port", "0", *nobody)
    run(python, "-c", "from zktools.cli.web.rendering import Rendering; Rendering()")


def expect_refusal(words: str, *command: str | Path) -> None:
    """A command should end with one line that has these words."""
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    expect(
        refused.returncode != 0
        and words in refused.stderr
        and len(refused.stderr.splitlines()) == 1,
        f"this should say {words} in one line, not: {refused.stderr}",
    )


def run(*command: str | Path, cwd: Path = ROOT, stdout: int | None = None) -> None:
    """Run a command; end with its status if it fails."""
    print("$", *command, flush=True)
    done = subprocess.run(
        command, check=False, cwd=cwd, stdout=stdout, env=os.environ | PIP_SETTINGS
    )
    if done.returncode:
        sys.exit(f"error: this ended with status {done.returncode}: {command[0]}")


def expect(claim: object, otherwise: str) -> None:
    """End with a message unless `claim` holds."""
    if not claim:
        sys.exit(f"error: {otherwise}")


if __name__ == "__main__":
    main()
