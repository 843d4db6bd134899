# Sourced by the scripts beside it, and by .ci/run. After `prepare`, $python is an interpreter
# that has the package (editable); after `prepare GROUP`, that dependency group as well.
#
# The environment is .venv in the checkout, made when it is not there, and left alone
# until pyproject.toml changes. CHRONIKER_PYTHON names another interpreter, to be used as it is.

root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/.venv
python=${CHRONIKER_PYTHON:-}
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
unset PYTHONDONTWRITEBYTECODE # processes are started by the thousand

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# Print the first interpreter that is new enough and can make an environment.
find_python() {
    for candidate in python3 python3.13 python3.12 python3.11 python3.14 python; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
            >/dev/null 2>&1; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    die "needs Python 3.11 or later with the venv module (on Debian: apt install python3-venv)"
}

make_venv() {
    if [ -x "$venv/bin/python" ] && "$venv/bin/python" -c '' 2>/dev/null; then
        return
    fi
    base=$(find_python) || exit 1
    rm -rf "$venv"
    "$base" -m venv "$venv" || die "could not make $venv with $base"
}

install() {
    # Dependency groups need pip 25.1.
    "$python" -m pip install --upgrade 'pip>=25.1' &&
        "$python" -m pip install --editable "$root" ${1:+--group "$root/pyproject.toml:$1"}
}

prepare() {
    [ -z "$python" ] || return 0
    make_venv
    python=$venv/bin/python
    group=${1:-}
    stamp=$venv/.chroniker${group:+-$group}
    wanted="$root $(cksum <"$root/pyproject.toml")"
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    echo "Installing into $venv (only after pyproject.toml has changed) ..." >&2
    log=$venv/.chroniker-install.log
    install "$group" >"$log" 2>&1 || {
        cat "$log" >&2
        die "could not install; can this machine reach a package index?"
    }
    printf '%s\n' "$wanted" >"$stamp"
}
