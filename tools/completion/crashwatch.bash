# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completion for crashwatch(8); asks the command itself what it takes.

_crashwatch() {
	local cur prev word command=""
	local program=${COMP_WORDS[0]}
	COMPREPLY=()
	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD - 1]}
	# --type=crash comes as three words
	if [[ $cur == "=" ]]; then
		cur=""
	elif [[ $prev == "=" ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi

	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--dir | --root) ((i++)) ;;
		-*) ;;
		*) command=$word; break ;;
		esac
	done

	case $prev in
	-i | --input)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--dir | --root)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	-t | --type)
		local list=""
		[[ $cur == *,* ]] && list=${cur%,*},
		mapfile -t COMPREPLY < <(compgen -P "$list" -W "exec exec-failed exit crash killed
			reboot config lost" -- "${cur##*,}")
		return
		;;
	-S | --since | -U | --until)
		mapfile -t COMPREPLY < <(compgen -W "today yesterday now -1h -1d boot+" -- "$cur")
		return
		;;
	esac

	if [[ $cur == -* ]]; then
		# shellcheck disable=SC2086 # no command is no word
		mapfile -t COMPREPLY < <(compgen -W "$("$program" $command --help 2>/dev/null |
			sed -n 's/^ .* \(--[a-z-]*=\{0,1\}\).*/\1/p')" -- "$cur")
		[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
	elif [[ -z $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$("$program" --help 2>/dev/null |
			sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p')" -- "$cur")
	elif [[ $command == vmcore ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

complete -F _crashwatch crashwatch
