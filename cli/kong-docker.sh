#!/bin/sh
# Kong in Docker, called as Kong's own command is: start -c CONF -p PREFIX, stop -p PREFIX, reload -c CONF -p PREFIX,
# version. The container shares the network, the process ids and the directories in question with this machine, so that
# sockets, files and signals are the same on both sides, and its plugin server is ours. Linux only.
set -eu

image=${NEXUS_KONG_IMAGE:-kong:3.9}
verb=$1
shift
conf='' prefix=''
while [ $# -gt 0 ]; do
  case $1 in
    -c) conf=$2 ;;
    -p) prefix=$2 ;;
  esac
  shift
done
name=nexus-kong-$(printf %s "$prefix" | cksum | cut -d ' ' -f 1)
pid_file=$prefix/pids/nginx.pid

# Directories that Kong and the plugin server read or write, each once.
directories() {
  root=$(cd "$(dirname "$0")/.." && pwd -P)
  node=$(sed -n 's/^pluginserver_nexus_query_cmd *= *\(\/[^ ]*\).*/\1/p' "$conf")
  {
    dirname "$prefix"
    dirname "$conf"
    echo "${TMPDIR:-/tmp}"
    echo "$root"
    [ -z "$node" ] || dirname "$node"
  } | sort -u
}

# Variables of ours, beside those by which the image finds its own programs.
variables() {
  env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p' | grep -vxE 'PATH|HOME|HOSTNAME|PWD|OLDPWD|SHLVL|_|TMPDIR'
}

start() {
  set --
  for directory in $(directories); do set -- "$@" --volume "$directory:$directory"; done
  for variable in $(variables); do set -- "$@" --env "$variable"; done
  docker run --rm --name "$name" --network host --pid host --user "$(id -u):$(id -g)" "$@" \
    --env KONG_NGINX_DAEMON=off --entrypoint kong "$image" start -c "$conf" -p "$prefix" \
    >"$prefix.docker.log" 2>&1 </dev/null &
  container=$!
  while [ ! -s "$pid_file" ]; do
    kill -0 "$container" 2>/dev/null || { cat "$prefix.docker.log" >&2; exit 1; }
    sleep 0.1
  done
}

stop() {
  kill -TERM "$(cat "$pid_file")"
  while [ -s "$pid_file" ]; do sleep 0.1; done
}

case $verb in
  start) start ;;
  stop) stop ;;
  reload) docker exec "$name" kong reload -c "$conf" -p "$prefix" ;;
  version) docker run --rm --entrypoint kong "$image" version ;;
  *) echo "kong-docker: $verb is not known here" >&2; exit 2 ;;
esac
