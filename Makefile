# attest: `make help` lists what can be asked for.
#
# Everything built lies under build/.  Three variants share these rules: release in build/, debug
# (AddressSanitizer, UndefinedBehaviorSanitizer) in build/debug/ and fuzz (those and libFuzzer, which
# clang has) in build/fuzz/.  `make debug` and `make` record the variant that they built in
# build/variant, and `make test` tests that one; ci/fuzz/run.sh asks for the third.

VERSION := 0.1.0
comma := ,

# Taken before MAKEFLAGS grows: the first word holds the one-letter options.
dry_run := $(findstring n,$(firstword -$(MAKEFLAGS)))
MAKEFLAGS += --no-builtin-rules --no-builtin-variables
SHELL := /bin/bash
.DELETE_ON_ERROR:
.SECONDARY:

# Settings of the user: CC, CXX, NVCC, WERROR=0, V=1 (whole command lines), BUILD, PREFIX, DESTDIR.
ifneq ($(filter default undefined,$(origin CC)),)
CC := gcc
endif
ifneq ($(filter default undefined,$(origin CXX)),)
CXX := g++
endif
WERROR ?= 1
PREFIX ?= /usr/local
DESTDIR ?=
BUILD_ROOT := build
Q := $(if $(V),,@)

goals := $(or $(MAKECMDGOALS),all)

# --- variant ----------------------------------------------------------------------------------

recorded_variant := $(file <$(BUILD_ROOT)/variant)
ifneq ($(filter debug,$(goals)),)
VARIANT := debug
else ifneq ($(filter test tests config,$(goals)),)
VARIANT ?= $(or $(recorded_variant),release)
else
VARIANT ?= release
endif
BUILD ?= $(if $(filter debug fuzz,$(VARIANT)),$(BUILD_ROOT)/$(VARIANT),$(BUILD_ROOT))

# --- dependencies -----------------------------------------------------------------------------

# Goals that compile nothing probe nothing.
building := $(filter-out clean fuzz help lint uninstall reconfigure,$(goals))

ifneq ($(building),)
# `make run` and `make test` start on a bare machine: installing comes before probing.
ifneq ($(and $(filter run test,$(goals)),$(if $(dry_run),,yes)),)
unused := $(shell ci/install.sh >&2)
ifneq ($(.SHELLSTATUS),0)
$(error Not set up: see above)
endif
endif

CONFIG := $(BUILD_ROOT)/config.mk
missing := $(shell CC='$(CC)' CXX='$(CXX)' NVCC='$(NVCC)' ci/configure.sh $(CONFIG))
ifneq ($(missing),)
$(error $(missing))
endif
include $(CONFIG)
endif

# --- sources ----------------------------------------------------------------------------------

