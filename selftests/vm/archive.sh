# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Where packages of other suites come from; sourced by the scripts beside it.

# The sources of another suite that are at the sites this machine has its own packages from
# shellcheck disable=SC2016 # for apt to expand
sources() {
	local suite=$1 own base
	# shellcheck source=/dev/null
	own=$(. /etc/os-release && echo "$VERSION_CODENAME")
	case $suite in
	experimental) base=sid ;;
	*) base=${suite%-backports} ;;
	esac
	apt-get indextargets 'Created-By: Packages' 'Origin: Debian' \
		--format 'deb $(SITE) $(RELEASE) $(COMPONENT)' | sort -u |
		awk -v own="$own" -v base="$base" -v suite="$suite" '
			{ release = $3 }
			release == own && suite != base { print $1, $2, suite, $4 }
			# Unstable has neither updates nor a security archive.
			base == "sid" && release != own { next }
			sub("^" own, base, $3)'
}

# One word each for mmdebstrap: how this machine reaches its archive and trusts its dates
archive_options() {
	apt-config dump | sed -nE 's/^(Acquire::(Check-[^ ]*|https?::Proxy[^ ]*) .*);$/--aptopt=\1/p'
}
