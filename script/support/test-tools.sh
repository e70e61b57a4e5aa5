# Independent judges that the tests use: moto (an AWS), the nats CLI, other shells. Sourced by script/bootstrap.

moto_release=5.2.5
nats_cli_release=v0.3.0

# moto in a Python environment of its own; needed in CI, elsewhere the tests that need it say so.
ensure_moto() {
  local folder="$cache/moto" problem
  [ "$(cat "$folder/release" 2>/dev/null)" = "$moto_release" ] && [ -x "$folder/bin/moto_server" ] && return
  say "installing moto $moto_release (an AWS to test against)"
  make_unfinished
  if problem=$(install_moto "$unfinished/moto" "$folder" 2>&1 </dev/null); then
    rm -rf "$unfinished/old-moto"
    mv "$folder" "$unfinished/old-moto" 2>/dev/null || true
    mv "$unfinished/moto" "$folder"
  elif [ "${CI:-}" = true ]; then
    printf '%s\n' "$problem" >&2
    die 'moto could not be installed'
  else
    complain "  that did not work, the tests against moto will fail: $(printf '%s\n' "$problem" | tail -n 1)"
  fi
}

# Installed in one folder to be renamed to another: only the scripts' first lines know where they are.
install_moto() {
  local building=$1 final=$2 script
  has python3 || { echo 'python3 is not on the PATH'; return 1; }
  if ! python3 -m venv "$building"; then
    rm -rf "$building"
    python3 -m venv --without-pip "$building" || return 1
    debian_pip "$building" || return 1
  fi
  "$building/bin/python3" -m pip install --quiet --disable-pip-version-check \
    "moto[ssm,autoscaling,ec2,sts]==$moto_release" flask==3.1.3 flask-cors==6.0.5 || return 1
  for script in "$building"/bin/*; do
    if head -c 2 "$script" | grep -q '#!' && [ ! -L "$script" ]; then
      sed "1s|$building|$final|" "$script" >"$building/rewritten"
      cat "$building/rewritten" >"$script"
    fi
  done
  rm -f "$building/rewritten"
  echo "$moto_release" >"$building/release"
}

# Debian keeps pip out of its python3; its own wheel of pip can be unpacked and used without installing it.
debian_pip() {
  local environment=$1 wheel
  has apt-get || return 1
  mkdir -p "$environment/deb"
  unpack_from_machine "$environment/deb" python3-pip-whl || return 1
  wheel=$(find "$environment/deb/x" -name 'pip-*.whl' | head -n 1)
  "$environment/bin/python3" "$wheel/pip" install --quiet --no-index --find-links "$(dirname "$wheel")" pip || return 1
  rm -rf "$environment/deb"
}

# The nats CLI where Go is there, built from its own released module; whatever goes wrong, the tests do without.
ensure_nats_cli() {
  if has nats || [ -x "$cache/bin/nats" ] || ! has go; then return 0; fi
  say "building the nats CLI $nats_cli_release (go)"
  make_unfinished
  local folder="$unfinished/cli" problem
  mkdir -p "$folder" "$cache/bin"
  printf 'module throwaway\n\ngo 1.24\n\nrequire github.com/nats-io/natscli %s\n' "$nats_cli_release" >"$folder/go.mod"
  if problem=$(cd "$folder" && XDG_CONFIG_HOME="$folder" GOPATH="$folder/go" GOCACHE="$folder/go-cache" GOFLAGS='-mod=mod -modcacherw' \
    go build -o "$folder/nats" github.com/nats-io/natscli/nats 2>&1 </dev/null); then
    mv -f "$folder/nats" "$cache/bin/nats"
  else
    complain "  that did not work, the tests will do without: $(printf '%s\n' "$problem" | tail -n 1)"
  fi
}

# zsh and fish, whose completions the tests press, on CI's own machine; elsewhere the tests use them where they are.
ensure_shells() {
  if has zsh && has fish || [ "${CI:-}" != true ] || [ "$(id -u)" != 0 ] || ! has apt-get; then return 0; fi
  say 'installing zsh and fish (apt-get)'
  quietly apt-get -q update || true
  quietly env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install zsh fish ||
    complain '  that did not work, the tests will do without'
}
