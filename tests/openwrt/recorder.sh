# SPDX-License-Identifier: GPL-2.0-or-later
# What the init script finds on OpenWrt, as far as it uses it: the configuration, networks, and procd,
# whose calls are written down in $RECORD. For busybox ash.
# shellcheck shell=dash disable=SC2034,SC2154,SC3043

record() {
	printf '%s\n' "$*" >>"$RECORD/calls"
}

# A file of configuration is a shell script, too.
config() { :; }
config_load() { [ "$1" = mezoura ] || record "config_load of $1"; }
option() { eval "option_$1=\$2"; }
list() {
	local count
	eval "count=\$((\${count_$1:-0} + 1)); option_$1=\"\${option_$1:+\$option_$1 }\$2\""
	eval "count_$1=$count; item_$1_$count=\$2"
}
config_get() { # VARIABLE main OPTION [DEFAULT]
	[ "$2" = main ] || record "config_get of $2"
	eval "$1=\${option_$3:-\$4}"
}
config_list_foreach() { # main OPTION FUNCTION [ARGUMENT]...
	local section="$1" option="$2" function="$3" count number=1 value
	shift 3
	[ "$section" = main ] || record "config_list_foreach of $section"
	eval "count=\${count_$option:-0}"
	while [ "$number" -le "$count" ]; do
		eval "value=\$item_${option}_$number"
		"$function" "$value" "$@"
		number=$((number + 1))
	done
}

# Networks: device_NAME, subnets_NAME, prefixes_NAME.
answer() { # VARIABLE NAME: fails where nothing is known
	eval "$1=\${$2}; [ -n \"\${$2}\" ]"
}
network_flush_cache() { :; }
network_is_up() { eval "[ -n \"\${device_$1}\" ]"; }
network_get_device() { answer "$1" "device_$2"; }
network_get_subnets() { answer "$1" "subnets_$2"; }
network_get_prefixes6() { answer "$1" "prefixes_$2"; }

procd_open_instance() { record open; }
procd_close_instance() { record close; }
procd_set_param() {
	case "$1" in
	command)
		: >"$RECORD/argv"
		shift
		procd_append_param command "$@"
		;;
	*) record "set $*" ;;
	esac
}
procd_append_param() {
	[ "$1" = command ] || record "append $*"
	shift
	printf '%s\0' "$@" >>"$RECORD/argv"
}
procd_add_reload_trigger() { record "reload on config $*"; }
procd_add_reload_interface_trigger() { record "reload on interface $*"; }
extra_command() { record "extra command $1"; }

logger() { # -t TAG -p LEVEL TEXT
	printf '%s: %s\n' "$4" "$5" >>"$RECORD/log"
}
uci() { # -q get NAME: of the system's section: zonename and timezone
	[ "$1 $2" = "-q get" ] || record "uci $*"
	case "$3" in
	'system.@system[0].zonename') answer_or_fail "$zonename" ;;
	'system.@system[0].timezone') answer_or_fail "$timezone" ;;
	*) record "uci $*" ;;
	esac
}
answer_or_fail() { [ -n "$1" ] && printf '%s\n' "$1"; }
pidof() { # as long as a daemon takes to end
	running=$((${running:-0} - 1))
	record "pidof $*"
	[ "$running" -ge 0 ]
}
mkdir() { record "mkdir $*"; }
chown() { record "chown $*"; }
stop() { record stop; }
sleep() { record "sleep $*"; }
