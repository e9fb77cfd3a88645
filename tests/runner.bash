#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by script/test: builds, runs a command so that nothing of it is left, and counts what it says.
#
# $work: a directory of this process. $builds: one that it shares with others; where $kept is set it is
# build/, whose programs are made anew only where sources changed.
# shellcheck disable=SC2154 # work, builds and kept are script/test's

passed=0 failed=0 skipped=0
job=''
log=$work/log

# run SECONDS COMMAND...: its output goes to $log. It has a process group of its own, of which
# nothing is left afterwards. Past its time it is interrupted, and 30 seconds later killed.
run() {
	local status
	set -m
	setpriv --pdeathsig INT timeout --foreground -s INT -k 30 "$@" </dev/null >"$log" 2>&1 &
	job=$!
	set +m
	wait "$job"
	status=$?
	kill -KILL -- "-$job" 2>/dev/null
	job=''
	return $status
}

# A test gets to tidy up after itself before we go. timeout tells its child; those below are told as well, since
# a shell waits for what it started.
stop_job() {
	local child
	[ "$job" ] || return 0
	child=$(pgrep -P "$job")
	# shellcheck disable=SC2046 # words
	kill -INT "$job" $(pgrep -g "$job" | grep -vxF -e "$job" ${child:+-e "$child"}) 2>/dev/null
	wait "$job"
	kill -KILL -- "-$job" 2>/dev/null
}

add() { # add NAME PASSED FAILED SKIPPED [LOG]: of what failed, script/test shows LOG at the end
	echo "$1: $2 passed, $3 failed, $4 skipped"
	((passed += $2, failed += $3, skipped += $4))
	if [ "$3" != 0 ]; then
		# indented, so that no line in it passes for ours
		(echo "$1:" && tail -n 100 "${5-$log}" | sed 's/^/    /') >>"$work/failures"
	fi
}

skip() { # skip NAME REASON
	echo "SKIP $1: $2"
	add "$1" 0 0 1
}

add_tap() { # add_tap NAME EXIT-STATUS [FILE]: counts the TAP in it, by default in $log
	local file=${3-$log}
	: >>"$file" # where there is none, no test ran
	awk -v name="$1" -v status="$2" -v counts="$work/counts" -f tests/tap.awk "$file"
	# shellcheck disable=SC2046 # three words
	add "$1" $(cat "$work/counts") "$file"
}

# Counts pytest's junit file, of a run that left what it said in SAID.
add_pytest() { # add_pytest NAME EXIT-STATUS JUNIT SAID
	local errors=0 failures=0 skips=0 tests=0 bad
	: >>"$4" # where there is none, no test ran
	read -r errors failures skips tests < <(sed -n 's/.*<testsuite .* errors="\([0-9]*\)" failures="\([0-9]*\)"'\
' skipped="\([0-9]*\)" tests="\([0-9]*\)".*/\1 \2 \3 \4/p' "$3" 2>/dev/null)
	bad=$((errors + failures))
	sed -n "s/^SKIPPED/SKIP $1/p; s/^\(FAILED\|ERROR\) /FAIL $1: /p" "$4"
	if [ $bad = 0 ] && { [ "$2" != 0 ] || [ "${tests:-0}" = 0 ]; }; then
		echo "FAIL $1: pytest ended with status $2 after ${tests:-0} tests"
		bad=1 tests=$((tests + 1))
	fi
	add "$1" $((tests - bad - skips)) $bad $((skips)) "$4"
}

