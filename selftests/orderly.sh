#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# R-01, R-02: restarts guests as an administrator would, under several inits; none of it is a panic.
#
#   orderly.sh [INIT]...   systemd, sysvinit, busybox; hundred is busybox's restart 100 times
#
# PARAMS are the module's parameters.
set -u
cd "$(dirname "$0")/.." || exit
: "${PARAMS=reboot_panic=unexpected reboot_panic_force=1}"

# === The guest: at each boot the next of the ways ===

guest() {
	local step
	step=$(cat /host/step)
	echo $((step + 1)) >/host/step
	shift "$step"
	if [ -d /etc/rc0.d ] && [ ! -d /run/systemd/system ]; then
		# Its last script runs a program that restarts: the shutdown has to disarm
		install -m 0755 tools/sysvinit/crashwatch /etc/init.d/crashwatch
		update-rc.d crashwatch defaults
	fi
	# shellcheck disable=SC2086 # a list of words
	insmod ./crashwatch.ko $PARAMS || exit
	echo "crashwatch test: $1" >/dev/kmsg
	sync
	eval "$1"
	sleep infinity
}

# === The host ===

bad=0
tmp=''

# What the kernel says of one boot, the Nth of those in the log
part() { awk -v n="$1" '/\] Linux version /{ boot++ } boot == n' "$tmp/log"; }

# judge NAME N WAY: the boot that ended in that way
judge() {
	local records wrong=''
	part "$2" >"$tmp/part"
	records=$(grep -a 'crashwatch: reboot ' "$tmp/part")
	grep -qaF "crashwatch test: $3" "$tmp/part" || wrong='it was not asked for'
	if grep -aE 'Kernel panic|BUG:|WARNING:|Oops|Call Trace' "$tmp/part"; then
		wrong='the kernel complained'
	elif [[ $3 == *poweroff* ]] && ! grep -qa 'reboot: Power down' "$tmp/part"; then
		wrong='no power-off'
	elif [[ $3 != *poweroff* ]] && ! grep -qa 'reboot: Restarting system' "$tmp/part"; then
		wrong='no restart'
	elif [ "$(grep -c . <<<"$records")" != 1 ]; then
		wrong="not one record: $records"
	fi
	if [ -n "$wrong" ]; then
		tail -n 20 "$tmp/part" | sed 's/^/#   /'
		echo "not ok orderly: $1: $3: $wrong"
		bad=1
	else
		echo "ok orderly: $1: $3"
	fi
	sed -nE 's/.* pid=([0-9]+) .*comm=("[^"]*").* domain=("[^"]*").*/# asked by \1 \2 in \3/p' <<<"$records"
}

# restarts NAME BOOT-OPTIONS -- WAY...: the last one is a power-off
restarts() {
	local name=$1 options=() n=0 way start=$SECONDS
	shift
	while [ "$1" != -- ]; do options+=("$1") && shift; done
	shift
	echo 0 >"$tmp/share/step"
	if ! selftests/vm/boot -b -r -t $((120 + 300 * $#)) -l "$tmp/log.raw" -w "$tmp/share" "${options[@]}" \
		-- env PARAMS="$PARAMS" selftests/orderly.sh guest "$@" >"$tmp/said" 2>&1; then
		sed 's/^/#   /' "$tmp/said"
		echo "not ok orderly: $name: the guest did not power off"
		bad=1
	fi
	tr -d '\r' <"$tmp/log.raw" >"$tmp/log"
	if [ "$name" = hundred ]; then
		count "$@"
	else
		for way; do judge "$name" $((++n)) "$way"; done
	fi
	echo "# $name took $((SECONDS - start)) s"
}

# Not a line for each; the power-off at the end has its record too
count() {
	local restarts records
	restarts=$(grep -ac 'reboot: Restarting system' "$tmp/log")
	records=$(grep -ac 'crashwatch: reboot ' "$tmp/log")
	echo "# $restarts restarts, $records records"
	if [ "$restarts $records" = "$(($# - 1)) $#" ] &&
		! grep -aE 'Kernel panic|BUG:|WARNING:|Oops|Call Trace' "$tmp/log"; then
		echo "ok orderly: $restarts restarts in a row"
	else
		echo 'not ok orderly: restarts in a row'
		bad=1
	fi
}

host() {
	local init ways=()
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	mkdir "$tmp/share"
	for init; do
		case $init in
		systemd)
			restarts systemd -d kdump -- 'systemctl reboot' 'shutdown -r now' reboot 'init 6' \
				'systemctl poweroff'
			;;
		sysvinit) restarts sysvinit -d sysvinit -- 'init 6' 'shutdown -r now' reboot poweroff ;;
		busybox)
			restarts busybox -B -- '/run/vm/busybox reboot' 'kill -TERM 1' \
				'/run/vm/busybox poweroff'
			;;
		hundred)
			for ((i = 0; i < ${COUNT:-100}; i++)); do ways+=('/run/vm/busybox reboot'); done
			restarts hundred -B -m 512 -c 1 -- "${ways[@]}" '/run/vm/busybox poweroff'
			;;
		*) echo 'usage: orderly.sh [systemd|sysvinit|busybox|hundred]...' >&2 && exit 2 ;;
		esac
	done
	exit $bad
}

case ${1-} in
guest) shift && guest "$@" ;;
*) [ $# -gt 0 ] || set -- systemd sysvinit busybox && host "$@" ;;
esac
