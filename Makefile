# SPDX-License-Identifier: GPL-2.0-or-later
# make             build/mezoura
# make check       the unit tests (no root)
# make install     DESTDIR, PREFIX, SBINDIR, MANDIR, COMPLETIONDIR
# make dist        build/mezoura-VERSION.tar.gz, of what is committed; DIST=v0.1.0: of that tag
# Another build beside it: make B=build/asan SANITIZE=address,undefined CC=clang
# Without libuci, where there is one: make UCI=no
# Where the exporter is to be killed when it wants more than it may: make SECCOMP=kill
# One whose tables have another layout, for tests of upgrades: make B=build/other LAYOUT=v99
# For packages, whose compilers come with new warnings: make WERROR=
# Two builds of the same sources with the same compilers and gzip are equal, wherever they are made.

PREFIX ?= /usr
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions

B ?= build
CC = gcc
CLANG ?= clang
LLVM_STRIP ?= llvm-strip
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
WERROR ?= -Werror
# the .o of another byte order: make BPF_TARGET=bpfeb
BPF_TARGET ?= bpf
# where the kernel's headers for user programs are
BPF_CPPFLAGS ?= -I/usr/include/$(shell $(CC) -print-multiarch)

VERSION := $(shell sed -n 's/^version = //p' VERSION)

LIBS := libbpf libmicrohttpd libmnl json-c libseccomp zlib
# no directory of the one who builds in what is built
ALL_CFLAGS := -std=gnu11 -ffile-prefix-map='$(CURDIR)'=. -Wall -Wextra $(WERROR) -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -ffunction-sections -fdata-sections -fvisibility=hidden \
	-D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DMZ_VERSION='"$(VERSION)"' -Iinclude -Isrc \
	$(shell $(PKG_CONFIG) --cflags $(LIBS)) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS := -Wl,--gc-sections -Wl,--as-needed $(LDFLAGS)
LDLIBS := $(shell $(PKG_CONFIG) --libs $(LIBS))
# OpenWrt's own reader of its configuration, which pkg-config does not know: found by trying, and
# left alone with UCI=no. Elsewhere than in the usual places: CPPFLAGS=-I... LDFLAGS=-L...
UCI_LIBS := -luci -lubox
ifndef UCI
UCI := $(shell echo 'int main(void) { return !uci_alloc_context(); }' | $(CC) $(CPPFLAGS) \
	-include uci.h -x c -o /dev/null - $(LDFLAGS) $(UCI_LIBS) 2>/dev/null && echo yes)
endif
ifeq ($(UCI),yes)
ALL_CFLAGS += -DMZ_LIBUCI
LDLIBS += $(UCI_LIBS)
endif
ifdef LAYOUT
LAYOUT_FLAGS := -DMZ_LAYOUT='"$(LAYOUT)"' -DMZ_LAYOUT_PAD=32
ALL_CFLAGS += $(LAYOUT_FLAGS)
endif
ifeq ($(SECCOMP),kill)
ALL_CFLAGS += -DMZ_SECCOMP_KILL
endif
ifdef SANITIZE
ALL_CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
ALL_LDFLAGS += -fsanitize=$(SANITIZE)
else
# Only debuggers unwind a stack, and -g has tables for them, which are stripped: these would be a tenth of
# the program.
ALL_CFLAGS += -fno-unwind-tables -fno-asynchronous-unwind-tables
endif

HEADERS := $(wildcard include/*.h src/*.h)
SOURCES := $(filter-out src/main.c,$(wildcard src/*.c))
OBJECTS := $(SOURCES:src/%.c=$B/%.o)
UNIT := $(patsubst tests/unit/test_%.c,$B/test_%,$(wildcard tests/unit/test_*.c))
KERNEL := $(patsubst tests/bpf/test_%.c,$B/test_%,$(wildcard tests/bpf/test_*.c))
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,$B/fuzz_%,$(wildcard tests/fuzz/fuzz_*.c))
BENCH := $(patsubst tests/bench/bench_%.c,$B/bench_%,$(wildcard tests/bench/bench_*.c))

all: $B/mezoura

# The exporter's user executes it, whatever the umask.
$B/mezoura: $B/main.o $B/libmezoura.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)
	chmod 755 $@

$B/libmezoura.a: $(OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

$B/%.o: src/%.c $(HEADERS) VERSION Makefile | $B
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# The classifier travels inside the program, packed. Only code and type information stay in it: which
# line an instruction is from, and what jumps lead to, nobody needs but who reads the verifier's log.
$B/classifier.o: ALL_CFLAGS += -DMZ_CLASSIFIER='"$B/mezoura.bpf.o.gz"'
$B/classifier.o: $B/mezoura.bpf.o.gz
$B/mezoura.bpf.o.gz: $B/mezoura.bpf.o
	gzip -9nc $< >$@
$B/mezoura.bpf.o: bpf/mezoura.bpf.c $(wildcard bpf/*.h include/*.h) Makefile | $B
	$(CLANG) -target $(BPF_TARGET) -mcpu=v3 -O2 -g -Wall -Wextra $(WERROR) -Iinclude $(LAYOUT_FLAGS) \
		$(shell $(PKG_CONFIG) --cflags libbpf) $(BPF_CPPFLAGS) \
		-ffile-prefix-map='$(CURDIR)'=. -c -o $@ $<
	$(LLVM_STRIP) -g -w -N 'LBB*' -R .BTF.ext -R .rel.BTF.ext $@

$B:
	mkdir -p $@

tests: $(UNIT) $(KERNEL) $(FUZZ:$B/fuzz_%=$B/replay_%)
bench: $(BENCH)
# make B=build/fuzz CC=clang SANITIZE=fuzzer-no-link,address,undefined fuzz
fuzz: $(FUZZ)

$B/test_%: tests/unit/test_%.c $(wildcard tests/unit/*.h) $B/libmezoura.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $B/libmezoura.a $(LDLIBS) -lcmocka
$B/test_%: tests/bpf/test_%.c $(wildcard tests/bpf/*.h) $B/libmezoura.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $B/libmezoura.a $(LDLIBS) -lcmocka
$B/replay_%: tests/fuzz/fuzz_%.c tests/fuzz/replay.c tests/fuzz/fuzz.h $B/libmezoura.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< tests/fuzz/replay.c $B/libmezoura.a $(LDLIBS)
$B/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/fuzz.h $B/libmezoura.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $< $B/libmezoura.a $(LDLIBS)
$B/bench_%: tests/bench/bench_%.c $(wildcard tests/bench/*.h) $B/libmezoura.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $B/libmezoura.a $(LDLIBS)

# our own calls only: those in shared libraries stay as they are
$B/test_allocations: ALL_LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

check: $(UNIT)
	@for t in $(UNIT); do $$t || exit 1; done

install: $B/mezoura
	install -D -m 755 $B/mezoura $(DESTDIR)$(SBINDIR)/mezoura
	install -D -m 644 man/mezoura.8 $(DESTDIR)$(MANDIR)/man8/mezoura.8
	install -D -m 644 completion/mezoura.bash $(DESTDIR)$(COMPLETIONDIR)/mezoura

# Times are those of the commit, so that it is always the same.
DIST ?= HEAD
dist: | $B
	version=$$(git show '$(DIST):VERSION' | sed -n 's/^version = //p') && [ "$$version" ] && \
	name=mezoura-$$version && \
	git -c tar.umask=022 archive --prefix=$$name/ -o $B/$$name.tar '$(DIST)' && \
	gzip -9nf $B/$$name.tar

clean:
	rm -rf $B

.PHONY: all tests bench fuzz check install dist clean
.DELETE_ON_ERROR:
