#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Restarts guests in several ways and reads on their consoles who asked.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
cd "$here/.." || exit
log=$(mktemp)
trap 'rm -f "$log"' EXIT
bad=0

# restart NAME COMMAND PATTERN...: every pattern stands in the one record on the console
restart() {
	local name=$1 command=$2 pattern
	shift 2
	if ! selftests/vm/boot -t 120 -r -l "$log" -- \
		bash -c "command -v reboot >/dev/null || ln -s /run/vm/busybox /usr/local/sbin/reboot
			insmod ./crashwatch.ko && $command; sleep 100"; then
		echo "not ok reboot: $name: the guest did not restart"
		bad=1
		return
	fi
	tr -d '\r' <"$log" | sed -nE 's/^\[[^]]*\] crashwatch: (reboot |\.\.\. )//p' |
		tr -d '\n' >"$log.record"
	for pattern; do
		if ! grep -qE "$pattern" "$log.record"; then
			echo "#   no $pattern in: $(cat "$log.record")"
			echo "not ok reboot: $name"
			bad=1
			return
		fi
	done
	if [ "$(tr -d '\r' <"$log" | grep -c 'crashwatch: reboot ')" != 1 ] ||
		grep -aE 'BUG:|WARNING:|Oops|Call Trace' "$log"; then
		echo "not ok reboot: $name: not one record, or the kernel complained"
		bad=1
		return
	fi
	echo "ok reboot: $name"
	rm -f "$log.record"
}

restart 'a forced restart names the program, its arguments and its chain' \
	'sh -c "reboot -f; :"' \
	'how="restart" at="machine_restart" origin="syscall" scope="host" action="recorded"' \
	' pid=[0-9]+ uid=0 .*comm="reboot" argv=\["reboot","-f"\] ' \
	' domain="init\(1\) .*/sh [^ ]*/reboot" ' \
	' tree=\["[0-9]+:reboot","[0-9]+:sh",.*"1:init"\]' \
	' stack=\["machine_restart\+0x.*__do_sys_reboot\+0x'
restart 'sysrq-b names the program that wrote it' \
	'echo b >/proc/sysrq-trigger' \
	'at="machine_emergency_restart" origin="sysrq"' ' comm="bash" argv=\["bash","-c"' \
	'"machine_emergency_restart\+0x.*"__handle_sysrq'
exit $bad
