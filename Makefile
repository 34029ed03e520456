# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Two commands do everything on a fresh Debian 12 machine: `make demo` and
# `make check`. The build itself is CMake's.
BUILD ?= build
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

.PHONY: build demo check conformance bench install

build: $(BUILD)/build.ninja
	cmake --build $(BUILD) -j $(JOBS)

$(BUILD)/build.ninja: scripts/setup
	scripts/setup
	cmake -G Ninja -S . -B $(BUILD)

demo: build
	$(BUILD)/bin/ampoule run --pv $(BUILD)/samples/hello/hello 3 one 2; test $$? = 2
	$(BUILD)/bin/ampoule run --pvh $(BUILD)/samples/hello/hello 3 one 2; test $$? = 2
	$(BUILD)/bin/ampoule report $(BUILD)/samples/hello/hello

check: build
	scripts/setup chromium chromium-driver csmith libcsmith-dev ccache lua5.4 \
	  sqlite3 libasio-dev nlohmann-json3-dev bind9-dnsutils curl \
	  libclang-rt-22-dev dosfstools mtools gdb apache2-utils wrk dnsperf \
	  iputils-ping iperf3 dnsmasq-base
	scripts/fetch-sources $(BUILD)/programs lua sqlite httplib redis nginx \
	  iperf3 || \
	  echo "check: sources of programs are missing; their tests will be skipped"
	scripts/build-xen $(BUILD)/xen $(JOBS) || test $$? = 77
	scripts/check $(BUILD)

# Hours. What ran already is not run again.
conformance: build
	test/conformance/conformance $(BUILD) --jobs=$(JOBS)
	test/conformance/conformance $(BUILD) --target=xen --failed=linux --jobs=$(JOBS)
	test/conformance/conformance $(BUILD) --target=xen --part=1/10 --jobs=$(JOBS)

bench: build
	scripts/setup nlohmann-json3-dev libasio-dev wrk dnsperf chromium \
	  chromium-driver iputils-ping dnsmasq-base
	scripts/fetch-sources $(BUILD)/programs httplib
	bench/bench $(BUILD)
	bench/serve $(BUILD)
	bench/answer $(BUILD)
	bench/disk $(BUILD)

install: build
	cmake --install $(BUILD) --prefix $(PREFIX)
