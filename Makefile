# SPDX-License-Identifier: Apache-2.0
#
#   make            build/hotprobe, build/hotprobe-cc, build/libhotprobe.so and .a
#   make demo       install what is missing, build, trace the opens of `cat /etc/hostname`
#   make test       install what is missing, build, run every suite; with GUESTS="6.1 6.12" what
#                   deals with the kernel on those of Debian's in QEMU, too
#   make test-guest the part in QEMU alone
#   make test-arm64 the same on Debian's arm64 kernel, which takes long: hotprobe is cross-built
#   make test-valgrind   the library's life under valgrind, 220 times
#   make conformance the BPF C of BCC's tools: does it compile, load and attach? Here, and in a guest
#                   (GUEST="6.1 6.12", GUEST= for none); and by BCC itself with hotprobe's headers
#   make faults     every allocation and every system call of the library fails once, in an hour
#   make bench      compare with the peers, in some six minutes; BENCH=quick: in two
#   make bench-plot draw what make bench measured
#   make bench-guest  the same of traced calls and of attaching to patterns, in QEMU
#   make soak       full load for a long time, each event accounted for: SOAK_SECONDS=1200 for each
#                   way to take them, SOAK_MODES="callback json" for some; and a host that is
#                   killed SOAK_KILLS=500 times
#   make fuzz       look for inputs that lead astray (FUZZ_RUNS=10000000 each)
#   make install    PREFIX=/usr/local DESTDIR=
#
# Variables: SANITIZE=1 builds with AddressSanitizer and UBSan into build/sanitize; CROSS=arm64 for
# arm64 into build/arm64, with what scripts/debian-root put into SYSROOT; V=1 shows the commands; CC,
# CFLAGS, LDFLAGS as usual.

VERSION := 0.1.0
SOVERSION := 0
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
LIBEXECDIR ?= $(PREFIX)/libexec/hotprobe
LLVM_PREFIX ?= /usr/lib/llvm-14

ARM64_ROOT ?= /var/cache/hotprobe-guest/root-arm64
ifdef CROSS
ifneq ($(CROSS),arm64)
$(error CROSS=$(CROSS): only arm64 is known)
endif
CROSS_TOOLS := aarch64-linux-gnu-
SYSROOT ?= $(ARM64_ROOT)
CC := $(CROSS_TOOLS)gcc --sysroot=$(SYSROOT)
LD := $(CROSS_TOOLS)ld
AR := $(CROSS_TOOLS)ar
OBJCOPY := $(CROSS_TOOLS)objcopy
LLVM_PREFIX := $(SYSROOT)/usr/lib/llvm-14
B := build/$(CROSS)
else ifdef SANITIZE
B := build/sanitize
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else
B := build
endif

CFLAGS ?= -O2 -g
OBJCOPY ?= objcopy
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(WARN) $(CFLAGS) $(SANFLAGS) -Iruntime -MMD -MP
ALL_LDFLAGS = $(SANFLAGS) $(LDFLAGS)
V ?= 0
ifeq ($(V),0)
Q := @
say = @printf '  %-5s %s\n' $(1) $(2);
endif

