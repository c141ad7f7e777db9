#!/bin/sh
# Brings what `make` needs onto the machine; each step does nothing when its work is done.
#
#   scripts/setup.sh environment demo|test|dev   the virtual environment .venv, with what that purpose takes
#   scripts/setup.sh zookeeper                   a ZooKeeper that zktools.testing can start
#   scripts/setup.sh model                       the model checker spin, and a C compiler for it
#   scripts/setup.sh browser                     chromium, and the driver that tests steer it by
#
# PYTHON names the interpreter to use when .venv is made (default: the first that suits).
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# --- system packages: Debian and Ubuntu only ---------------------------------------------------

has_apt() { command -v apt-get >/dev/null 2>&1; }

# Prints how to become root from here, a prefix for commands; nothing when we are.
root_prefix() {
    [ "$(id -u)" -eq 0 ] && return
    command -v sudo >/dev/null 2>&1 || die "this needs root, and there is no sudo. Run as root: $1"
    if [ -t 0 ] && [ -z "${CI:-}" ]; then
        echo sudo
    else
        sudo -n true 2>/dev/null || die "this needs root, and sudo asks for a password. Run as root: $1"
        echo sudo -n
    fi
}

apt_install() {
    say "Installing by apt: $*"
    prefix=$(root_prefix "apt-get install $*")
    $prefix apt-get -qq update
    $prefix env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null
}

# --- Python ------------------------------------------------------------------------------------

# A pyenv shim may exist for a version that is not there: only running it tells.
python_is() { "$1" -c "import sys; sys.exit(not ($2))" >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        python_is "$PYTHON" "sys.version_info >= (3, 11)" || die "PYTHON=$PYTHON is not Python 3.11 or later"
        printf '%s\n' "$PYTHON"
        return
    fi
    for supported in "(3, 11) <= sys.version_info < (3, 14)" "sys.version_info >= (3, 14)"; do
        for candidate in python3 python3.13 python3.12 python3.11; do
            if python_is "$candidate" "$supported"; then
                printf '%s\n' "$candidate"
                return
            fi
        done
    done
    die "no Python 3.11 or later on PATH. Install one, or name one: make test PYTHON=/path/to/python3.12"
}

# Debian keeps venv's pip in a package of its own, one for each version of Python.
ensure_venv_module() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    package="python$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    has_apt || die "$1 cannot make virtual environments: its modules venv and ensurepip are missing"
    apt_install "$package"
    "$1" -c 'import ensurepip, venv' || die "$1 still cannot make virtual environments after installing $package"
}

make_venv() {
    .venv/bin/python -c '' 2>/dev/null && return
    python=$(find_python)
    ensure_venv_module "$python"
    say "Making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
    # --group needs pip 25.1.
    pip_install --upgrade 'pip>=25.1'
}

pip_install() {
    # The cache stays inside .venv: nothing outside the tree is written.
    PIP_CACHE_DIR="$PWD/.venv/cache" PIP_DISABLE_PIP_VERSION_CHECK=1 \
        .venv/bin/python -m pip install --quiet --no-input "$@"
}

environment() {
    case "$1" in
        demo) set -- demo -e '.[cli]' ;;
        test) set -- test -e '.[cli,gevent,schema,testing,web]' --group test ;;
        dev) set -- dev -e '.[cli,gevent,schema,testing,web]' --group dev ;;
        *) die "unknown environment: $1" ;;
    esac
    purpose=$1
    shift
    make_venv
    say "Installing into .venv what \`make\` needs ($purpose)"
    pip_install "$@"
    touch ".venv/.ready-$purpose"
}

# --- ZooKeeper ---------------------------------------------------------------------------------

# Prints nothing if one can be started or was named, else one line that says how to get one.
why_no_zookeeper() {
    .venv/bin/python - <<'PYTHON'
import os
from zktools.testing import ZooKeeperNotFoundError, find_zookeeper

try:
    os.environ.get("ZKTOOLS_TEST_HOSTS") or find_zookeeper()
except ZooKeeperNotFoundError as error:
    print(error)
PYTHON
}

zookeeper() {
    problem=$(why_no_zookeeper)
    [ -z "$problem" ] && return
    has_apt || die "$problem"
    # The package `zookeeper` starts no service; `zookeeperd` would.
    apt_install zookeeper
    problem=$(why_no_zookeeper)
    [ -z "$problem" ] || die "$problem"
}

# --- spin --------------------------------------------------------------------------------------

model() {
    command -v spin >/dev/null 2>&1 && command -v cc >/dev/null 2>&1 && return
    has_apt || die "install spin (https://spinroot.com) and a C compiler"
    apt_install spin gcc libc6-dev
}

# --- chromium ----------------------------------------------------------------------------------

browser() {
    problem=$(.venv/bin/python -c 'from docs.screens.browser import why_not; print(why_not())')
    [ -z "$problem" ] && return
    has_apt || die "$problem, where there is apt; elsewhere install Chrome and chromedriver"
    apt_install chromium chromium-driver
}

case "${1:-}" in
    environment) environment "${2:-}" ;;
    zookeeper) zookeeper ;;
    model) model ;;
    browser) browser ;;
    *) die "usage: $0 environment demo|test|dev | zookeeper | model | browser" ;;
esac
