# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What is made once and kept outside the tree; sourced by the scripts beside it.
set -euo pipefail

cache=${CRASHWATCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/crashwatch}

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# keep NAME COMMAND...: print the directory NAME of the cache. If it is not
# there, COMMAND fills it, with its path as last argument. It gets its name only
# when it is complete; of several runs at once, one makes it and the others wait.
# What makes another directory does not: a kernel takes a quarter of an hour.
keep() {
	local name=$1 dir=$cache/$1 tmp
	shift
	if [ ! -d "$dir" ]; then
		mkdir -p "$cache"
		(
			flock 9
			[ ! -d "$dir" ] || exit 0
			# Nobody else is at work under the lock: these were left by a
			# run that was killed.
			rm -rf "$cache/tmp.$name".*
			tmp=$(mktemp -d "$cache/tmp.$name.XXXXXX")
			trap 'rm -rf "$tmp"' EXIT
			"$@" "$tmp"
			chmod 755 "$tmp"
			mv -T "$tmp" "$dir"
		) 9>"$cache/lock.$name"
	fi
	echo "$dir"
}

# decompress BZIMAGE: print the kernel that is in it. From boot to a shell it takes 6 s under
# emulation, and 2 s if it need not do this itself. Offsets as in the kernel's
# Documentation/x86/boot.rst; the last word of the payload is not part of the stream.
decompress() {
	field() { od -An -v -t "$2" -j "$1" -N "$3" "$image" | tr -d ' '; }
	local image=$1 start length unpack
	start=$((($(field 497 u1 1) + 1) * 512 + $(field 584 u4 4)))
	length=$(($(field 588 u4 4) - 4))
	case $(field "$start" x1 4) in
	fd377a58) unpack=xz ;;
	28b52ffd) unpack=zstd ;;
	*) return 1 ;;
	esac
	head -c "$((start + length))" "$image" | tail -c "$length" | "$unpack" -dc
}
