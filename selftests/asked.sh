#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Restarts that restart nothing: of a container, or wished and not carried out (R-02, R-05)
# shellcheck disable=SC2034,SC2317 # the tests are called by name; a loop counts only
here=$(cd "$(dirname "$0")" && pwd)
ko=${CRASHWATCH_KO:-$here/../crashwatch.ko}
keys=${CRASHWATCH_BIN:-$here/obj}/keys
D=/sys/kernel/debug/crashwatch
nr_reboot=$(perl -e 'require "sys/syscall.ph"; print SYS_reboot()')

wrong=0
skip=''
fail() {
	echo "# $*"
	wrong=1
}

# newest KEY... : the newest reboot record has all of these
newest() {
	local line word
	line=$(grep ' reboot ' "$D/incidents" | tail -n 1)
	for word; do
		[[ $line == *" $word"* ]] || fail "no $word in $line"
	done
}

# in_container CMD: reboot(2) by the first process of a pid namespace of its own
in_container() {
	unshare --fork --pid perl -e "syscall $nr_reboot, 0xfee1dead, 672274793, $1, 0; exit 7"
}

R_05_a_container_that_restarts_is_a_record_and_nothing_more() {
	local how cmd
	for how in restart=0x01234567 halt=0xcdef0123 power-off=0x4321fedc; do
		cmd=${how#*=} how=${how%=*}
		in_container "$cmd"
		newest "how=\"$how\"" 'at="reboot_pid_ns"' 'origin="syscall"' 'scope="container"' \
			'action="recorded"' 'comm="perl"' 'argv=["perl","-e",'
	done
	[ "$(grep -c ' reboot ' "$D/incidents")" = 3 ] || fail 'not three records'
	in_container 0x89abcdef # neither a container nor the kernel makes anything of that
	[ "$(grep -c ' reboot ' "$D/incidents")" = 3 ] || fail 'what was refused has a record'
	! dmesg | sed '0,/asked: R_05_a_/d' | grep -q 'crashwatch: reboot ' || fail 'the kernel log has it'
}

R_05_many_at_once_are_all_recorded() {
	local n before after
	before=$(grep -c ' reboot ' "$D/incidents")
	for n in {1..20}; do in_container 0x01234567 & done
	wait
	after=$(grep -c ' reboot ' "$D/incidents")
	[ $((after - before)) = 20 ] || fail "$before, then $after records"
}

R_02_keys_that_init_takes_care_of_are_a_wish() {
	if ! modprobe -q uinput && [ ! -e /dev/uinput ]; then
		skip='this kernel has no uinput to press keys with'
		return
	fi
	echo 0 >/proc/sys/kernel/ctrl-alt-del
	# To the kernel init is whoever is to be told of the keys
	env --default-signal=INT sleep 1000 &
	# Until it executes that, the shell has it ignore SIGINT
	until [ "$(cat /proc/$!/comm)" = sleep ]; do
		sleep 0.1
	done
	echo $! >/proc/sys/kernel/cad_pid
	"$keys" || { fail 'the keys were not pressed' && kill $!; }
	wait $!
	[ $? = 130 ] || fail 'no SIGINT came'
	echo 1 >/proc/sys/kernel/cad_pid
	newest 'how="ctrl-alt-del"' 'at="ctrl_alt_del"' 'scope="host"' 'action="recorded"' \
		'via="Ctrl-Alt-Del"'
}

R_01_a_program_without_the_right_makes_no_record() {
	local before after
	before=$(grep -c ' reboot ' "$D/incidents")
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		perl -e "syscall $nr_reboot, 0xfee1dead, 672274793, 0x01234567, 0"
	after=$(grep -c ' reboot ' "$D/incidents")
	[ "$before" = "$after" ] || fail "$before, then $after records"
}

R_01_the_mode_reads_back_and_its_change_is_recorded() {
	local p=/sys/module/crashwatch/parameters/reboot_panic mode old=off
	for mode in unexpected always dry-run off; do
		echo "$mode" >"$p"
		[ "$(cat "$p")" = "$mode" ] || fail "$mode reads back as $(cat "$p")"
		grep -E '^[^#]*#[0-9.]+ config ' "$D/events" | tail -n 1 |
			grep -q "name=\"reboot_panic\" old=\"$old\" new=\"$mode\" pid=$$ " ||
			fail "no record of $old to $mode"
		old=$mode
	done
}

tests=(
	R_05_a_container_that_restarts_is_a_record_and_nothing_more
	R_05_many_at_once_are_all_recorded
	R_02_keys_that_init_takes_care_of_are_a_wish
	R_01_a_program_without_the_right_makes_no_record
	R_01_the_mode_reads_back_and_its_change_is_recorded
)
echo 'TAP version 13'
echo "1..${#tests[@]}"
number=0 bad=0
for name in "${tests[@]}"; do
	wrong=0 skip=''
	echo "asked: $name" >/dev/kmsg
	insmod "$ko" || fail 'insmod failed'
	$name
	rmmod crashwatch || fail 'rmmod failed'
	number=$((number + 1))
	if [ -n "$skip" ]; then
		echo "ok $number # SKIP $name: $skip"
	elif [ $wrong = 0 ]; then
		echo "ok $number $name"
	else
		echo "not ok $number $name"
		bad=1
	fi
done
exit $bad
