# Sourced by the scripts that try containers: podman as root on Debian, without a registry. Images that would be
# pulled are replaced by Debian's own packages, so the Dockerfile and the compose file are tried, not those images.

# Prints why containers cannot be tried here and ends the script with success, so that other machines can run the rest.
skip() {
  echo "skipped: $1"
  exit 0
}

[ "$(id -u)" = 0 ] || skip 'needs root'
[ -f /etc/debian_version ] || skip 'needs Debian'

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
node="$project/node_modules/node/bin/node"
[ -x "$node" ] || { echo 'run npm ci first'; exit 2; }
work=$(mktemp -d)

# Installs programs that are missing. Takes pairs of a program or a file, and its package.
need() {
  local packages=()
  while [ $# -gt 0 ]; do
    type -P "$1" >/dev/null || [ -e "$1" ] || packages+=("$2")
    shift 2
  done
  [ ${#packages[@]} -eq 0 ] && return
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

podman() { command podman --storage-driver vfs "$@"; }

# The mirror that this machine uses.
mirror() {
  awk '/^URIs:/ {print $2; exit} /^deb / {print $2; exit}' /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null
}

# Makes a base image of Debian under a name, with packages. $1: name, $2: packages, $3: shell commands to run in the folder.
make_base() {
  local root="$work/root"
  debootstrap --variant=minbase --include="$2" bookworm "$root" "$(mirror)" >"$work/debootstrap.log" 2>&1 || {
    tail -3 "$work/debootstrap.log"
    exit 1
  }
  (cd "$root" && eval "$3")
  tar -C "$root" -c . | podman import \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "${@:4}" - "$1" >/dev/null
  rm -rf "$root"
}

# Installs what running containers takes, beyond building images.
need_engine() {
  need podman podman runc runc iptables iptables nft nftables debootstrap debootstrap curl curl \
    /usr/lib/podman/netavark netavark /usr/lib/podman/aardvark-dns aardvark-dns
}

# Configures podman for machines without systemd. Images that were built before stay.
configure_podman() {
  export CONTAINERS_CONF="$work/containers.conf" CONTAINERS_STORAGE_CONF="$work/storage.conf"
  cat >"$CONTAINERS_CONF" <<'CONF'
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
log_driver = "k8s-file"
CONF
  printf '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n' >"$CONTAINERS_STORAGE_CONF"
}

# Makes an image of Redis under a name.
make_redis() {
  make_base "$1" redis-server redis_beyond_loopback --change 'CMD ["redis-server"]'
}

# Images of a registry listen beyond loopback unless they are told otherwise.
redis_beyond_loopback() {
  printf '#!/bin/sh\nexec /usr/bin/redis-server "$@" --protected-mode no\n' >usr/local/bin/redis-server
  chmod +x usr/local/bin/redis-server
}

# The full name of an image that a file names.
full_name() {
  local name=${1%@*}
  case "$name" in */*) echo "$name" ;; *) echo "docker.io/library/$name" ;; esac
}

# Waits until a URL answers with success. $1: URL, $2: seconds.
wait_for() {
  for _ in $(seq $(($2 * 10))); do
    curl -fs -m 2 -o /dev/null "$1" && return
    sleep 0.1
  done
  return 1
}
