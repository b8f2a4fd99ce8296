# Ports that no other test of this machine has, below those that the kernel hands out itself.
# take_ports: sets $base; base … base+15 are this test's until it ends. The same lanes and locks as ports.cpp's.
take_ports() {
  local locks="${TMPDIR:-/tmp}/weft-test-ports-$(id -u)" lane port busy
  mkdir -p -m 700 "$locks"
  for ((lane = 0; lane < 1000; ++lane)); do
    exec {port_lane}>"$locks/$lane"
    if flock -n "$port_lane"; then
      base=$((12000 + lane * 16)) busy=no
      for ((port = base; port < base + 16; ++port)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && busy=yes
      done
      [[ $busy == no ]] && return 0
    fi
    exec {port_lane}>&-
  done
  echo "FAILED: no 16 free ports below 28000" >&2
  exit 1
}
