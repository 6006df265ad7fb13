#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Has guests restarted in the ways that nobody prepares, and reads in the dump of each who asked
# (R-01, R-06, R-08).
set -u
cd "$(dirname "$0")/.." || exit
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0
action=panic
incidents() { tools/crashwatch --no-pager vmcore --incidents "$tmp/vmcore.kdump"; }

# dump NAME COMMAND PATTERN...: the dump's incidents have one restart that became a panic, or with
# action=recorded one panic that is none of ours, with all of these; every record in it is whole, and
# the counters add up
dump() {
	local name=$1 command=$2 pattern problem=''
	shift 2
	selftests/vm/dump -m 768 -t 500 -l "$tmp/log" "$tmp" -- bash -c "
		command -v reboot >/dev/null || ln -s /run/vm/busybox /usr/local/sbin/reboot
		insmod ./crashwatch.ko reboot_panic=unexpected && { $command; }; sleep 100" \
		>"$tmp/said" 2>&1 || problem="no dump: $(tail -n 3 "$tmp/said")"
	if [ -z "$problem" ]; then
		incidents >"$tmp/incidents" || problem="vmcore: status $?"
		grep " action=\"$action\" " "$tmp/incidents" >"$tmp/record"
		[ "$(wc -l <"$tmp/record")" = 1 ] || problem="not one record: $(cat "$tmp/incidents")"
		tools/crashwatch vmcore --events "$tmp/vmcore.kdump" >"$tmp/events" &&
			python3 selftests/strict_parse.py "$tmp/events" >"$tmp/said" 2>&1 ||
			problem="strict_parse: $(tail -n 3 "$tmp/said")"
		tools/crashwatch vmcore --stats "$tmp/vmcore.kdump" | awk '{ n[$1] = $2 }
			END { exit !n["written"] || n["written"] != n["readable"] + n["overwritten"] + n["dropped"] }' ||
			problem='the counters do not add up'
		! grep -aE 'WARNING:|BUG: (sleeping|scheduling|Invalid wait)' "$tmp/log" || problem='the kernel complained'
	fi
	for pattern; do
		[ -z "$problem" ] || break
		grep -qE -- "$pattern" "$tmp/record" || problem="no $pattern in $(cat "$tmp/record")"
	done
	if [ -n "$problem" ]; then
		echo "#   ${problem:0:2000}"
		echo "not ok dumps: $name"
		bad=1
	else
		echo "ok dumps: $name"
	fi
}

# shellcheck disable=SC2016 # for the guest's shell
dump 'the history of the script that executed the caller is there, under two exec storms' \
	'printf "#!/bin/sh\nexec reboot -f\n" >/tmp/nightly; chmod +x /tmp/nightly
	for cpu in 0 1; do taskset -c $cpu selftests/obj/storm selftests/obj/tiny 1000000 & done
	sleep 3; sh -c "/tmp/nightly now; :"' \
	'how="restart" at="reboot_notifier" origin="syscall"' ' argv=\["reboot","-f"\] ' \
	' domain="init\(1\) .*/sh /tmp/nightly [^ ]*/reboot" ' ' tree=\["[0-9]+:reboot",.*"1:init"\]' \
	'"kernel_restart\+0x[^"]*","__do_sys_reboot'
dump 'sysrq-b names the program that wrote it' 'echo b >/proc/sysrq-trigger' \
	'at="emergency_restart" origin="sysrq" ' ' argv=\["bash","-c",' 'via="sysrq-b"'
# shellcheck disable=SC2016 # for Perl
dump 'so does Ctrl-Alt-Del name the keys' \
	'modprobe uinput; perl -e "syscall 169, 0xfee1dead, 672274793, 0x89abcdef, 0"
	selftests/obj/keys' 'origin="kthread" .*"kernel_restart\+0x.* via="Ctrl-Alt-Del"'
# shellcheck disable=SC2016 # for the guest's shell
dump 'and a watchdog, in interrupt context under storms, the function that fired and who held it' \
	'modprobe softdog soft_margin=1 && exec 7>/dev/watchdog && echo >&7
	for cpu in 0 1; do taskset -c $cpu selftests/obj/storm selftests/obj/tiny 1000000 & done' \
	'origin="interrupt" scope="host" action="panic" pid=[0-9]+ uid=0 comm="bash" argv=\["bash","-c",' \
	'"softdog_fire[.+]' 'via="softdog"'
action=recorded
dump 'a panic that is not ours has all records in its dump too' 'echo c >/proc/sysrq-trigger' \
	' reboot how="panic" at="panic" origin="panic" ' ' argv=\["bash","-c",' '"panic\+0x.*"__handle_sysrq'
exit $bad
