# Packages through apt, verified by apt's own signatures and unpacked into a folder: no root, nothing installed.
# Sourced by script/bootstrap. Each function leaves the package's files in FOLDER/x, or fails.

# unpack_from_debian FOLDER SUITE PACKAGE: from any Debian suite, whatever the machine runs.
unpack_from_debian() {
  local folder=$1 suite=$2 package=$3 keyring mirror
  keyring=$(debian_keyring "$folder") && [ -n "$keyring" ] || return 1
  for mirror in $(debian_mirrors); do
    echo "deb [signed-by=$keyring target=Packages] $mirror $suite main" >"$folder/sources.list"
    private_apt "$folder" -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=- update || continue
    private_apt "$folder" -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=- download "$package" &&
      dpkg -x "$folder/$package"_*.deb "$folder/x" && return
  done
  return 1
}

# unpack_from_machine FOLDER PACKAGE: from the archive the machine itself is made of.
unpack_from_machine() {
  local folder=$1 package=$2
  (cd "$folder" && apt-get -q -o APT::Sandbox::User=root download "$package") ||
    { private_apt "$folder" update && private_apt "$folder" download "$package"; } || return 1
  dpkg -x "$folder/$package"_*.deb "$folder/x"
}

# apt-get with lists and a cache of its own in the folder, and the machine's own proxy and settings otherwise.
private_apt() {
  local folder=$1
  shift
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  (cd "$folder" && apt-get -q -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder/cache" \
    -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any -o Acquire::Languages=none -o Acquire::Retries=2 "$@")
}

# The mirror of the machine's own Debian sources, then Debian's own.
debian_mirrors() {
  local files='/etc/apt/sources.list /etc/apt/sources.list.d/debian.sources'
  {
    # shellcheck disable=SC2086 # a list of words
    sed -n -e '/^#/d' -e 's|.*\(https\{0,1\}://[^ ]*/debian\)/\{0,1\}\( .*\)\{0,1\}$|\1|p' $files 2>/dev/null || true
    echo http://deb.debian.org/debian
  } | awk '!seen[$0]++'
}

# Debian's keys: on Debian they are there; elsewhere they come as a package of the machine's own signed archive.
debian_keyring() {
  local folder="$1/keyring" places=/usr/share/keyrings
  if ! ls $places/debian-archive-keyring.* >/dev/null 2>&1; then
    mkdir -p "$folder"
    unpack_from_machine "$folder" debian-archive-keyring >&2 || return 1
    places="$folder/x/usr/share/keyrings"
  fi
  find "$places" -name 'debian-archive-keyring.*' | sort | head -n 1
}
