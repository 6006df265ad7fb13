#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Restarts a guest and reads in its next boot what the one before had recorded (R-09). The memory is
# what memmap= sets aside; with the word named what reserve_mem= does, which kernels have from 6.12 on.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
cd "$here/.." || exit
D=/sys/kernel/debug/crashwatch
size=4M at=0x20000000
persist=persist=$size@$at
[ "${1-}" != named ] || persist=persist=crashwatch

# === In the guest ===

failed=0
# result NAME COMMAND
result() {
	if "$2"; then
		echo "ok persist: $1"
	else
		echo "not ok persist: $1"
		failed=1
	fi
}
load() { insmod ./crashwatch.ko "$persist"; }
boot_id() { cat /proc/sys/kernel/random/boot_id; }

first_boot() {
	if [ "$1" = named ] && ! grep -q ' reserve_mem_find_by_name$' /proc/kallsyms; then
		echo 'skip persist: R-09 memory by its name # the kernel does not know reserve_mem='
		exit 0
	fi
	load || exit
	boot_id >/host/boot_id
	echo $$ >/host/pid
	{ sh -c 'kill -SEGV $$'; } 2>/dev/null # bash has a word to say about it
	# So many events that the oldest of them are gone, but no incident is
	selftests/obj/storm selftests/obj/tiny $((12000 / (${CW_FEWER:-1} < 4 ? ${CW_FEWER:-1} : 4)))
	cat $D/incidents >/host/incidents
	tail -n 20 $D/events >/host/events
	command -v reboot >/dev/null || ln -s /run/vm/busybox /usr/local/sbin/reboot
	sh -c 'reboot -f; :'
	sleep 100
}

incidents_are_there() {
	local was
	was=$(sed 1d /host/incidents)
	grep -qxF -- "$was" $D/previous/incidents && [ -n "$was" ] &&
		[ "$(grep -oE ' reboot how="restart" at="[a-z_]+"' $D/previous/incidents | tr -d '\n')" = \
			' reboot how="restart" at="reboot_notifier" reboot how="restart" at="machine_restart"' ]
}
events_are_there() {
	# Of the tail(1) that wrote them there may be a line as well
	[ "$(sed 1d /host/events | grep -cxFf - $D/previous/events)" -ge 18 ]
}
header_is_of_that_boot() {
	local id
	id=$(cat /host/boot_id)
	[ "$id" != "$(boot_id)" ] && head -n 1 $D/previous/events | grep -q " boot_id=$id "
}
# The newest 1500: the parser is slow under emulation
all_lines_parse() {
	{ head -n 1 $D/previous/events && sed 1d $D/previous/events | tail -n 1500; } >/tmp/newest
	python3 selftests/strict_parse.py /tmp/newest &&
		python3 selftests/strict_parse.py $D/previous/incidents
}
raw_is_the_same() {
	tools/crashwatch log --utc --input=$D/previous/events_raw >/tmp/raw &&
		[ "$(grep -c . /tmp/raw)" -ge 100 ] &&
		[ "$(sed 1d /tmp/raw | wc -l)" = "$(sed 1d $D/previous/events | wc -l)" ]
}
order_is_that_of_time() {
	grep -q . $D/previous/events &&
	sed -nE 's/^\[ *([0-9.]+)\].*/\1/p' $D/previous/events | sort -C -n
}
# Patch bytes as bad memory would. Nothing may be made up, and all the rest is there.
damage_is_found() {
	local before after n
	rmmod crashwatch || return
	load && for n in $(seq 50); do /bin/true; done
	before=$(grep -c '/bin/true' $D/events)
	rmmod crashwatch
	# The events' zone starts after the head and a quarter for the incidents
	for n in 1 2 3; do
		printf '\377\377\377' |
			dd of=/dev/mem bs=1 seek=$((at + 4096 + 0x100000 + n * 3000)) conv=notrunc 2>/dev/null
	done
	dmesg --clear
	load || return
	after=$(grep -c '/bin/true' $D/previous/events)
	[ "$after" -lt "$before" ] && [ "$after" -ge $((before - 6)) ] && all_lines_parse &&
		dmesg | grep -q 'records of boot .* [1-9][0-9]* were damaged'
}
refused() {
	local said
	dmesg --clear
	! insmod ./crashwatch.ko "persist=$1" 2>/dev/null &&
		said=$(dmesg | grep -F "crashwatch: persist=$1 cannot be used: ") &&
		[[ $said == *accepted* ]] && [ ! -e /sys/module/crashwatch ]
}
useless_places_are_refused() {
	local place
	for place in 4M nobody "4M@" "@$at" "x@$at" "4M@$at," 4097@$at 4M@0x20000001 512K@$at 2G@$at \
		4M@0x1000000 8M@$at 4M@0x1ffff000 4M@0x20001000 4M@0x70000000 4M@0xfd000000 \
		4M@0xfee00000 4M@0xfffffffffffff000; do
		refused "$place" || { echo "# $place"; return 1; }
	done
}
second_boot() {
	load || exit
	result 'R-09 the incidents of the boot before are there, and who restarted it' incidents_are_there
	result 'R-09 so are its last events' events_are_there
	result 'R-09 the header tells which boot it was' header_is_of_that_boot
	result 'R-09 every line is one' all_lines_parse
	result 'R-09 in the order of time' order_is_that_of_time
	result 'R-09 the raw file tells the same' raw_is_the_same
	# Memory with a name is the kernel's, which lets nobody write to it
	[ "$1" = named ] || result 'R-09 what is damaged is left out and counted' damage_is_found
	rmmod crashwatch
	result 'R-09 a place that cannot be used is refused with a sentence' useless_places_are_refused
	exit $failed
}

if [ "${2-}" = guest ]; then
	if [ -e /host/boot_id ]; then second_boot "$1"; else first_boot "$1"; fi
fi

# === On the host ===

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
aside='memmap='$size'$'$at
[ "${1-}" != named ] || aside=reserve_mem=$size:4096:crashwatch
status=0
timeout 1260 selftests/vm/boot -t 1200 -b -w "$dir" -l "$dir/log" -a "$aside" -- \
	env "CW_FEWER=${CW_FEWER:-1}" selftests/persist.sh "${1-placed}" guest || status=$?
# A panic would restart it, too
"$here/complaints" <"$dir/log"
if [ $? != 1 ] || grep -a 'Kernel panic' "$dir/log"; then
	echo 'not ok persist: R-09 the kernel does not complain'
	exit 1
fi
echo 'ok persist: R-09 the kernel does not complain'
[ $status = 0 ]