# variant NAME [TARGET...]: builds it, where $kept is set only TARGETs, and sets directory to where it is.
# What does not compile counts as a failure here, and its tests where they are to run.
variant() {
	local settings=() targets=(all tests bench lab) base=''
	directory=$builds/$1
	case $1 in
	gcc) settings=(CC=gcc CFLAGS=-O2 SECCOMP=kill FRESH_MS=100) ;;
	clang) settings=(CC=clang CFLAGS=-O1) targets=(all tests) ;;
	sanitized)
		settings=(CC=gcc 'SANITIZE=address,undefined' 'CFLAGS=-O1 -g' FRESH_MS=100)
		targets=(all tests lab)
		;;
	clang-*) # of another one, only what tests the classifier, which alone is made by it
		settings=(CC=gcc "CLANG=$1") base=$builds/gcc
		mapfile -t targets < <(printf '%s\n' tests/bpf/test_*.c |
			sed "s,tests/bpf/\(.*\)\.c,$directory/\1,")
		;;
	fuzz)
		settings=(CC=clang 'SANITIZE=fuzzer-no-link,address,undefined' 'CFLAGS=-O1 -g')
		targets=(fuzz)
		;;
	esac
	if [ "$kept" ] && [ "$1" = gcc ]; then directory=$builds settings=(); fi
	if [ "$kept" ] && [ $# != 1 ]; then targets=("${@:2}"); fi
	if ! { mkdir -p "$builds" && : >>"$builds/$1.lock"; } 2>"$log"; then
		add "build $1" 0 1 0
		return
	fi
	exec {lock}<"$builds/$1.lock" # another of us waits for what this one builds
	flock "$lock"
	if [ "$kept" ] || [ ! -e "$directory" ]; then
		mkdir -p "$directory"
		if [ "$base" ]; then cp -a "$base/." "$directory" && rm "$directory/mezoura.bpf.o"; fi
		run 1200 make -s -k -j "$(nproc)" "B=$directory" "${settings[@]}" "${targets[@]}" ||
			add "build $1" 0 1 0
		if [ "$kept" ]; then chown -hR --reference=. build; fi # whoever builds next may not be root
	fi
	exec {lock}>&-
}

# programs KIND VARIANT: runs all test programs of tests/KIND, or those whose names have $only in them.
# Several at a time: some wait more than they work.
programs() {
	local source name names=() there=$work/$1.$2
	for source in "tests/$1"/test_*"$only"*.c; do
		if [ -e "$source" ]; then names+=("$(basename "$source" .c)"); fi
	done
	if [ ${#names[@]} = 0 ]; then
		echo "$1: none has $only in its name" >"$log"
		add "$1" 0 1 0
		return
	fi
	variant "$2" "${names[@]/#/$builds/}"
	mkdir -p "$there"
	export CMOCKA_MESSAGE_OUTPUT=TAP
	printf '%s\n' "${names[@]}" >"$there/names"
	# shellcheck disable=SC2016 # for the shells of xargs
	run 3600 xargs -a "$there/names" -P $((2 * $(nproc))) -I{} bash -c \
		'timeout --foreground -k 5 1200 "$1/$3" >"$2/$3.tap" 2>&1; echo $? >"$2/$3.status"' \
		- "$directory" "$there" {}
	for name in "${names[@]}"; do
		add_tap "$1 $2 $name" "$(cat "$there/$name.status" 2>/dev/null || echo none)" "$there/$name.tap"
	done
}

# pytest SECONDS NAME VARIANT TESTS OPTION...: the lab's, or those that $only chooses, as pytest's -k does.
# The files of a directory in nine shares, three of which at a time, each with a lab of its own: most tests wait
# more than they work.
pytest() {
	local tests=("$4") there=$work/pytest share i
	if [ -d "$4" ] && [ ! "$only" ]; then tests=("$4"/test_*.py); fi
	variant "$3" all lab
	rm -rf "$there"
	mkdir "$there"
	for i in "${!tests[@]}"; do echo "${tests[i]}" >>"$there/$((i % 9)).tests"; done
	printf '%s\n' "$there"/*.tests >"$there/shares"
	# shellcheck disable=SC2016 # for the shells of xargs
	run $(($1 + 60)) env "MEZOURA=$directory/mezoura" PYTHONDONTWRITEBYTECODE=1 COLUMNS=500 \
		xargs -a "$there/shares" -P 3 -I{} bash -c '
		mapfile -t tests <"$2"
		timeout --foreground -s INT -k 30 "$1" /usr/bin/python3 -m pytest -q -rsfE -p no:cacheprovider \
			"--junitxml=$2.xml" "${tests[@]}" "${@:3}" >"$2.log" 2>&1
		echo $? >"$2.status"' - "$1" {} ${only:+-k "$only"} "${@:5}"
	for share in "$there"/*.tests; do
		add_pytest "$2" "$(cat "$share.status" 2>/dev/null || echo none)" "$share.xml" "$share.log"
	done
}

is_root() { # is_root PART
	if [ "$(id -u)" = 0 ]; then return 0; fi
	skip "$1" "needs root"
	return 1
}

can_install() { # can_install PART NEEDS: as script/deps names it
	if run 900 script/deps "$2"; then return 0; fi
	tail -n 5 "$log" | sed 's/^/    /'
	skip "$1" "what it needs cannot be installed"
	return 1
}
