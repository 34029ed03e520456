# For --dom0-script=: creates the domain, and has what scripts do with its disks.
# id is the domain's number, log has its console.
set -u
xl create -q "$1"
name=$(sed -n "s/^name = '\(.*\)'$/\1/p" "$1")
id=$(xl domid "$name")
log=/var/log/xen/console/guest-$name.log

# Repeats a command until it succeeds, and says so if it never does.
await() {
  tries=200
  until "$@" > /dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "in vain: $*" >> "$log"; return; }
    sleep 0.1
  done
}
# The last line of the console is of that pattern.
last() { tail -n 1 "$log" | tr -d '\r' | grep -qx "$1"; }
has() { xenstore-read "/local/domain/0/backend/vbd/$id/$1/$2"; }
# xl fails now and then, before or after it has done something.
detached() { xl block-detach "$id" "$1"; ! has "$1" params; }
attached() {
  has "$1" hotplug-status || {
    xl block-detach "$id" "$1"
    xl block-attach "$id" "phy:/dev/$3" "$2" w
  }
}
