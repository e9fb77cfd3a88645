# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of mezoura's command line in bash.
#
# Knows no option by itself: commands, their actions, options and what values these take are what -h of
# the program says that is about to be run. tests/lint/completion holds it to that.

# Each option with its names and the kind of its value, if it takes one: "-V --version", "--pin DIR".
_mezoura_options() { # _mezoura_options PROGRAM [COMMAND]
	"$@" -h 2>/dev/null </dev/null | sed -n '/^ *-/ { s/^ *//; s/  .*//; s/,//g; p; }'
}

_mezoura_commands() { # _mezoura_commands PROGRAM
	"$1" -h 2>/dev/null </dev/null | sed -n 's/^ *mezoura \([a-z][a-z]*\) .*/\1/p'
}

# What a command can do, each with the kind of its operand, if it takes one: "check", "backup FILE".
_mezoura_actions() { # _mezoura_actions PROGRAM COMMAND
	"$@" -h 2>/dev/null </dev/null | sed -n "1 s/^usage: mezoura $2 \([a-z].*\)  .*/\1/p" | tr '|' '\n'
}

_mezoura_interfaces() {
	local path
	for path in /sys/class/net/*; do
		if [ -d "$path" ]; then printf '%s\n' "${path##*/}"; fi
	done
}

_mezoura_subnets() { # address/mask/interface
	ip -o -4 address show 2>/dev/null | awk '$3 == "inet" { print $4 "/" $2 }'
}

# What begins with CURRENT, of a value of that kind; a kind of which nothing is known has none.
_mezoura_values() { # _mezoura_values KIND CURRENT
	case $1 in
	interface) compgen -W "$(_mezoura_interfaces)" -- "$2" ;;
	address/mask/interface) compgen -W "$(_mezoura_subnets)" -- "$2" ;;
	PATH | FILE) compgen -f -- "$2" ;;
	DIR) compgen -d -- "$2" ;;
	*'|'*) compgen -W "${1//|/ }" -- "$2" ;;
	esac
}

_mezoura() {
	local PATH=$PATH:/usr/sbin:/sbin program=${1/#\~\//$HOME/}
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local commands names='' kind='' row word
	local -a with=("$program") words before

	if [ "$current" = = ]; then # --option=, where = is a word of its own
		current=''
	elif [ "$previous" = = ]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	commands=$(_mezoura_commands "$program")
	if [ "$COMP_CWORD" = 1 ]; then
		names=$commands
	elif [[ $'\n'$commands$'\n' == *$'\n'"${COMP_WORDS[1]}"$'\n'* ]]; then
		with+=("${COMP_WORDS[1]}")
		before=("${COMP_WORDS[@]:2:COMP_CWORD-2}")
		while read -r word row; do
			names+=" $word"
			if [[ " ${before[*]} " == *" $word "* ]]; then
				names='' # one is there, and its operand comes next
				if [[ $previous == "$word" && $current != -* ]]; then kind=$row; fi
				break
			fi
		done < <(_mezoura_actions "${with[@]}")
	fi
	while read -r row; do
		read -ra words <<<"$row"
		for word in "${words[@]}"; do
			if [[ $word == -* ]]; then
				names+=" $word"
			elif [[ $previous == -* && " $row " == *" $previous "* ]]; then
				kind=$word
			fi
		done
	done < <(_mezoura_options "${with[@]}")
	case $kind in
	'') mapfile -t COMPREPLY < <(compgen -W "$names" -- "$current") ;;
	*) mapfile -t COMPREPLY < <(_mezoura_values "$kind" "$current") ;;
	esac
	case $kind in
	PATH | FILE | DIR) compopt -o filenames 2>/dev/null ;;
	esac
}

complete -F _mezoura mezoura
