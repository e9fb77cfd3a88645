# SPDX-License-Identifier: GPL-2.0-or-later
# make             build/mezoura
# make check       the unit tests (no root); make check-names: that of one module. With -j, side by side
# make install     DESTDIR, PREFIX, SBINDIR, MANDIR, COMPLETIONDIR, UNITDIR, SYSUSERSDIR; with UNITDIR= neither
#                  the unit for systemd nor the users that it takes
# make uninstall   removes what install put there, with the same variables
# make dist        build/mezoura-VERSION.tar.gz, of what is committed; DIST=v0.1.0: of that tag
# Another build beside it: make B=build/asan SANITIZE=address,undefined CC=clang
# Without libuci, where there is one: make UCI=no
# Without the history, and with that SQLite, whose header it takes: make HISTORY=no
# With another default of --state, for packages: make STATE=/etc/mezoura
# Where the exporter is to be killed when it wants more than it may: make SECCOMP=kill
# One whose tables have another layout, for tests of upgrades: make B=build/other LAYOUT=v99
# One that answers scrapes with fresher figures, so that tests wait less: make FRESH_MS=100
# For packages, whose compilers come with new warnings: make WERROR=
# Two builds of the same sources with the same compilers and gzip are equal, wherever they are made.

PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d

B ?= build
CC = gcc
CLANG ?= clang
LLVM_STRIP ?= llvm-strip
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
WERROR ?= -Werror
# the .o of another byte order: make BPF_TARGET=bpfeb
BPF_TARGET ?= bpf
# where the kernel's headers for user programs are: this machine's compiler finds them by itself
BPF_CPPFLAGS ?= $(patsubst %/asm/types.h,-isystem %,$(filter %/asm/types.h,$(shell \
	$(CC) -M -include asm/types.h -x c /dev/null)))

VERSION := $(shell sed -n 's/^version = //p' VERSION)

LIBS := libbpf libmicrohttpd libmnl libseccomp zlib
# no directory of the one who builds in what is built
ALL_CFLAGS := -std=gnu11 -ffile-prefix-map='$(CURDIR)'=. -Wall -Wextra $(WERROR) -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -ffunction-sections -fdata-sections -fvisibility=hidden \
	-D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DMZ_VERSION='"$(VERSION)"' -Iinclude -Isrc \
	$(shell $(PKG_CONFIG) --cflags $(LIBS)) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS := -Wl,--gc-sections -Wl,--as-needed $(LDFLAGS)
# dlopen(3), which older libcs keep apart
LDLIBS := $(shell $(PKG_CONFIG) --libs $(LIBS)) -ldl
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
# SQLite is loaded while the program runs, and only by the processes that need it: no library here.
ifneq ($(HISTORY),no)
ALL_CFLAGS += -DMZ_HISTORY $(if $(STATE),-DMZ_STATE='"$(STATE)"')
endif
ifdef LAYOUT
LAYOUT_FLAGS := -DMZ_LAYOUT='"$(LAYOUT)"' -DMZ_LAYOUT_PAD=32
ALL_CFLAGS += $(LAYOUT_FLAGS)
endif
ifdef FRESH_MS
ALL_CFLAGS += -DEXPORTER_FRESH_MS=$(FRESH_MS)
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

SOURCES := $(wildcard src/*/*.c src/*/*/*.c)
TESTS := $(wildcard tests/unit/test_*.c tests/fuzz/fuzz_*.c tests/bench/bench_*.c)
ifeq ($(HISTORY),no)
SOURCES := $(filter-out src/history/% src/cli/history%,$(SOURCES))
# tests of it include its headers, or one of their own that does
TESTS := $(filter-out $(shell grep -lE "include \"(history/|cli/history$$(grep -lE 'include "history/' \
	tests/*/*.h | sed 's,.*/,|,' | tr -d '\n'))" $(TESTS)),$(TESTS))
endif
UNIT := $(patsubst tests/unit/%.c,$B/%,$(filter tests/unit/%,$(TESTS)))
KERNEL := $(patsubst tests/bpf/%.c,$B/%,$(wildcard tests/bpf/test_*.c))
FUZZ := $(patsubst tests/fuzz/%.c,$B/%,$(filter tests/fuzz/%,$(TESTS)))
REPLAY := $(FUZZ:$B/fuzz_%=$B/replay_%)
BENCH := $(patsubst tests/bench/%.c,$B/%,$(filter tests/bench/%,$(TESTS)))
LAB := $(addprefix $B/lab/,burst flood foreign mortal stalled throng wire without \
	allocations.so disturbed.so fatal.so hasty.so held.so starved.so)

all: $B/mezoura

# The objects of SOURCE.c are in obj/SOURCE.o, and beside each, in a .d, the headers that it is made of.
object = $(patsubst %.c,$B/obj/%.o,$(1))

$B/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# what takes longer to compile than to run
$B/obj/tests/unit/%.o $B/obj/tests/bpf/%.o: ALL_CFLAGS += -O1

$(call object,$(shell grep -rlw --include='*.c' MZ_VERSION src)): VERSION

LINK = $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LDLIBS) $(CMOCKA) $(JUDGE)

# The exporter's user executes it, whatever the umask.
$B/mezoura: $B/obj/src/main.o $B/libmezoura.a
	$(LINK)
	chmod 755 $@

