#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by script/test: its parts, a function each.
#
# Where $only is set, a part is only what has that in its name.
# shellcheck disable=SC2154 # variables of script/test and tests/runner.bash

part_lint() {
	variant gcc all
	run 1200 env "MEZOURA=$directory/mezoura" "MZ_ONLY=$only" tests/lint/run "${changed[@]}"
	add_tap lint $?
	if [ "$only" ] || [ "$part" = quick ]; then return; fi
	run 300 env "MEZOURA=$directory/mezoura" tests/openwrt/run
	add_tap openwrt $?
}

part_unit() {
	programs unit gcc
	if [ "$kept" ]; then return; fi
	local -x MZ_ROUNDS=4 # the same at random, by other compilers: less of it
	programs unit clang
	programs unit sanitized
	replay
}

# What the fuzzers begin with, and what they have found.
inputs_of() { # inputs_of TARGET: sets inputs
	local input
	inputs=()
	for input in "tests/corpus/$1" "tests/corpus/crash-$1-"*; do
		if [ -e "$input" ]; then inputs+=("$input"); fi
	done
	if [ "$1" = uci ]; then inputs+=(tests/corpus/dhcp); fi
}

replay() {
	local source name
	for source in tests/fuzz/fuzz_*.c; do
		name=$(basename "$source" .c)
		inputs_of "${name#fuzz_}"
		run 600 "$directory/replay_${name#fuzz_}" "${inputs[@]}"
		add_tap "unit sanitized $name" $?
	done
}

part_fuzz() {
	local source name seconds=${MZ_FUZZ_SECONDS:-10}
	if ! echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
		clang -fsanitize=fuzzer,address -x c -o /dev/null - >/dev/null 2>&1; then
		skip fuzz "clang is here without libFuzzer"
		return
	fi
	variant fuzz
	for source in tests/fuzz/fuzz_*"$only"*.c; do
		[ -e "$source" ] || continue
		name=$(basename "$source" .c)
		inputs_of "${name#fuzz_}"
		mkdir -p "$work/found/$name" # libFuzzer wants directories
		cp -r "${inputs[@]}" "$work/found/$name"
		# a slow input is one that takes seconds of an idle machine's time
		if run $((seconds + 600)) "$directory/$name" -seed=1 -max_total_time="$seconds" -timeout=300 \
			-rss_limit_mb=2048 -artifact_prefix="tests/corpus/crash-${name#fuzz_}-" \
			"$work/found/$name"; then
			add "fuzz $name" 1 0 0
		else
			add "fuzz $name" 0 1 0
		fi
	done
}

# Sets newest to the newest clang that apt has, and builds with it; to nothing where there is none.
newest=''
newest_clang() { # newest_clang PART
	if [ "$newest" ]; then return; fi
	if ! run 300 script/deps clang; then
		skip "$1 newest clang" "no clang but the usual one can be installed"
		return
	fi
	newest=$(tail -n 1 "$log")
	variant gcc
	variant "$newest"
}

part_kernel() {
	is_root kernel || return
	programs bpf gcc
	if [ "$kept" ]; then return; fi
	programs bpf sanitized
	newest_clang kernel
	if [ "$newest" ]; then programs bpf "$newest"; fi
	variant gcc
	run 1800 tests/bpf/mutants "$directory"
	add_tap "kernel mutants" $?
}

part_lab() {
	is_root lab || return
	pytest 3600 lab gcc tests/lab
}

part_sanitized() {
	is_root sanitized || return
	MZ_ACCURACY='' MZ_HOOKS=first pytest 3600 "lab sanitized" sanitized tests/lab -m "not slow and not plain"
}

part_soak() {
	local limit=$((seconds * 2 + 1200)) plain=$((seconds / 4))
	local -x MZ_ACCURACY='' MZ_SOAK_SEED=$seed MZ_SOAK_SECONDS=$((seconds - plain))
	is_root soak || return
	echo "soak: $seconds seconds, seed $seed"
	pytest $limit soak sanitized tests/lab/soak.py
	MZ_HOOKS=first MZ_SOAK_SECONDS=$plain pytest $limit "soak plain" gcc tests/lab/soak.py
}

part_user() {
	run 1200 tests/user/run
	add_tap user $?
}

part_package() {
	local status kept_systems=${MZ_PACKAGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mezoura-package}
	can_install package package || return
	run 1200 tests/package/run "$work/package"
	add_tap package $?
	is_root "package installed" || return
	run 1800 tests/package/boot "$kept_systems" "$work"/package/mezoura_*.deb
	status=$?
	if [ $status = 3 ]; then
		skip "package installed" "$(tail -n 1 "$log")"
	else
		add_tap "package installed" $status
	fi
}

part_debian() {
	local suite
	is_root debian || return
	can_install debian roots || return
	for suite in "${suites[@]}"; do
		run 1800 tests/debian/run "$suite"
		add_tap "debian $suite" $?
	done
}

part_cross() {
	local machine
	can_install cross cross || return
	for machine in "${machines[@]}"; do
		run 3600 tests/cross/run "$machine"
		add_tap "cross $machine" $?
		sed -n 's/^# size/size/p' "$log"
	done
}

# What a guest left in $work/guests/GUEST.
add_guest() { # add_guest GUEST
	local there=$work/guests/$1 tap name
	if [ -e "$there/unavailable" ]; then
		skip "vm $1" "$(cat "$there/unavailable")"
		return
	fi
	for tap in "$there"/*.tap; do
		[ -e "$tap" ] || continue
		name=$(basename "$tap" .tap)
		add_tap "vm $1 ${name/./ }" "$(cat "$there/$name.status")" "$tap"
	done
	if [ -e "$there/accuracy" ] && [ "${MZ_ACCURACY-}" ]; then
		cat "$there/accuracy" >>"$MZ_ACCURACY"
	fi
	if [ "$1" = s390x ] || [ "$1" = arm64 ]; then # its programs are all it runs
		if ! [ -e "$there/no_btf.status" ]; then
			echo "FAIL vm $1: the guest did not start"
			add "vm $1" 0 1 0 "$there/console"
		fi
	elif [ -e "$there/pytest.status" ]; then
		add_pytest "vm $1 lab" "$(cat "$there/pytest.status")" "$there/junit.xml" "$there/pytest.log"
	else
		cat "$there/console" "$there/pytest.log" >"$log" 2>/dev/null
		echo "FAIL vm $1: the guest ended early"
		add "vm $1" 0 1 0
	fi
}

part_vm() {
	local guest needs=vm plain
	local kernels=${MZ_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mezoura-vm}
	is_root vm || return
	case " ${guests[*]} " in *" arm64 "*) needs=arm64 ;; esac
	can_install vm $needs || return
	newest_clang vm
	variant gcc
	plain=$directory
	mkdir "$work/guests"
	run 5000 tests/vm/all "$kernels" "$work/guests" "$plain${newest:+ $builds/$newest}" \
		"${guests[@]}" || sed 's/^/    /' "$log"
	for guest in "${guests[@]}"; do add_guest "$guest"; done
}
