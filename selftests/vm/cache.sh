# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Directories that are made once and kept outside the tree; sourced by the scripts beside it.
set -euo pipefail

cache=${CRASHWATCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/crashwatch}

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# keep NAME COMMAND...: print the directory NAME of the cache. If it is not
# there, COMMAND fills it, with its path as last argument. It gets its name only
# when it is complete; of several runs at once, one makes it and the others wait.
keep() {
	local dir=$cache/$1 tmp
	shift
	if [ ! -d "$dir" ]; then
		mkdir -p "$cache"
		(
			flock 9
			[ ! -d "$dir" ] || exit 0
			# Nobody else is at work under the lock: these were left by a
			# run that was killed.
			rm -rf "$cache"/tmp.*
			tmp=$(mktemp -d "$cache/tmp.XXXXXX")
			trap 'rm -rf "$tmp"' EXIT
			"$@" "$tmp"
			chmod 755 "$tmp"
			mv -T "$tmp" "$dir"
		) 9>"$cache/lock"
	fi
	echo "$dir"
}
