# SPDX-License-Identifier: Apache-2.0
# tests/*_test.c are Check suites, one program each; the others are helpers of theirs.

TEST_SRC := $(wildcard tests/*_test.c)
CLI_TEST_SRC := $(wildcard tests/cli_*_test.c)
CC_TEST_SRC := $(wildcard tests/cc_*_test.c)
LIB_TEST_SRC := $(filter-out $(CLI_TEST_SRC) $(CC_TEST_SRC),$(TEST_SRC))
TEST_PROGRAMS := $(B)/tests/child $(B)/tests/worker
BENCH_PROGRAMS :=

TEST_OBJ := $(B)/tests/support.o $(B)/tests/every_kind.o $(B)/runtime/image_write.o
TEST_LIBS := -lcheck -lsubunit -lm -lrt -lpthread

$(B)/tests/%.o: private COMPILE := -DSOURCE_DIR='"$(CURDIR)"'
$(B)/tests/cc_%.o: private COMPILE := -DSOURCE_DIR='"$(CURDIR)"' -I$(LLVM_PREFIX)/include

$(LIB_TEST_SRC:%.c=$(B)/%): $(B)/%: $(B)/%.o $(TEST_OBJ) $(B)/libhotprobe.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS) -ljansson $(TEST_LIBS)

$(CLI_TEST_SRC:%.c=$(B)/%): $(B)/%: $(B)/%.o $(TEST_OBJ) $(filter-out %/main.o,$(CLI_OBJ)) \
		$(B)/libhotprobe.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS) $(CLI_LIBS) $(TEST_LIBS)

# With the worker's own definitions of libc's functions first, as in the worker.
$(CC_TEST_SRC:%.c=$(B)/%): $(B)/%: $(B)/%.o $(B)/tests/support.o $(filter-out %/main.o,$(CC_OBJ)) \
		$(B)/libhotprobe.a
	$(call say,LD,$@)
	$(Q)$(CC) -rdynamic $(ALL_LDFLAGS) -o $@ $^ $(CC_LIBS) $(TEST_LIBS)

$(TEST_PROGRAMS) $(BENCH_PROGRAMS): %: %.o
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lpthread

.PHONY: $(B)/tests/all $(B)/tests/bench
$(B)/tests/all: $(TEST_SRC:%.c=$(B)/%) $(TEST_PROGRAMS)
$(B)/tests/bench: $(BENCH_PROGRAMS)

-include $(wildcard $(B)/tests/*.d)
