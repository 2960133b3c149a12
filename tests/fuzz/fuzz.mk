# SPDX-License-Identifier: Apache-2.0
# tests/fuzz/NAME_fuzz.c are the fuzzers. FUZZ_NAME are the sources that one is about: libFuzzer is
# led by what it reaches in those, and their lines are what scripts/fuzz counts as covered.
#
#   $(B)/tests/fuzz/NAME   with replay.c, by the usual compiler: for make test
#   $(F)/NAME              with libFuzzer, under AddressSanitizer and UBSan
#   $(F)/NAME.lines        with replay.c, counts the lines that are reached

FUZZ_image := $(addprefix runtime/,image.c image_types.c image_lines.c image_write.c)
FUZZ_value := $(addprefix runtime/,types.c value_text.c) \
	$(addprefix cli/,json.c columns.c text.c value.c)
FUZZ_bytecode := $(addprefix runtime/,flow.c bytecode.c view.c submit.c usdt.c)
FUZZ_usdt := runtime/usdt_parse.c
FUZZ_target := runtime/target.c
FUZZ_verifier := $(wildcard runtime/verifier*.c) runtime/diag.c
FUZZ_perf_map := runtime/perf_map.c
FUZZ_scan := $(addprefix runtime/cc/,source.c headers_lex.c headers_scan.c headers_cond.c \
	headers_words.c)
FUZZ_btf := $(addprefix runtime/cc/headers_,btf.c cut.c emit.c alias.c near.c tracepoint.c)
FUZZ_elf := runtime/elf_file.c runtime/module.c
FUZZ_source := runtime/source.c

# Of these a part is in reach: they lead, but do not count.
FUZZ_ALSO_target := runtime/pattern.c $(wildcard runtime/provider_*.c)

# The most bytes of an input, where a file has more than a text.
FUZZ_LENGTH_image := 4096
FUZZ_LENGTH_elf := 2048
FUZZ_LENGTH_btf := 2048
FUZZ_LENGTH_bytecode := 257

# With fuzzers of the worker's parts, those it needs; symbols that are replaced by the fuzzer's.
FUZZ_OF_CC := scan btf
FUZZ_WRAP_elf := open
FUZZ_WRAP_scan := calloc realloc free
FUZZ_WRAP_btf := calloc realloc free
FUZZ_WRAP_source := stat open read close realpath

FUZZERS := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_RUNS ?= 10000000
F := $(B)/fuzz
FUZZ_CC := clang
FUZZ_SAN := -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all
# Comparisons are not traced: that takes more time than it finds.
FUZZ_LED := -fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp
FUZZ_FLAGS = -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g -Iruntime -Icli -I$(LLVM_PREFIX)/include \
	-I$(B)/runtime/cc -I$(B)/cli -DHOTPROBE_CC='"hotprobe-cc"' -DHOTPROBE_GUEST='"hotprobe-guest"' -MMD -MP

FUZZ_GENERATED := $(B)/runtime/cc/idioms.inc $(UAPI_TABLES) $(B)/cli/flame.inc $(B)/cli/syscalls.inc
FUZZ_HOST_SRC := $(LIB_SRC) runtime/image_write.c $(filter-out cli/main.c,$(CLI_SRC))
FUZZ_WORKER_SRC := $(filter-out runtime/cc/main.c,$(CC_SRC))
fuzz_libs = -Wl,--as-needed $(if $(filter $(1),$(FUZZ_OF_CC)),$(CC_LIBS),$(LIB_LIBS) -ljansson)
fuzz_wrap = $(foreach symbol,$(FUZZ_WRAP_$(1)),-Wl,--wrap=$(symbol))
FUZZ_OWN_btf := tests/fuzz/btf_seed.c
fuzz_own = tests/fuzz/fuzz.c $(FUZZ_OWN_$(1)) $(if $(filter $(1),$(FUZZ_OF_CC)),tests/fuzz/worker_memory.c)
fuzz_rest = $(F)/$(if $(filter $(1),$(FUZZ_OF_CC)),worker,host).a

$(F)/host.a: $(FUZZ_HOST_SRC:%.c=$(F)/rest/%.o)
$(F)/worker.a: $(FUZZ_WORKER_SRC:%.c=$(F)/rest/%.o)
$(F)/host.a $(F)/worker.a:
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# Compiled three times: led by what it reaches, only sanitized, with its lines counted.
$(F)/led/%.o: %.c | $(FUZZ_GENERATED)
	@mkdir -p $(@D)
	$(call say,FUZZ,$<)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) $(FUZZ_SAN) $(FUZZ_LED) -c -o $@ $<
$(F)/rest/%.o: %.c | $(FUZZ_GENERATED)
	@mkdir -p $(@D)
	$(call say,FUZZ,$<)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) $(FUZZ_SAN) -c -o $@ $<
$(F)/lines/%.o: %.c | $(FUZZ_GENERATED)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fprofile-instr-generate -fcoverage-mapping -c -o $@ $<

define FUZZER
$(F)/$(1): $(patsubst %.c,$(F)/led/%.o,tests/fuzz/$(1)_fuzz.c $(FUZZ_$(1)) $(FUZZ_ALSO_$(1))) \
		$(patsubst %.c,$(F)/rest/%.o,$(call fuzz_own,$(1))) $(call fuzz_rest,$(1))
	$$(call say,LD,$$@)
	$$(Q)$$(FUZZ_CC) $$(FUZZ_SAN) -fsanitize=fuzzer -o $$@ $$^ $(call fuzz_wrap,$(1)) \
		$(call fuzz_libs,$(1))
$(F)/$(1).lines: $(patsubst %.c,$(F)/lines/%.o,tests/fuzz/$(1)_fuzz.c $(call fuzz_own,$(1)) \
		tests/fuzz/replay.c $(FUZZ_$(1))) \
		$(B)/tests/fuzz/$(if $(filter $(1),$(FUZZ_OF_CC)),worker,host).a
	$$(Q)$$(FUZZ_CC) -fprofile-instr-generate -o $$@ $$^ $(call fuzz_wrap,$(1)) \
		$(call fuzz_libs,$(1))
$(B)/tests/fuzz/$(1): $(patsubst %.c,$(B)/%.o,tests/fuzz/$(1)_fuzz.c $(call fuzz_own,$(1)) \
		tests/fuzz/replay.c) $(B)/tests/fuzz/$(if $(filter $(1),$(FUZZ_OF_CC)),worker,host).a
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $(call fuzz_wrap,$(1)) $(call fuzz_libs,$(1))
endef
$(foreach name,$(FUZZERS),$(eval $(call FUZZER,$(name))))

$(B)/tests/fuzz/%.o: private COMPILE := -Icli -I$(LLVM_PREFIX)/include
$(B)/tests/fuzz/host.a: $(FUZZ_HOST_SRC:%.c=$(B)/%.o)
$(B)/tests/fuzz/worker.a: $(FUZZ_WORKER_SRC:%.c=$(B)/%.o)
$(B)/tests/fuzz/host.a $(B)/tests/fuzz/worker.a:
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

.PHONY: fuzz fuzz-build fuzz-sources
fuzz-sources:
	@echo $(FUZZ_$(NAME))
fuzz-build: $(FUZZERS:%=$(F)/%) $(FUZZERS:%=$(F)/%.lines)
fuzz:
	@scripts/install-deps test
	@$(MAKE) --no-print-directory fuzz-build
	@scripts/fuzz $(F) $(FUZZ_RUNS) \
		$(foreach name,$(FUZZERS),$(name):$(or $(FUZZ_LENGTH_$(name)),512))

-include $(shell find $(F) -name '*.d' 2>/dev/null)
