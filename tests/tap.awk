# SPDX-License-Identifier: GPL-2.0-or-later
# awk -v name=NAME -v status=STATUS -v counts=FILE -f tests/tap.awk   counts TAP for script/test
#
# Prints a line for each test that failed or was skipped, and writes to FILE how many passed, failed and
# were skipped. status is the program's. cmocka 1.1.5 writes a skipped test as "not ok N # SKIP name", and
# our tests give the reason on a line before it.
/^1\.\.[0-9]+/ { planned += substr($0, 4) }
/^skipped: / { reason = substr($0, 10) }
/^(not )?ok [0-9]+.*# SKIP/ {
	skipped++
	sub(/^(not )?ok [0-9]+ *-? */, "")
	test = $0; sub(/ *# SKIP.*/, "", test)
	sub(/.*# SKIP */, "")
	if (test == "") { test = $0; $0 = reason }
	print "SKIP " name ": " test ": " $0
	next
}
/^not ok / { failed++; print "FAIL " name ": " $0 }
/^ok / { passed++ }
END {
	seen = passed + failed + skipped
	if (!failed && (status || !seen || seen < planned)) {
		failed = 1
		print "FAIL " name ": exit status " status " after " seen " of " \
			planned + 0 " tests"
	}
	print passed + 0, failed + 0, skipped + 0 >counts
}