# of the directories, too: a source may have gone. P: rooms may have files of the same name
$B/libmezoura.a: $(call object,$(SOURCES)) $(sort $(dir $(SOURCES)))
	rm -f $@
	$(AR) rcsP $@ $(filter %.o,$^)

# The classifier travels inside the program, packed. Only code and type information stay in it: which
# line an instruction is from, and what jumps lead to, nobody needs but who reads the verifier's log.
$B/obj/src/hooks/classifier.o: ALL_CFLAGS += -DMZ_CLASSIFIER='"$B/mezoura.bpf.o.gz"'
$B/obj/src/hooks/classifier.o: $B/mezoura.bpf.o.gz
$B/mezoura.bpf.o.gz: $B/mezoura.bpf.o
	gzip -9nc $< >$@
$B/mezoura.bpf.o: bpf/mezoura.bpf.c $(wildcard bpf/*.h include/*.h) Makefile
	@mkdir -p $(@D)
	$(CLANG) -target $(BPF_TARGET) -mcpu=v3 -O2 -g -Wall -Wextra $(WERROR) -Iinclude $(LAYOUT_FLAGS) \
		$(shell $(PKG_CONFIG) --cflags libbpf) $(BPF_CPPFLAGS) \
		-ffile-prefix-map='$(CURDIR)'=. -c -o $@ $<
	$(LLVM_STRIP) -g -w -N 'LBB*' -R .BTF.ext -R .rel.BTF.ext $@

tests: $(UNIT) $(KERNEL) $(REPLAY)
bench: $(BENCH)
# make B=build/fuzz CC=clang SANITIZE=fuzzer-no-link,address,undefined fuzz
fuzz: $(FUZZ)

$(UNIT) $(KERNEL): CMOCKA := -lcmocka
# another reader of JSON judges ours
$(UNIT) $(FUZZ) $(REPLAY): JUDGE := -ljson-c
$(UNIT): $B/%: $B/obj/tests/unit/%.o $B/libmezoura.a
	$(LINK)
$(KERNEL): $B/%: $B/obj/tests/bpf/%.o $B/libmezoura.a
	$(LINK)
$(REPLAY): $B/replay_%: $B/obj/tests/fuzz/fuzz_%.o $B/obj/tests/fuzz/replay.o $B/libmezoura.a
	$(LINK)
$(FUZZ): ALL_LDFLAGS += -fsanitize=fuzzer
$(FUZZ): $B/%: $B/obj/tests/fuzz/%.o $B/libmezoura.a
	$(LINK)
$(BENCH): $B/%: $B/obj/tests/bench/%.o $B/libmezoura.a
	$(LINK)
$B/bench_history: LDLIBS += -lm

# The lab's own tools, which share nothing with what they test.
lab: $(LAB)
$(LAB): LINK_TOOL = mkdir -p $(@D) && $(CC) -std=gnu11 -Wall -Wextra $(WERROR) -D_GNU_SOURCE -O2 -o $@ $<
$B/lab/mortal: tests/lab/mortal.c # static, so that it starts fast
	$(LINK_TOOL) -static
$B/lab/%.so: tests/lab/%.c
	$(LINK_TOOL) -shared -fPIC
$B/lab/%: tests/lab/%.c
	$(LINK_TOOL) -Wl,--as-needed -lbpf

# our own calls only: those in shared libraries stay as they are
$B/test_allocations $B/test_recorder_allocations: ALL_LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

# What a test says is shown where it fails.
check: $(UNIT:$B/test_%=check-%)
check-%: $B/test_%
	@$< >$<.log 2>&1 && echo "passed: $*" || { cat $<.log; echo "FAILED: $*"; exit 1; }

install: $B/mezoura
	install -D -m 755 $B/mezoura $(DESTDIR)$(SBINDIR)/mezoura
	install -D -m 644 man/mezoura.8 $(DESTDIR)$(MANDIR)/man8/mezoura.8
	install -D -m 644 completion/mezoura.bash $(DESTDIR)$(COMPLETIONDIR)/mezoura
ifneq ($(UNITDIR),)
	install -D -m 644 systemd/mezoura.sysusers $(DESTDIR)$(SYSUSERSDIR)/mezoura.conf
	install -D -m 644 systemd/mezoura.service $(DESTDIR)$(UNITDIR)/mezoura.service
	sed -i 's,/usr/sbin/mezoura,$(SBINDIR)/mezoura,' $(DESTDIR)$(UNITDIR)/mezoura.service
endif

uninstall:
	rm -f $(addprefix $(DESTDIR),$(SBINDIR)/mezoura $(MANDIR)/man8/mezoura.8 $(COMPLETIONDIR)/mezoura \
		$(if $(UNITDIR),$(SYSUSERSDIR)/mezoura.conf $(UNITDIR)/mezoura.service))

# Times are those of the commit, so that it is always the same.
DIST ?= HEAD
dist:
	mkdir -p $B
	version=$$(git show '$(DIST):VERSION' | sed -n 's/^version = //p') && [ "$$version" ] && \
	name=mezoura-$$version && \
	git -c tar.umask=022 archive --prefix=$$name/ -o $B/$$name.tar '$(DIST)' && \
	gzip -9nf $B/$$name.tar

clean:
	rm -rf $B

-include $(shell find $B/obj -name '*.d' 2>/dev/null)

.PHONY: all tests bench lab fuzz check install uninstall dist clean
.DELETE_ON_ERROR:
