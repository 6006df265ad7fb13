#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Installs in a Debian that has kdump, restarts it, makes it panic, looks at what kdump has saved.
#
#   kdump.sh [DIRECTORY]   also puts the dump and the kernel log into DIRECTORY
#
# TRIGGER is the command that makes it panic, REASON a pattern for the kernel's word about that,
# PARAMS the module's parameters. With INSTALL=install the module comes without DKMS, and as it was
# built here: the compiler is two thirds of what the test takes.
# shellcheck disable=SC2317 # verdict calls functions by their names
set -u
cd "$(dirname "$0")/.." || exit
: "${TRIGGER:=reboot -f}" "${PARAMS=reboot_panic=unexpected}"
: "${REASON:=crashwatch: unexpected restart requested by reboot}"
: "${INSTALL:=dkms-install}"
bad=0

# verdict PROPERTY COMMAND...: what COMMAND says is of interest when it fails
verdict() {
	local property=$1 said
	shift
	if said=$("$@" 2>&1); then
		echo "ok kdump: $property"
	else
		tail -n 30 <<<"$said" | sed 's/^/#   /'
		echo "not ok kdump: $property"
		bad=1
	fi
}

# === The guest, at each boot one step further ===

state=/var/lib/crashwatch-test # the number of steps done, the time then, and what was bad

# leave COMMAND: which restarts the guest
leave() {
	echo "step=$((step + 1)) left=$(date +%s) bad=$bad" >$state
	sync
	eval "$1"
	sleep infinity
}

ready() { [ "$(cat /sys/kernel/kexec_crash_loaded)" = 1 ] || { kdump-config show && false; }; }

loaded() { [ -d /sys/module/crashwatch ] || { journalctl -b -u systemd-modules-load && false; }; }

no_dump() { ! ls -d /var/crash/2*; }

# It comes as a stream, since a dump may as well go to another machine.
dump() {
	ls -l /var/crash/*/
	makedumpfile -R /var/crash/dump <"$(echo /var/crash/*/dump.*)" &&
		makedumpfile --dump-dmesg /var/crash/dump /var/crash/dmesg &&
		grep -E "$REASON" /var/crash/dmesg
}

tells_who() {
	local said
	said=$(crashwatch vmcore --no-pager /var/crash/*/dump.*)
	echo "$said"
	grep 'asked for a restart.*it was turned into a panic' <<<"$said"
}

# told END BY: the unit has told it to the journal, and does not when it is started again
told() {
	systemctl start crashwatch-boots.service || return
	journalctl --sync
	journalctl -b -o verbose SYSLOG_IDENTIFIER=crashwatch >/tmp/told
	cat /tmp/told
	crashwatch boots --no-pager
	[ "$(grep -c 'CRASHWATCH_END=' /tmp/told)" = 1 ] && grep -q "CRASHWATCH_END=$1$" /tmp/told &&
		grep -q "CRASHWATCH_BY=$2" /tmp/told
}

# The crash kernel has written into the same journal. Without the files it left in /var/crash that
# is all there is.
dump_is_no_boot() {
	mount -t tmpfs none /var/crash
	crashwatch boots --no-pager >/tmp/boots
	umount /var/crash
	cat /tmp/boots
	tail -n 3 /tmp/boots | head -n 1 | grep -q '^-2 .* panic  *journal' &&
		tail -n 2 /tmp/boots | head -n 1 | grep -q '^-1 .* dump  *journal'
}

step_0() {
	verdict "make $INSTALL works" make "$INSTALL"
	echo "# after $SECONDS s"
	[ -z "$PARAMS" ] || echo "options crashwatch $PARAMS" >>/etc/modprobe.d/crashwatch.conf
	verdict 'there is a crash kernel' ready
	leave 'systemctl reboot'
}

step_1() {
	verdict 'systemctl reboot is no panic' no_dump
	verdict 'the module is loaded at boot' loaded
	verdict 'so is the crash kernel' ready
	verdict 'R-10 the journal has that it was orderly, once' told orderly systemd
	leave "$TRIGGER"
}

step_2() {
	verdict 'kdump saves a dump, which has the reason, and restarts' dump
	[[ $PARAMS != *unexpected* ]] || verdict 'R-08 the dump tells who asked' tells_who
	[[ $PARAMS != *unexpected* ]] ||
		verdict 'R-10 the journal has whose restart became a panic, once' told panic "${REASON##* by }"
	verdict 'R-10 the crash kernel shows that it was a panic' dump_is_no_boot
	verdict 'the module is loaded again' loaded
	verdict 'so is the crash kernel' ready
	[ ! -d /host ] || verdict 'the dump can be taken away' cp /var/crash/*/d* /host
}

guest() {
	step=0 left=0
	# shellcheck disable=SC1090 # made by leave
	[ ! -e $state ] || . $state
	[ $step = 0 ] ||
		echo "# up again after $(($(date +%s) - left)) s, $(cut -d ' ' -f 1 /proc/uptime) s of them this boot"
	step_$step
	exit $bad
}

# === The host ===

host() {
	local log status=0 start=$SECONDS options=()
	log=$(mktemp)
	# shellcheck disable=SC2064 # the name is known now
	trap "rm -f '$log'" EXIT
	selftests/vm/image kdump >/dev/null || exit
	echo "# the image took $((SECONDS - start)) s"
	start=$SECONDS
	# DKMS has compilers work, on two processors if they are there.
	[ "$INSTALL" = install ] || options=(-P)
	# makedumpfile needs some of the memory, the module's ring some more.
	selftests/vm/boot "${options[@]}" -d kdump -b -m 1024 -a crashkernel=256M -t 2400 -l "$log" \
		${1:+-w "$1"} -- \
		env TRIGGER="$TRIGGER" REASON="$REASON" PARAMS="$PARAMS" INSTALL="$INSTALL" \
		selftests/kdump.sh guest ||
		status=$?
	[ "$status" -lt 2 ] || echo "not ok kdump: the guest ended with status $status"
	if grep -aE 'BUG:|WARNING:|Oops' "$log"; then
		echo 'not ok kdump: the kernel complained'
		status=1
	fi
	echo "# all of it took $((SECONDS - start)) s"
	[ -z "${1-}" ] || cp "$log" "$1/console"
	return "$status"
}

case ${1-} in
guest) guest ;;
-*) echo 'usage: kdump.sh [DIRECTORY]' >&2 && exit 2 ;;
*) host "$@" ;;
esac
