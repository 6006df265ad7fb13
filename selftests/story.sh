#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Story one from end to end: of a script that dies a millisecond after it was executed, started by an
# agent that has ended, started by a daemon, one record tells everything, however many processes came
# after it; and the command shows it (C-01, X-07, L-01).
# shellcheck disable=SC2034,SC2317 # the tests are called by name
set -u
here=$(cd "$(dirname "$0")" && pwd)
ko=${CRASHWATCH_KO:-$here/../crashwatch.ko}
bin=${CRASHWATCH_BIN:-$here/obj}
D=/sys/kernel/debug/crashwatch
opt=/opt/monitor
# Enough to overwrite the events in any case
others=$((${CW_STORY:-6000} / (${CW_FEWER:-1} < 3 ? ${CW_FEWER:-1} : 3)))

wrong=0
fail() {
	echo "# $*"
	wrong=1
}

# has KEY=VALUE...: the record does
has() {
	local word
	for word; do
		[[ $crash == *" $word"* ]] || fail "no $word in $crash"
	done
}

one_record_tells_of_the_crash() {
	local n
	n=$(grep -c ' crash ' "$D/incidents")
	[ "$n" = 1 ] || fail "$n records of a crash"
	has 'sig=11 signame="SIGSEGV" si_code=1 addr=0xdead0 '
}

it_names_the_script_its_arguments_and_the_interpreter() {
	has 'uid=0 ' 'comm="check disks.pl" ' "file=\"$opt/check disks.pl\" " "exe=\"$(realpath /usr/bin/perl)\" " \
		"argv=[\"/usr/bin/perl\",\"$opt/check disks.pl\",\"--mount\",\"/var\",\"--warn\",\"90 %\"] "
}

it_names_the_instruction_and_its_mapping() {
	local pattern=' ip=0x[0-9a-f]+ map="/[^"]*\+0x[0-9a-f]+" '
	[[ $crash =~ $pattern ]] || fail "no $pattern in $crash"
}

X_07_the_chain_has_those_who_have_ended() {
	local chain=" domain=\"[^\"]* $opt/monitord $opt/agent /[a-z/]*sh $opt/check[^ ]*disks\\.pl\" "
	[[ $crash =~ $chain ]] || fail "no $chain in $crash"
}

the_tree_has_those_who_lived() {
	local tree=' tree=\["[0-9]+:check disks.pl","[0-9]+:sh",("[0-9]+:[^"]*",)*"1:[^"]*"\]'
	[[ $crash =~ $tree ]] || fail "no $tree in $crash"
	[[ $crash != *:agent\"* ]] || fail "the agent has ended: $crash"
}

X_09_it_outlives_whatever_comes_after_it() {
	"$bin/storm" "$bin/tiny" "$others" || fail 'the storm failed'
	grep -qxF -- "$crash" "$D/incidents" || fail 'the record is gone'
	grep -q '^overwritten [1-9]' "$D/stats" || fail 'no event was overwritten'
	grep -q '^dropped 0$' "$D/stats" || fail 'something was dropped'
}

the_command_shows_it() {
	local said word
	said=$("$here/../tools/crashwatch" --no-pager list) || fail 'crashwatch list failed'
	[[ $said == *SIGSEGV*"$opt/check disks.pl"* ]] || fail "crashwatch list: $said"
	said=$("$here/../tools/crashwatch" --no-pager info) || fail 'crashwatch info failed'
	for word in "$opt/agent" 0xdead0 '90 %' monitord; do
		[[ $said == *"$word"* ]] || fail "crashwatch info has no $word: $said"
	done
}

it_can_be_unloaded() {
	rmmod crashwatch || fail 'rmmod failed'
}

tests=(
	one_record_tells_of_the_crash
	it_names_the_script_its_arguments_and_the_interpreter
	it_names_the_instruction_and_its_mapping
	X_07_the_chain_has_those_who_have_ended
	the_tree_has_those_who_lived
	X_09_it_outlives_whatever_comes_after_it
	the_command_shows_it
	it_can_be_unloaded
)

echo 'TAP version 13'
echo "1..${#tests[@]}"
"$here/monitor" && insmod "$ko" ring_kb=128 || exit
setsid $opt/monitord </dev/null >/dev/null 2>&1 &
daemon=$!
for ((i = 0; i < 300 * ${CW_SLOW:-1}; i++)); do
	crash=$(grep ' crash ' "$D/incidents") && break
	sleep 0.1
done
number=0 bad=0
for name in "${tests[@]}"; do
	wrong=0
	$name
	number=$((number + 1))
	if [ $wrong = 0 ]; then
		echo "ok $number $name"
	else
		echo "not ok $number $name"
		bad=1
	fi
done
kill $daemon
exit $bad
