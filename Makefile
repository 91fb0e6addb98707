# Everything a person types. Set-up is tools/setup.py, the build is CMake (presets release, vulkan, cuda, asan, tsan) with Ninja.
.DEFAULT_GOAL := help
.PHONY: run test test-gpu test-sanitized soak mutants check bench peers build setup clean help format format-check
MAKEFLAGS += --no-print-directory

JOBS ?= $(shell nproc)
WORLD ?= worlds/lanternfall
ARGS ?=
TSAN ?= all
SETUP := python3 tools/setup.py

# GPU=vulkan or GPU=cuda, for run, build and setup: a build folder of its own. Only as a word of the command line: a variable of
# this name may stand in the environment for something else.
GPU :=
ifneq ($(filter-out vulkan cuda,$(GPU))$(word 2,$(GPU)),)
$(error GPU=$(GPU) is not known: GPU=vulkan, GPU=cuda, or nothing for the processor alone)
endif
PRESET := $(or $(GPU),release)
FOR_GPU := $(if $(GPU),--gpu $(GPU))

# One compiler cache for all clones: paths below this folder are taken as relative.
CACHE := $(or $(TROUPE_CACHE),$(HOME)/.cache/troupe)
export CCACHE_DIR ?= $(CACHE)/ccache
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
export CCACHE_MAXSIZE ?= 4G
export CCACHE_SLOPPINESS := pch_defines,time_macros,include_file_mtime,include_file_ctime

help:
	@echo "make run      set up, build and start the world Lanternfall (WORLD=DIR for another, ARGS=... for troupe up)"
	@echo "              GPU=vulkan or GPU=cuda: layers of the models on a graphics card, as its memory allows"
	@echo "make test     set up, build, every test"
	@echo "make test-gpu the engine and a short talk by Vulkan, on Mesa's device in software: no card is needed; not part of make test"
	@echo "make test-sanitized  the same tests under ASan + UBSan, then under TSan"
	@echo "make soak     after make test: what the tests repeat (days, kills, fuzzing) in full, and half an hour of players; hours"
	@echo "make mutants  takes each guard of tests/mutations.toml away: a test must fail; a quarter of an hour, after make test"
	@echo "make check    the fast loop: rules and service tests, format; under 2 minutes after a build"
	@echo "make bench    every benchmark beside its peer; results in build/bench"
	@echo "make peers    the gateways that make bench runs against (LiteLLM, SMG, vllm-router, Portkey), about 1 GB"
	@echo "make build    build/troupe and nothing else"
	@echo "make setup    packages, Python and Node, llama.cpp, weights; once per machine, again it only looks"
	@echo "make format   format the C++ sources"
	@echo "make clean    remove build/ (what set-up fetched stays in ~/.cache/troupe)"

run: build
	@exec build/troupe up --world $(WORLD) $(ARGS)

# Weights go on arriving while the compiler works; --finish waits for them and measures.
build:
	@$(SETUP) run --overlap $(FOR_GPU)
	@$(MAKE) build/$(PRESET)/build.ninja
	@cmake --build build/$(PRESET) --parallel $(JOBS) --target troupe
	@$(call here,$(PRESET))
	@$(SETUP) run --finish

test:
	@$(SETUP) test --overlap
	@$(MAKE) build/release/build.ninja
	@cmake --build build/release --parallel $(JOBS)
	@$(call here,release)
	@$(SETUP) test --finish
	@ctest --test-dir build/release --output-on-failure --no-tests=error --parallel $(JOBS)

# Whether it works, not how fast: Mesa's lavapipe computes on the processor. It has to be named twice, since llama.cpp leaves
# devices of the processor alone unless it is told to take them.
test-gpu:
	@$(SETUP) test --overlap --gpu vulkan
	@$(MAKE) build/vulkan/build.ninja
	@cmake --build build/vulkan --parallel $(JOBS) --target troupe troupe_gpu_test
	@$(SETUP) test --finish
	@lavapipe=$$(ls /usr/share/vulkan/icd.d/lvp_icd*.json) && \
	 VK_DRIVER_FILES=$$lavapipe VK_ICD_FILENAMES=$$lavapipe GGML_VK_VISIBLE_DEVICES=0 \
	 ctest --test-dir build/vulkan --output-on-failure --no-tests=error --label-regex '^gpu$$'

# The same tests under AddressSanitizer + UndefinedBehaviorSanitizer, then under ThreadSanitizer. TSAN=threads: of the latter
# only what has more than one thread.
test-sanitized:
	@$(SETUP) test --overlap
	@$(MAKE) build/asan/build.ninja build/tsan/build.ninja
	@cmake --build build/asan --parallel $(JOBS)
	@cmake --build build/tsan --parallel $(JOBS) --target $(TSAN)
	@$(SETUP) test --finish
	@ctest --test-dir build/asan --output-on-failure --no-tests=error --parallel $(JOBS)
	@ctest --test-dir build/tsan --output-on-failure --no-tests=error --parallel $(JOBS) $(if $(filter threads,$(TSAN)),--label-regex '^threads$$')

# After `make test`. ARGS names tests, e.g. ARGS=kills; without it all of them run, one after the other.
soak:
	@python3 tools/soak.py $(ARGS)

# After `make test`: what is built is changed and built again, a guard at a time.
mutants:
	@python3 tools/mutate.py

check: format-check
	@$(SETUP) run --overlap
	@$(MAKE) build/release/build.ninja
	@cmake --build build/release --parallel $(JOBS)
	@$(call here,release)
	@ctest --test-dir build/release --output-on-failure --no-tests=error --parallel $(JOBS) --label-regex '^fast$$'

# Without the gateways the benchmarks that need them say so, and the others run.
bench:
	@$(SETUP) bench
	@$(SETUP) peers || true
	@$(MAKE) build/release/build.ninja
	@cmake --build build/release --parallel $(JOBS) --target bench_programs
	@$(call here,release)
	@python3 bench/run.py $(ARGS)

peers:
	@$(SETUP) peers

setup:
	@$(SETUP) run $(FOR_GPU)

# Ninja configures again by itself when a CMakeLists.txt or build/setup.cmake changes.
build/%/build.ninja: CMakePresets.json
	@cmake --preset $*

# build/troupe is the program that was built last.
here = ln -sfn $(1)/bin/troupe build/troupe

SOURCES = git ls-files -z --cached --others --exclude-standard -- '*.cpp' '*.h'

format:
	@$(SOURCES) | xargs -0 -r clang-format-19 -i

format-check:
	@command -v clang-format-19 >/dev/null || $(SETUP) run --overlap
	@$(SOURCES) | xargs -0 -r -n 50 -P $(JOBS) clang-format-19 --dry-run --Werror

clean:
	@rm -rf build