LIB_SRC := $(wildcard runtime/*.c)
CC_SRC := $(wildcard runtime/cc/*.c) runtime/arch.c runtime/request.c \
	runtime/image_records.c runtime/image_write.c runtime/kernel_config.c runtime/tp_format.c
CLI_SRC := $(wildcard cli/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o)
CC_OBJ := $(CC_SRC:%.c=$(B)/%.o)
CLI_OBJ := $(CLI_SRC:%.c=$(B)/%.o)

LIB_LIBS := -lbpf -lelf -lz -lmd
CC_LIBS := -lbcc -lclang-14 -lLLVM-14 -lbpf -lelf -lz -lseccomp -lpthread

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all demo test test-guest test-arm64 test-valgrind conformance faults soak bench bench-plot bench-guest install clean deps lint
all: $(B)/hotprobe $(B)/hotprobe-cc $(B)/hotprobe-guest $(B)/libhotprobe.so $(B)/libhotprobe.a $(B)/embed

$(B)/runtime/%.o: private COMPILE := -fPIC -fvisibility=hidden
$(B)/runtime/compile.o: private COMPILE := -fPIC -fvisibility=hidden \
	-DHOTPROBE_CC='"$(LIBEXECDIR)/hotprobe-cc"'
$(B)/cli/guest.o: private COMPILE := -DHOTPROBE_GUEST='"$(LIBEXECDIR)/hotprobe-guest"'
$(B)/cli/lesson_files.o: private COMPILE := -DHOTPROBE_LESSONS='"$(PREFIX)/share/hotprobe/lessons"'
# Its stacks are what a lesson is about.
$(B)/cli/lesson_activity.o: private COMPILE := -fno-omit-frame-pointer -fno-optimize-sibling-calls
$(B)/runtime/cc/%.o: private COMPILE := -I$(LLVM_PREFIX)/include -I$(B)/runtime/cc

# What the worker holds as text: the kernel idioms, and tables of the user-space API's constants, of
# this machine (linux-libc-dev) and of those that it can compile for (linux-libc-dev-*-cross).
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
MACHINE := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
UAPI_MACHINE_x86 := x86_64
UAPI_MACHINE_arm64 := aarch64
UAPI_FLAGS_x86 := -U__aarch64__ -D__x86_64__
UAPI_FLAGS_arm64 := -U__x86_64__ -D__aarch64__
UAPI_TABLES := $(B)/runtime/cc/uapi_x86.inc $(B)/runtime/cc/uapi_arm64.inc
uapi_dirs = $(if $(filter $(MACHINE),$(UAPI_MACHINE_$(1))),\
	$(addprefix $(SYSROOT)/usr/include,/ $(addprefix /,$(MULTIARCH))),\
	$(or $(wildcard /usr/$(UAPI_MACHINE_$(1))-linux-gnu/include),\
		$(if $(wildcard /usr/include/$(UAPI_MACHINE_$(1))-linux-gnu/asm),\
			/usr/include /usr/include/$(UAPI_MACHINE_$(1))-linux-gnu)))
$(B)/runtime/cc/headers_macros.o: $(B)/runtime/cc/idioms.inc
$(B)/runtime/cc/headers_uapi.o: $(UAPI_TABLES)

as_string = sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/'
$(B)/runtime/cc/idioms.inc: runtime/cc/idioms.h
	@mkdir -p $(@D)
	$(Q)$(as_string) $< > $@

# The names of system calls on the machine that hotprobe is built for.
$(B)/cli/convert.o: $(B)/cli/syscalls.inc
$(B)/cli/convert.o: private COMPILE := -I$(B)/cli
$(B)/cli/syscalls.inc:
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)echo '#include <asm/unistd.h>' | $(CC) -E -dM - | \
		sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$$/[\2] = "\1",/p' > $@.new && mv $@.new $@

# What a flame graph holds as text.
$(B)/cli/flame.o: $(B)/cli/flame.inc
$(B)/cli/flame.o: private COMPILE := -I$(B)/cli
$(B)/cli/flame.inc: cli/flame.js
	@mkdir -p $(@D)
	$(Q)$(as_string) $< > $@

$(UAPI_TABLES): $(B)/runtime/cc/uapi_%.inc: runtime/cc/uapi.sh
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)sh $< $* '$(CC) $(UAPI_FLAGS_$*)' $(call uapi_dirs,$*) > $@.new && mv $@.new $@

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) $(COMPILE) -c -o $@ $<

# One object, so that what is hidden can be made local: in an archive of many it would be in the
# way of a host's own functions of those names.
$(B)/libhotprobe.a: $(LIB_OBJ)
	$(call say,AR,$@)
	$(Q)$(LD) -r -o $(B)/libhotprobe.o $^
	$(Q)$(OBJCOPY) --localize-hidden $(B)/libhotprobe.o
	$(Q)rm -f $@ && $(AR) rcs $@ $(B)/libhotprobe.o

$(B)/libhotprobe.so: $(LIB_OBJ) runtime/libhotprobe.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared -Wl,-soname,libhotprobe.so.$(SOVERSION) \
		-Wl,--version-script=runtime/libhotprobe.map -Wl,-z,now \
		$(ALL_LDFLAGS) -o $@ $(LIB_OBJ) $(LIB_LIBS)
	$(Q)ln -sf libhotprobe.so $(B)/libhotprobe.so.$(SOVERSION)

# -rdynamic: the worker's own definitions of libc's and libbcc's functions have to be found first.
$(B)/hotprobe-cc: $(CC_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) -rdynamic $(ALL_LDFLAGS) -o $@ $(CC_OBJ) $(CC_LIBS)

# Linked with the archive, so that a copied build/hotprobe needs no library path.
$(B)/hotprobe: $(CLI_OBJ) $(B)/libhotprobe.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(CLI_OBJ) $(B)/libhotprobe.a $(LIB_LIBS)

$(B)/hotprobe-guest: scripts/guest
	$(Q)ln -sf $(CURDIR)/scripts/guest $@

COMPLETIONS := share/bash-completion/completions/hotprobe share/zsh/site-functions/_hotprobe \
	share/fish/vendor_completions.d/hotprobe.fish

# Made of what the command's help and the library's header say.
MAN := $(B)/man/hotprobe.1 $(B)/man/libhotprobe.3
MAN_HOTPROBE := $(if $(CROSS),build,$(B))/hotprobe
$(B)/man/hotprobe.1: scripts/man-command scripts/man-date $(MAN_HOTPROBE)
	@mkdir -p $(@D)
	$(call say,MAN,$@)
	$(Q)$< $(MAN_HOTPROBE) > $@
$(B)/man/libhotprobe.3: scripts/man-library scripts/man-date runtime/hotprobe.h
	@mkdir -p $(@D)
	$(call say,MAN,$@)
	$(Q)$< runtime/hotprobe.h > $@

$(B)/embed: programs/embed.c $(B)/libhotprobe.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(B)/libhotprobe.a $(LIB_LIBS)

include tests/tests.mk
include tests/fuzz/fuzz.mk

deps:
	@scripts/install-deps

demo:
	@scripts/install-deps
	@$(MAKE) --no-print-directory all
	@scripts/demo

# Kernels for test to run suites on besides this machine's. Sanitized programs are not for emulated
# processors.
GUESTS ?=
test:
	@scripts/install-deps test
	@[ -z "$(GUESTS)" ] || scripts/install-deps guest || :
	@$(MAKE) --no-print-directory all $(B)/tests/all
	@scripts/test $(B) $(GUESTS)

# Its time is that of an emulated processor: some twenty minutes.
ARM64_GUESTS ?= 6.12-arm64
test-arm64:
	@scripts/install-deps test guest arm64
	@$(MAKE) --no-print-directory all $(B)/tests/all
	@scripts/debian-root arm64 $(ARM64_ROOT) $$(scripts/install-deps --root)
	@$(MAKE) --no-print-directory CROSS=arm64 all build/arm64/tests/all
	@SYSROOT=$(ARM64_ROOT) GUEST_TIMEOUT=3600 scripts/test --guests-only $(B) $(ARM64_GUESTS)

test-valgrind:
	@scripts/install-deps test
	@$(MAKE) --no-print-directory all $(B)/tests/all
	@scripts/test-valgrind $(B)

test-guest: GUESTS := $(or $(GUESTS),6.1 6.12)
test-guest:
	@scripts/install-deps test guest
	@$(MAKE) --no-print-directory all $(B)/tests/all
	@scripts/test --guests-only $(B) $(GUESTS)

faults:
	@scripts/install-deps test
	@$(MAKE) --no-print-directory all $(addprefix $(B)/tests/,faults_test child user_child)
	@HOTPROBE_TEST_FAULTS=all $(B)/tests/faults_test

SOAK_SECONDS ?= 1200
SOAK_KILLS ?= 500
soak:
	@scripts/install-deps test
	@$(MAKE) --no-print-directory all $(addprefix $(B)/tests/,soak/soak soak/producer killed_test victim)
	@$(B)/tests/soak/soak $(B) $(SOAK_SECONDS) $(SOAK_MODES)
	@HOTPROBE_TEST_KILLS=$(SOAK_KILLS) $(B)/tests/killed_test

bench:
	@scripts/install-deps bench
	@$(MAKE) --no-print-directory all $(B)/tests/bench/all
	@scripts/bench $(B) $(BENCH)

bench-plot:
	@scripts/install-deps bench
	@tests/bench/plot.py $(B)/bench/results.json tests/bench/results.svg

bench-guest:
	@scripts/install-deps bench guest
	@$(MAKE) --no-print-directory all $(B)/tests/bench_calls
	@scripts/bench-guest

# The BPF C of BCC's own tools through compiler and verifier and to where it is attached, on this
# kernel and in guests; by BCC itself; and the layout of every type of the kernel's.
GUEST ?= $(if $(shell command -v qemu-system-x86_64),6.1)
CONFORMANCE := --hotprobe $(B)/hotprobe --directory $(B)/conformance
$(B)/tests/layout: tests/conformance/layout.c $(filter $(B)/runtime/cc/headers_% \
		$(B)/runtime/cc/text.o $(B)/runtime/cc/tree.o $(B)/runtime/arch.o \
		$(B)/runtime/kernel_config.o $(B)/runtime/tp_format.o,$(CC_OBJ))
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -I$(LLVM_PREFIX)/include $(ALL_LDFLAGS) -o $@ $^ -lclang-14 -lz

conformance:
	@scripts/install-deps test
	@$(MAKE) --no-print-directory all $(B)/tests/layout
	@$(B)/tests/layout
	@python3 tests/conformance/run.py $(CONFORMANCE)
	@for kernel in $(GUEST); do \
		python3 tests/conformance/run.py $(CONFORMANCE) --kernel $$kernel || exit 1; done
	@python3 tests/conformance/stock.py $(CONFORMANCE)

install: all $(MAN)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(LIBDIR)/pkgconfig \
		$(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(PREFIX)/share/hotprobe/programs
	install -m 755 $(B)/hotprobe $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(B)/hotprobe-cc $(DESTDIR)$(LIBEXECDIR)/
	install -m 755 scripts/guest $(DESTDIR)$(LIBEXECDIR)/hotprobe-guest
	install -m 755 scripts/guest-init scripts/debian-root $(DESTDIR)$(LIBEXECDIR)/
	install -m 644 runtime/hotprobe.h $(DESTDIR)$(PREFIX)/include/
	install -m 644 $(B)/libhotprobe.a $(DESTDIR)$(LIBDIR)/
	install -m 755 $(B)/libhotprobe.so $(DESTDIR)$(LIBDIR)/libhotprobe.so.$(VERSION)
	ln -sf libhotprobe.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libhotprobe.so.$(SOVERSION)
	ln -sf libhotprobe.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libhotprobe.so
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(VERSION)|' \
		runtime/hotprobe.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/hotprobe.pc
	install -m 644 programs/*.c $(DESTDIR)$(PREFIX)/share/hotprobe/programs/
	for lesson in $(notdir $(wildcard programs/lessons/*)); do \
		install -d $(DESTDIR)$(PREFIX)/share/hotprobe/lessons/$$lesson && \
		install -m 644 programs/lessons/$$lesson/* \
			$(DESTDIR)$(PREFIX)/share/hotprobe/lessons/$$lesson/ || exit 1; done
	install -D -m 644 $(B)/man/hotprobe.1 $(DESTDIR)$(PREFIX)/share/man/man1/hotprobe.1
	install -D -m 644 $(B)/man/libhotprobe.3 $(DESTDIR)$(PREFIX)/share/man/man3/libhotprobe.3
	for name in $$(sed -n 's/^[a-z].*\(hotprobe_[a-z0-9_]*\)(.*/\1/p' runtime/hotprobe.h); do \
		echo '.so man3/libhotprobe.3' > $(DESTDIR)$(PREFIX)/share/man/man3/$$name.3 || exit; done
	for file in $(COMPLETIONS); do install -D -m 644 $$file $(DESTDIR)$(PREFIX)/$$file || exit; done

clean:
	rm -rf build

-include $(LIB_OBJ:.o=.d) $(CC_OBJ:.o=.d) $(CLI_OBJ:.o=.d)