rooms := harness harness/* suites suites/* suites/kernels/cpu suites/kernels/cuda reference datasets reports
c_sources := $(filter-out harness/tests/% suites/tests/%,$(sort $(wildcard $(rooms:=/*.c))))
cxx_sources := $(sort $(wildcard harness/*/*.cc suites/kernels/cpu/*.cc))
# A system FAISS with a C interface needs none of ours.
ifeq ($(FAISS),system)
cxx_sources := $(filter-out suites/kernels/cpu/faiss_c.cc,$(cxx_sources))
endif
ifneq ($(HNSWLIB),1)
cxx_sources := $(filter-out suites/kernels/cpu/graph_hnswlib%,$(cxx_sources))
endif
cu_sources := $(if $(filter 1,$(CUDA)),$(sort $(wildcard suites/kernels/cuda/*.cu)))

main_source := harness/main.c
library_sources := $(filter-out $(main_source),$(c_sources)) $(cxx_sources) $(cu_sources)

test_globs := */tests */*/tests */*/*/tests
test_sources := $(sort $(wildcard $(addsuffix /test_*.c,$(test_globs))))
test_scripts := $(sort $(wildcard $(addsuffix /test_*.sh,$(test_globs))))
# Other C files in a tests folder are linked into each test of that folder.
test_helpers := $(filter-out $(test_sources),$(sort $(wildcard $(addsuffix /*.c,$(test_globs)))))

# One fuzz target a file.  Some have a mutator, which only libFuzzer calls.
fuzz_targets := $(sort $(wildcard ci/fuzz/fuzz_*.c))
mutator_annb := ci/fuzz/mutate_hdf5.c
mutator_journal := ci/fuzz/mutate_journal.c
mutator_record := ci/fuzz/mutate_hdf5.c
fuzz_mutators := $(sort $(mutator_annb) $(mutator_journal) $(mutator_record))
fuzz_common := ci/fuzz/answer.c
fuzz_seeder := ci/fuzz/make_seeds.c
fuzz_replay := ci/fuzz/tests/test_replay
fuzz_sources := $(fuzz_targets) $(fuzz_mutators) $(fuzz_common) $(fuzz_seeder)

object = $(BUILD)/obj/$(1).o
library_objects := $(foreach source,$(library_sources),$(call object,$(source)))
main_object := $(call object,$(main_source))
test_programs := $(test_sources:%.c=$(BUILD)/%)
all_objects := $(library_objects) $(main_object) \
    $(foreach source,$(test_sources) $(test_helpers) $(fuzz_sources),$(call object,$(source)))

# --- flags ------------------------------------------------------------------------------------

warnings := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla $(if $(filter 1,$(WERROR)),-Werror)
c_warnings := -Wstrict-prototypes -Wmissing-prototypes
c_standard := -std=c17
cxx_standard := -std=c++17
definitions := -D_GNU_SOURCE -DATTEST_CUDA=$(or $(CUDA),0) -DATTEST_HNSWLIB=$(or $(HNSWLIB),0)

ifeq ($(VARIANT),debug)
optimisation := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
optimisation_hot :=
link_flags := -fsanitize=address,undefined
else ifeq ($(VARIANT),fuzz)
optimisation := -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
    -fno-sanitize=vptr -fno-sanitize-recover=all
optimisation_hot :=
link_flags := -fsanitize=fuzzer,address,undefined
else
optimisation := -O2
optimisation_hot := -O3
link_flags :=
endif

# Only kernels may fuse a multiplication with an addition: everywhere else a result must not depend
# on what the compiler finds to contract.
flags_plain := -ffp-contract=off
flags_data := $(optimisation_hot) -ffp-contract=off
flags_kernel := $(optimisation_hot) -ffp-contract=fast
room_flags = $(strip $(if $(filter suites/kernels/%,$(1)),$(flags_kernel),\
    $(if $(filter datasets/% reference/% suites/lm/% suites/retrieval/%,$(1)),$(flags_data),$(flags_plain))))

# The baseline is plain x86-64; a file named after an instruction set is compiled for it, and the
# program asks the CPU before it calls into such a file.
flags_avx2 := -mavx2 -mfma -mf16c
flags_avx512 := -mavx512f -mavx512bw -mavx512dq -mavx512vl $(flags_avx2)
flags_vnni := -mavx512vnni $(flags_avx512)
isa_flags = $(if $(filter %_avx2.c %_avx2.cc,$(1)),$(flags_avx2))$(if \
    $(filter %_avx512.c %_avx512.cc,$(1)),$(flags_avx512))$(if \
    $(filter %_vnni.c,$(1)),$(flags_vnni))

# No path of the building machine enters the program.
prefix_map := -ffile-prefix-map=$(CURDIR)=.
dependencies = -MMD -MP
includes := $(LIB_CFLAGS) $(CUDA_CFLAGS)

base_flags := $(optimisation) -g $(warnings)
c_flags := $(c_standard) $(base_flags) $(c_warnings) $(definitions) $(includes)
cxx_flags := $(cxx_standard) $(base_flags) $(definitions) $(includes)
cu_host_flags := -Wall,-Wextra,$(if $(filter 1,$(WERROR)),-Werror$(comma))$(prefix_map)
# -lineinfo, which a profiler wants, writes the absolute path of the source into the program.
cu_flags := -std=c++17 -O3 $(if $(filter debug,$(VARIANT)),-lineinfo )$(CUDA_GENCODE)

# What measures the machine's limits is never slowed by sanitizers: a floor made with it would refuse the
# libraries, which are not.
instruments := %/fma_peak_avx2.c %/fma_peak_avx512.c %/fma_peak_scalar.c \
    %/int8_peak_avx2.c %/int8_peak_scalar.c %/int8_peak_vnni.c \
    %/stream_read_avx2.c %/stream_read_avx512.c %/stream_read_scalar.c
instrument_flags = $(if $(filter $(instruments),$(1)),-O3 -fno-sanitize=all)

# hnswlib reads the link behind a full list, to prefetch what it names; that is not ours to mend.
unsanitized_flags = $(if $(filter %/graph_hnswlib.cc,$(1)),-fno-sanitize=all)

c_command = $(CC) $(c_flags) $(prefix_map) $(call room_flags,$(1)) $(call isa_flags,$(1)) \
    $(call instrument_flags,$(1))
cxx_command = $(CXX) $(cxx_flags) $(prefix_map) $(call room_flags,$(1)) $(call isa_flags,$(1)) \
    $(call unsanitized_flags,$(1))
libraries := $(CUDA_LIBS) $(LIB_LIBS)

# What a record says of the compilation.
stated_flags := $(c_standard) $(optimisation) $(flags_plain); \
    kernels: $(flags_kernel); avx2: $(flags_avx2); \
    avx512: $(flags_avx512); vnni: $(flags_vnni)$(if $(filter 1,$(CUDA)),; cuda: $(cu_flags))

# --- building ---------------------------------------------------------------------------------

.PHONY: all debug
all: $(BUILD)/attest ## build build/attest (the default)
debug: $(BUILD)/attest ## build build/debug/attest with ASan and UBSan; `make test` then tests it

ifneq ($(filter all debug,$(goals)),)
ifeq ($(dry_run),)
ifneq ($(recorded_variant),$(VARIANT))
unused := $(shell mkdir -p $(BUILD_ROOT))$(file >$(BUILD_ROOT)/variant,$(VARIANT))
endif
endif
endif

# Rewritten only when a flag or a tool changes; every object depends on it.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(CXX) $(NVCC)' '$(c_flags)' '$(stated_flags)' '$(libraries)' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/include/build_facts.h: $(BUILD)/flags FORCE
	@mkdir -p $(@D)
	@{ ci/version.sh; echo '#define ATTEST_VERSION "$(VERSION)"'; \
	   echo '#define ATTEST_CFLAGS "$(strip $(stated_flags))"'; \
	   echo '#define ATTEST_LIBRARIES "$(FOUND)"'; } >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

version_object := $(call object,harness/base/version.c)
$(version_object): $(BUILD)/include/build_facts.h

# Their bytes are carried inside the objects.
$(call object,datasets/manifest.c): datasets/manifest.tsv
$(call object,datasets/text_list.c): datasets/texts.tsv
$(call object,datasets/trace.c): datasets/traces/smollm2.h5
# May be absent.
$(call object,datasets/projections_committed.c): $(wildcard datasets/projections/*.h5)

# Without libFuzzer all targets are linked into one program, so each is called by its own name.
entry_flags = $(if $(filter $(fuzz_targets),$(1)),$(if $(filter fuzz,$(VARIANT)),,\
    -DLLVMFuzzerTestOneInput=$(basename $(notdir $(1)))))

$(BUILD)/obj/%.c.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(call c_command,$<) $(call entry_flags,$<) $(if $(filter $@,$(version_object)),-I$(BUILD)/include) \
	    $(if $(findstring /tests/,$<),$(CMOCKA_CFLAGS)) $(dependencies) -c $< -o $@

$(BUILD)/obj/%.cc.o: %.cc $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CXX   $<"
	$(Q)$(call cxx_command,$<) $(dependencies) -c $< -o $@

$(BUILD)/obj/%.cu.o: %.cu $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  NVCC  $<"
	$(Q)$(NVCC) $(cu_flags) $(definitions) -Xcompiler $(cu_host_flags) -MMD -MP -c $< -o $@

# Made anew, so that no member of a deleted source stays behind.
$(BUILD)/libattest.a: $(library_objects)
	@echo "  AR    $@"
	$(Q)rm -f $@ && ar rcsD $@ $^

$(BUILD)/attest: $(main_object) $(BUILD)/libattest.a
	@echo "  LINK  $@"
	$(Q)$(CXX) $(link_flags) $^ $(libraries) -o $@

.SECONDEXPANSION:
helpers_of = $(foreach source,$(filter $(dir $(1))%,$(test_helpers)) \
    $(if $(filter $(fuzz_replay),$(1)),$(fuzz_targets) $(fuzz_common)),$(call object,$(source)))
$(test_programs): $(BUILD)/%: $(BUILD)/obj/%.c.o $$(call helpers_of,$$*) $(BUILD)/libattest.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CXX) $(link_flags) $^ $(libraries) $(CMOCKA_LIBS) -o $@

.PHONY: fuzz-programs fuzz-seeds
fuzz_programs := $(fuzz_targets:%.c=$(BUILD)/%)
mutator_of = $(foreach source,$(mutator_$(1:ci/fuzz/fuzz_%=%)),$(call object,$(source)))
fuzz-programs: $(fuzz_programs)
$(fuzz_programs): $(BUILD)/%: $(BUILD)/obj/%.c.o $$(call mutator_of,$$*) \
    $(call object,$(fuzz_common)) $(BUILD)/libattest.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CXX) $(link_flags) $^ $(libraries) -o $@

# Writes ci/fuzz/seeds anew; asked for by hand when a format changes.
fuzz-seeds: $(BUILD)/ci/fuzz/make_seeds
	@$< ci/fuzz/seeds
$(BUILD)/ci/fuzz/make_seeds: $(call object,$(fuzz_seeder)) $(BUILD)/libattest.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CXX) $(link_flags) $^ $(libraries) -o $@

-include $(all_objects:.o=.d)

# --- running and testing ----------------------------------------------------------------------

.PHONY: run test tests fuzz lint paper bundle torture
run: $(BUILD)/attest ## install what is missing, build, run the experiments, print record and tables
	@ci/run-main.sh $<

test: tests ## install what is missing, build, run every test of the variant built last
	@echo "testing the $(VARIANT) build in $(BUILD)/"
	@ATTEST='$(CURDIR)/$(BUILD)/attest' ci/test.sh $(test_programs) $(test_scripts)

tests: $(BUILD)/attest $(test_programs) ## build the test programs without running them

ifneq ($(and $(filter test tests,$(goals)),$(CMOCKA_MISSING)),)
$(error $(CMOCKA_MISSING))
endif

fuzz: ## fuzz every reader for T=60 seconds each; TARGETS="idx npy": only these
	@T='$(T)' TARGETS='$(TARGETS)' ci/fuzz/run.sh

lint: ## layout, gcc and clang with -Werror, static analysis, sorted lists
	@ci/lint.sh

paper: $(BUILD)/attest ## regenerate reports/out from the committed records
	@ATTEST='$(CURDIR)/$<' reports/paper.sh

N ?= 200
torture: $(BUILD)/attest ## kill N runs (200) at random moments, resume them, look at what is left
	@ATTEST='$(CURDIR)/$<' ci/torture.sh $(N)

bundle: $(BUILD)/attest ## make a relocatable tarball of the program
	@ATTEST='$(CURDIR)/$<' ci/bundle.sh

# --- documentation and installing -------------------------------------------------------------

man_page := $(BUILD)/man/attest.1
completions := $(addprefix $(BUILD)/completions/,attest.bash _attest attest.fish)

.PHONY: docs install uninstall
docs: $(man_page) $(completions) ## man page and shell completions, from the option table

$(BUILD)/help-table.tsv: $(BUILD)/attest
	@$< --help-table >$@

$(man_page): $(BUILD)/help-table.tsv ci/man.sh ci/attest.1.in
	@mkdir -p $(@D)
	@echo "  GEN   $@"
	$(Q)ci/man.sh $< ci/attest.1.in $(VERSION) >$@

$(completions): $(BUILD)/help-table.tsv ci/completions.sh suites/experiments.h
	@mkdir -p $(@D)
	@echo "  GEN   $@"
	$(Q)ci/completions.sh $(@F) $< suites/experiments.h >$@

# SOURCE:TARGET:MODE
data_dir := $(PREFIX)/share
installed := \
    $(BUILD)/attest:$(PREFIX)/bin/attest:755 \
    $(man_page):$(data_dir)/man/man1/attest.1:644 \
    $(BUILD)/completions/attest.bash:$(data_dir)/bash-completion/completions/attest:644 \
    $(BUILD)/completions/_attest:$(data_dir)/zsh/site-functions/_attest:644 \
    $(BUILD)/completions/attest.fish:$(data_dir)/fish/vendor_completions.d/attest.fish:644 \
    LICENSE:$(data_dir)/doc/attest/LICENSE:644
part = $(word $(1),$(subst :, ,$(2)))

install: $(BUILD)/attest docs ## install to $(DESTDIR)$(PREFIX), by default /usr/local
	@$(foreach entry,$(installed),install -D -m $(call part,3,$(entry)) \
	    '$(call part,1,$(entry))' '$(DESTDIR)$(call part,2,$(entry))' && ) \
	echo "installed to $(DESTDIR)$(PREFIX)"

uninstall: ## remove what `make install` put there
	@rm -f $(foreach entry,$(installed),'$(DESTDIR)$(call part,2,$(entry))')
	@rmdir '$(DESTDIR)$(data_dir)/doc/attest' 2>/dev/null || true

# --- the rest ---------------------------------------------------------------------------------

.PHONY: config reconfigure compdb clean help FORCE
config: ## show what was found and the flags that follow from it
	@printf '%-10s %s\n' version '$(VERSION)' variant '$(VARIANT) in $(BUILD)/' \
	    compiler "$$($(CC) --version | head -n 1)" libraries '$(FOUND)' \
	    faiss '$(FAISS:archive=C++ archive with the C interface of suites/kernels/cpu/faiss_c.cc)' \
	    cuda '$(if $(filter 1,$(CUDA)),$(NVCC),left out: $(CUDA_REASON))' \
	    flags '$(strip $(stated_flags))'

reconfigure: ## look for compilers and libraries again
	@rm -f $(BUILD_ROOT)/config.mk
	@CC='$(CC)' CXX='$(CXX)' NVCC='$(NVCC)' ci/configure.sh $(BUILD_ROOT)/config.mk

# For editors and clang-tidy; CUDA files are left out, clang-tidy does not take nvcc's flags.  Make
# writes the file itself: all the commands together are longer than a shell's line may be.
compdb_entry = {"directory":"$(CURDIR)","file":"$(1)","command":"$(2) -c $(1)"}
compdb_c = $(call compdb_entry,$(1),$(call c_command,$(1)) -I$(BUILD)/include)
compdb_c_sources = $(c_sources) $(test_sources) $(test_helpers)
compdb: $(BUILD)/compile_commands.json ## write build/compile_commands.json
$(BUILD)/compile_commands.json: $(BUILD)/flags $(BUILD)/include/build_facts.h Makefile
	$(file >$@,[$(call compdb_c,$(firstword $(compdb_c_sources))))
	$(foreach source,$(wordlist 2,$(words $(compdb_c_sources)),$(compdb_c_sources)),\
	    $(file >>$@,$(comma)$(call compdb_c,$(source))))
	$(foreach source,$(cxx_sources),\
	    $(file >>$@,$(comma)$(call compdb_entry,$(source),$(call cxx_command,$(source)))))
	$(file >>$@,])
	@:

clean: ## remove build/
	rm -rf $(BUILD_ROOT)

help: ## this list
	@sed -n 's/^\([a-z][a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | \
	    expand -t 20
	@echo
	@echo 'Variables: CC CXX NVCC WERROR=0 V=1 VARIANT=release|debug|fuzz PREFIX= DESTDIR='

FORCE:
