#!/usr/bin/env bash
# Installs the real servers that tests talk to, into .peers/ at the repo's root (git-ignored):
#   .peers/prism    Prism, which answers an OpenAPI file's requests and judges them
#   .peers/httpbin  httpbin behind gunicorn, which echoes what really arrived
# Run it as often as you like: a part that is already there at its pinned version is left alone.
# Without Node or Python that part is left out: a line says why, another begins with `peers-missing:`,
# the exit code stays 0, and the tests that need the part print `skipped: …`.
set -euo pipefail

prism_version=5.14.2 # the last that runs on Node 20

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
peers=$(cd "$here/../.." && pwd)/.peers
mkdir -p "$peers"

# missing PART REASON
missing() {
  echo "$1: not installed: $2"
  echo "peers-missing: $1"
}

# installed PART MARK: the part was installed to the end, from the same pins
installed() {
  [[ -f "$peers/$1/.installed" && "$(<"$peers/$1/.installed")" == "$2" ]]
}

install_prism() {
  local mark="@stoplight/prism-cli@$prism_version" dir="$peers/prism" major
  if installed prism "$mark"; then
    echo "prism: $prism_version is already there"
    return
  fi
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    missing prism "Node.js with npm is not on the PATH"
    return
  fi
  major=$(node -p 'process.versions.node.split(".")[0]')
  if ((major < 18)); then
    missing prism "Node.js $major is too old, Prism needs 18 or newer"
    return
  fi
  rm -rf "$dir"
  mkdir -p "$dir"
  echo '{"private": true}' >"$dir/package.json"
  npm install --prefix "$dir" --no-package-lock --omit-lockfile-registry-resolved \
    --no-audit --no-fund --no-update-notifier --loglevel=error "$mark"
  "$dir/node_modules/.bin/prism" --version >/dev/null
  printf '%s\n' "$mark" >"$dir/.installed"
  echo "prism: installed $prism_version"
}

install_httpbin() {
  local mark dir="$peers/httpbin"
  mark=$(<"$here/requirements.txt")
  if installed httpbin "$mark"; then
    echo "httpbin: is already there at its pinned versions"
    return
  fi
  if ! command -v python3 >/dev/null; then
    missing httpbin "python3 is not on the PATH"
    return
  fi
  if ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    missing httpbin "python3 is older than 3.10 or has no venv module"
    return
  fi
  rm -rf "$dir"
  python3 -m venv "$dir"
  "$dir/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    --requirement "$here/requirements.txt"
  "$dir/bin/python" -c 'import httpbin, flasgger, gunicorn'
  printf '%s\n' "$mark" >"$dir/.installed"
  echo "httpbin: installed $("$dir/bin/python" -c 'from importlib.metadata import version as v; print(v("httpbin"), "with gunicorn", v("gunicorn"))')"
}

install_prism
install_httpbin
