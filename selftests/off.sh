#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In a guest with nocrashwatch on its command line: the module loads, says so and does nothing.
set -u
bad=0
cd "$(dirname "$0")/.." || exit
dmesg --clear
verdict() { # verdict NAME STATUS
	if [ "$2" = 0 ]; then
		echo "ok off: $1"
	else
		echo "not ok off: $1"
		bad=1
	fi
}

insmod ./crashwatch.ko
verdict 'loads' $?
dmesg | grep -q 'crashwatch: does nothing, since nocrashwatch is on'
verdict 'says why it does nothing' $?
[ ! -e /sys/kernel/debug/crashwatch ]
verdict 'has no files' $?
probes=$(</sys/kernel/debug/kprobes/list) && [ -z "$probes" ]
verdict 'has set no probes' $?
rmmod crashwatch
verdict 'unloads' $?
dmesg | selftests/complaints
[ "${PIPESTATUS[*]}" = '0 1' ]
verdict 'lets the kernel have nothing to complain of' $?
exit $bad
