# SPDX-License-Identifier: Apache-2.0
# tests/*_test.c are Check suites, one program each; the others are helpers of theirs.

TEST_SRC := $(wildcard tests/*_test.c)
CLI_TEST_SRC := $(wildcard tests/cli_*_test.c)
CC_TEST_SRC := $(wildcard tests/cc_*_test.c)
LIB_TEST_SRC := $(filter-out $(CLI_TEST_SRC) $(CC_TEST_SRC),$(TEST_SRC))
TEST_PROGRAMS := $(B)/tests/child $(B)/tests/worker $(B)/tests/user_child $(B)/tests/outside_cc $(B)/tests/victim
SOAK_OBJ := $(addprefix $(B)/tests/soak/,soak.o consumer_host.o consumer_command.o)
BENCH_PROGRAMS := $(B)/tests/bench/caller $(B)/tests/bench/hotprobe_host $(B)/tests/bench/libbpf_host
BENCH_OBJECTS := $(foreach size,16 64 256 4096,$(B)/tests/bench/ring$(size).o $(B)/tests/bench/perf$(size).o)

TEST_OBJ := $(addprefix $(B)/tests/,support.o calls.o net.o seen.o unlinks.o every_kind.o unheld.o)
# The library with its inside, which the one that is installed hides.
$(B)/tests/libinternal.a: $(LIB_OBJ)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

TEST_LIBS := -lcheck -lsubunit -lm -lrt -lpthread

$(B)/tests/%.o: private COMPILE := -DSOURCE_DIR='"$(CURDIR)"'
$(B)/tests/cc_%.o: private COMPILE := -DSOURCE_DIR='"$(CURDIR)"' -I$(LLVM_PREFIX)/include

$(LIB_TEST_SRC:%.c=$(B)/%): $(B)/%: $(B)/%.o $(TEST_OBJ) $(B)/tests/libinternal.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIB_LIBS) -ljansson $(TEST_LIBS)

$(CLI_TEST_SRC:%.c=$(B)/%): $(B)/%: $(B)/%.o $(TEST_OBJ) $(filter-out %/main.o,$(CLI_OBJ)) \
		$(B)/tests/libinternal.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS) -ljansson $(TEST_LIBS)

# With the worker's own definitions of libc's functions first, as in the worker.
$(CC_TEST_SRC:%.c=$(B)/%): $(B)/%: $(B)/%.o $(B)/tests/support.o $(filter-out %/main.o,$(CC_OBJ)) \
		$(B)/tests/libinternal.a
	$(call say,LD,$@)
	$(Q)$(CC) -rdynamic $(ALL_LDFLAGS) -o $@ $^ $(CC_LIBS) $(LIB_LIBS) $(TEST_LIBS)

# Its stacks are walked by frame pointers, and its calls are what they look like.
$(B)/tests/user_child.o: private COMPILE := -fno-omit-frame-pointer -fno-optimize-sibling-calls
$(B)/tests/user_library.o: private COMPILE := -fPIC
$(B)/tests/libuser.so: $(B)/tests/user_library.o
	$(call say,LD,$@)
	$(Q)$(CC) -shared -Wl,--build-id $(ALL_LDFLAGS) -o $@ $<
$(B)/tests/user_child: private LIBS := -L$(B)/tests -luser -Wl,-rpath,'$$ORIGIN' -Wl,--build-id
$(B)/tests/user_child: | $(B)/tests/libuser.so

$(B)/tests/soak_test: $(SOAK_OBJ)
$(B)/tests/soak_test $(B)/tests/killed_test: | $(B)/tests/soak/producer
$(B)/tests/faults_test: $(addprefix $(B)/tests/faults/,alloc.o faulty.o scenarios.o)
$(B)/tests/soak/producer: %: %.o
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^
$(B)/tests/soak/soak: $(B)/tests/soak/main.o $(SOAK_OBJ) $(B)/libhotprobe.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS) -lpthread

$(B)/tests/outside_cc: $(B)/runtime/request.o
$(B)/tests/bench_calls $(B)/tests/victim: private LIBS := $(LIB_LIBS)
$(B)/tests/bench_calls $(B)/tests/victim: $(B)/libhotprobe.a
$(TEST_PROGRAMS) $(B)/tests/bench_calls: %: %.o
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) -lpthread

# The benchmark's own programs, and what its peer with libbpf runs, compiled ahead.
$(BENCH_PROGRAMS): %: %.o $(B)/libhotprobe.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS)

BENCH_BPF = $(Q)clang -O2 -g -target bpf -I/usr/include/$(MULTIARCH)
$(B)/tests/bench/ring%.o: tests/bench/libbpf_event.bpf.c tests/bench/event.h
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(BENCH_BPF) -DSIZE=$* -c -o $@ $<
$(B)/tests/bench/perf%.o: tests/bench/libbpf_event.bpf.c tests/bench/event.h
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(BENCH_BPF) -DSIZE=$* -DPERF -c -o $@ $<

.PHONY: $(B)/tests/all $(B)/tests/bench/all
$(B)/tests/all: $(B)/libhotprobe.so $(TEST_SRC:%.c=$(B)/%) $(TEST_PROGRAMS)
$(B)/tests/all: $(patsubst tests/fuzz/%_fuzz.c,$(B)/tests/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
$(B)/tests/bench/all: $(BENCH_PROGRAMS) $(BENCH_OBJECTS)

-include $(wildcard $(addprefix $(B)/tests/,*.d bench/*.d faults/*.d fuzz/*.d soak/*.d))
