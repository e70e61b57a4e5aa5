# Shared by script/*: sourced, not run. For bash 3.2, the one macOS has. Ends up in the root of the checkout.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# An empty or unset HOME: the one of the password file.
[ -n "${HOME:-}" ] || { unset HOME; HOME=~; export HOME; }
case "${XDG_CACHE_HOME:-}" in
  /*) cache="$XDG_CACHE_HOME/natsops" ;;
  *) cache="$HOME/.cache/natsops" ;;
esac

say() { printf '%s: %s\n' "${0##*/}" "$*"; }
complain() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { complain "$@"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# Runs something that talks a lot; shows what it said only when it fails.
quietly() {
  local output
  output=$("$@" 2>&1 </dev/null) || { printf '%s\n' "$output" | head -n 30 >&2; return 1; }
}

# version_at_least 2.10 2.9.25 is false.
version_at_least() {
  [ "$(printf '%s\n%s\n' "$1" "$2" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)" = "$1" ]
}

# Path of the Node that runs the sources: the project's own, else the machine's where it is new enough.
project_node() {
  local node
  for node in node_modules/.bin/node "$(command -v node || true)"; do
    if [ -x "$node" ] && version_at_least 22.18.0 "$("$node" --version 2>/dev/null | tr -d v)"; then
      printf '%s\n' "$node"
      return
    fi
  done
  return 1
}

# One folder for everything unfinished, beside what it will become, so that it can be renamed into place.
unfinished=
make_unfinished() {
  [ -z "$unfinished" ] || return 0
  mkdir -p "$cache"
  unfinished=$(mktemp -d "$cache/unfinished.XXXXXX")
}

# A lock is a symlink that says who holds it: made in one step, and a dead holder can be told from a slow one.
locks=
take_lock() {
  local holder waiting=
  mkdir -p "$(dirname "$1")"
  until ln -s $$ "$1" 2>/dev/null; do
    holder=$(readlink "$1" || true)
    if [ -n "$holder" ] && kill -0 "$holder" 2>/dev/null; then
      [ "$waiting" = "$holder" ] || say "waiting for another bootstrap (process $holder)"
      waiting=$holder
      sleep 1
    else
      rm -f "$1"
    fi
  done
  locks="$locks$1
"
}

clean_up() {
  [ -z "$unfinished" ] || rm -rf "$unfinished"
  printf '%s' "$locks" | while IFS= read -r path; do rm -f "$path"; done
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
