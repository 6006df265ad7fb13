#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Restarts a guest with systemd in order, by force and by a panic, and asks it how its boots ended
# (R-10). The host runs it without an argument, the guest with one. What outlives a reset is the
# journal, in the directory that the guest shares with the host, and a piece of memory for pstore.
# shellcheck disable=SC2317 # verdict calls functions by their names
set -u
cd "$(dirname "$0")/.." || exit
bad=0
pstore=0x30000000 # where; ramoops gets a MiB
by='systemctl\([0-9]+\) uid=0 domain="systemd\(1\) .*/systemctl"$'

# verdict PROPERTY COMMAND...: what COMMAND says is of interest when it fails
verdict() {
	local property=$1 said
	shift
	if said=$("$@" 2>&1); then
		echo "ok boots: $property"
	else
		tail -n 30 <<<"$said" | sed 's/^/#   /'
		echo "not ok boots: $property"
		bad=1
	fi
}

# === The guest ===

# Runs before systemd does.
prepare() {
	mkdir -p /host/journal /host/state /var/log/journal /var/lib/crashwatch
	mount --bind /host/journal /var/log/journal
	mount --bind /host/state /var/lib/crashwatch
	[ -e /host/machine-id ] || tr -d - </proc/sys/kernel/random/uuid >/host/machine-id
	cp /host/machine-id /run/machine-id
	mount --bind /run/machine-id /etc/machine-id
	cp tools/systemd/crashwatch-boots.service /run/systemd/system
	mkdir -p /usr/sbin
	cp tools/crashwatch /usr/sbin
}

# line N PATTERN: that line of the table, counted from its end
line() {
	tail -n "$1" /tmp/boots | head -n 1 | grep -E "$2" && return
	cat /tmp/boots
	return 1
}

told() {
	systemctl start crashwatch-boots.service &&
		systemctl start crashwatch-boots.service || return
	journalctl --sync
	journalctl -b 0 -o verbose SYSLOG_IDENTIFIER=crashwatch >/tmp/told
	cat /tmp/told
	[ "$(grep -c 'CRASHWATCH_END=panic' /tmp/told)" = 1 ] &&
		grep -q 'PRIORITY=3' /tmp/told && grep -q 'CRASHWATCH_BY=systemctl(' /tmp/told
}

force() {
	sh -c 'exec systemctl reboot -ff' >/dev/null
	sleep 600
}

guest() {
	local boot
	boot=$(($(cat /host/boot 2>/dev/null) + 1))
	echo $boot >/host/boot
	modprobe ramoops mem_address=$pstore mem_size=0x100000 record_size=0x20000 max_reason=5 || exit
	insmod ./crashwatch.ko || exit
	journalctl --flush
	journalctl --sync
	mountpoint -q /sys/fs/pstore || mount -t pstore pstore /sys/fs/pstore
	case $boot in
	1)
		systemctl --no-block reboot
		sleep 600
		;;
	2)
		crashwatch boots --no-pager >/host/boots.2
		rm /sys/fs/pstore/* # next time the journal alone has to tell
		# A quick one would have the record on the disk before the machine is gone.
		kill -STOP "$(systemctl show -P MainPID systemd-journald)"
		force
		;;
	3)
		crashwatch boots --no-pager >/host/boots.3
		rm /sys/fs/pstore/*
		journalctl --sync
		echo 1 >/sys/module/crashwatch/parameters/reboot_panic_force
		echo unexpected >/sys/module/crashwatch/parameters/reboot_panic
		force
		;;
	esac
	cp /host/boots.2 /tmp/boots
	verdict 'R-10 an orderly restart is one by init, says its record' \
		line 2 '^-1 .* orderly +pstore +systemd-shutdow\(1\) uid=0 domain="systemd\(1\) '
	cp /host/boots.3 /tmp/boots
	verdict 'R-10 without the record the journal knows that systemd did it' \
		line 3 '^-2 .* orderly +journal +systemd$'
	verdict 'R-10 a forced one is unexpected, by the program that did it' \
		line 2 "^-1 .* unexpected +pstore +$by"
	crashwatch boots --no-pager >/tmp/boots
	sed 's/^/# /' /tmp/boots
	verdict 'R-10 a panic is one, by the program whose restart it was made of' \
		line 2 "^-1 .* panic +pstore +$by"
	verdict 'R-10 what pstore no longer has is unexplained' line 3 '^-2 .* unexplained '
	verdict 'R-10 the last one runs' line 1 '^0 .* running '
	verdict 'R-10 the unit tells it to the journal, once' told
}

# === The host ===

tmp=''
host() {
	if [ ! -x /lib/systemd/systemd ] || ! command -v systemctl >/dev/null; then
		echo 'skip boots: R-10 # not installed: systemd'
		exit 4
	fi
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	mkdir "$tmp/share"
	selftests/vm/boot -m 1024 -t 1800 -b -w "$tmp/share" -l "$tmp/log" \
		-a "systemd.log_target=journal-or-kmsg memmap=1M\$$pstore" \
		-S "cd '${PWD//\'/\'\\\'\'}' && selftests/boots.sh prepare" \
		-- selftests/boots.sh guest || bad=1
	if grep -aE 'BUG:|WARNING:|Oops' "$tmp/log"; then
		echo 'not ok boots: the kernel complained'
		bad=1
	fi
}

case ${1-} in
'') host ;;
prepare) prepare ;;
guest) guest ;;
*) echo 'usage: boots.sh' >&2 && exit 2 ;;
esac
exit $bad
