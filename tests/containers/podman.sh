#!/usr/bin/env bash
# Makes a Debian machine able to build and run the worker's image without a Docker daemon and
# without a registry of images: podman from Debian's packages, and a base image bootstrapped from
# them under the name that images/worker/Dockerfile asks for.
#
#   bash tests/containers/podman.sh FOLDER     needs root; FOLDER keeps what is made
#
# Afterwards CONTAINERS_CONF=FOLDER/containers.conf makes podman work.
set -euo pipefail

folder=$1
base=docker.io/library/python:3.12-slim-trixie
mkdir -p "$folder"
export DEBIAN_FRONTEND=noninteractive CONTAINERS_CONF="$folder/containers.conf"

if ! command -v podman > /dev/null || ! command -v mmdebstrap > /dev/null; then
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends podman runc iptables mmdebstrap > "$folder/apt.log" 2>&1
fi

# Podman asks for limits of its own; without CAP_SYS_RESOURCE it may not exceed those that there are.
at_most() {
	local limit
	limit=$(ulimit -H "$1")
	[ "$limit" != unlimited ] && [ "$limit" -lt "$2" ] && echo "$limit" || echo "$2"
}
files=$(at_most -n 1048576)
processes=$(at_most -u "$(cat /proc/sys/kernel/pid_max)")
cat > "$CONTAINERS_CONF" <<END
[containers]
default_ulimits = ["nofile=$files:$files", "nproc=$processes:$processes"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
END

podman image exists "$base" && exit 0
# Debian's own Python stands in for the official image's: the Dockerfile needs `python` and `pip`.
mmdebstrap --quiet --variant=apt --include=python3,python3-pip,python3-venv,passwd,ca-certificates \
	--customize-hook='ln -s python3 "$1/usr/bin/python"; rm "$1"/usr/lib/python3*/EXTERNALLY-MANAGED' \
	trixie "$folder/base.tar"
podman import --quiet --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
	"$folder/base.tar" "$base" > "$folder/import.log"
rm "$folder/base.tar"
