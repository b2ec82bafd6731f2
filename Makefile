# Every target works on a fresh clone, without any step before it.

PREFIX  ?= /usr/local
# A fixed length, so that every clone gives a commit the same name.
VERSION ?= $(shell git describe --tags --always --dirty --abbrev=12 2>/dev/null || echo devel)
COMMIT  ?= $(shell git describe --exclude '*' --always --dirty --abbrev=12 2>/dev/null)
# The date in the manual pages: that of the commit, or SOURCE_DATE_EPOCH.
DATE     = $(shell if [ -n "$$SOURCE_DATE_EPOCH" ]; \
	then date -u -d "@$$SOURCE_DATE_EPOCH" +%F 2>/dev/null || date -u -r "$$SOURCE_DATE_EPOCH" +%F; \
	else git log -1 --format=%cs 2>/dev/null; fi)
FUZZTIME ?= 30s
# Where files are built before they are installed.
BUILD   := build

GO       := go
PROGRAMS := cargo-login cargo-logout cargo-credential-keyring
CLI      := github.com/cargo-auth/cargo-auth/internal/cli
LDFLAGS  := -s -w -X $(CLI).version=$(VERSION) -X $(CLI).commit=$(COMMIT)
# Inlining makes the programs larger, and pays off only in code that runs often:
# this project, the TOML parser, and the core of Go.
INLINED  := github.com/cargo-auth/... github.com/pelletier/... runtime/... internal/...
# The same sources give the same bytes in any directory. GOWORK=off takes library
# versions from the root's go.mod alone, not from those of test and tools.
COMPILE  := CGO_ENABLED=0 GOWORK=off $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -gcflags=all=-l $(INLINED:%=-gcflags=%=)
MODULES  := . ./test ./tools
PACKAGES := ./... ./test/... ./tools/...
LICENSES := LICENSE-MIT LICENSE-APACHE THIRD-PARTY-LICENSES
# Manual pages, shell completion and licences, under the prefix.
SHARED   := $(PROGRAMS:%=share/man/man1/%.1) \
	$(PROGRAMS:%=share/bash-completion/completions/%) \
	$(PROGRAMS:%=share/zsh/site-functions/_%) \
	$(PROGRAMS:%=share/fish/vendor_completions.d/%.fish) \
	$(PROGRAMS:%=share/cargo-auth/completions/%.ps1) \
	$(LICENSES:%=share/doc/cargo-auth/%)
# Tools that some tests need, each with its Debian package.
TOOLS    := git:git dbus-daemon:dbus gnome-keyring-daemon:gnome-keyring secret-tool:libsecret-tools strace:strace \
	dh_bash-completion:bash-completion zsh:zsh fish:fish rpm:rpm
SYSTEMS  := linux darwin windows freebsd
MACHINES := amd64 arm64

.PHONY: build programs front man completions licenses demo install uninstall install-cargo uninstall-cargo packages test parity parity-record fuzz bench bench-profile lint cross format tidy clean

build: programs front

# A copy starts up to a fifth faster than the file that the linker wrote, which
# lies in the page cache page by page.
programs:
	@rm -rf '$(BUILD)/linked' && mkdir -p bin '$(BUILD)/linked'
	$(COMPILE) -o '$(BUILD)/linked/' $(PROGRAMS:%=./cmd/%)
	install -m 755 '$(BUILD)/linked/'* bin

front:
	@mkdir -p bin/front
	$(COMPILE) -o bin/front/ ./cmd/cargo

# Builds the manual pages from docs/man.
man:
	@mkdir -p '$(BUILD)/share/man/man1'
	@set -e; for program in $(PROGRAMS); do \
		$(GO) tool go-md2man -in docs/man/$$program.1.md -out '$(BUILD)/share/man/man1/'$$program.tmp; \
		sed -f docs/man/troff.sed -e 's|^\.TH .*|& "$(DATE)" "cargo-auth $(VERSION)" "User Commands"|' \
			'$(BUILD)/share/man/man1/'$$program.tmp > '$(BUILD)/share/man/man1/'$$program.1; \
		rm '$(BUILD)/share/man/man1/'$$program.tmp; \
	done

# Builds the completion files for each shell. The programs themselves list the
# candidates, through cobra. We do not use cobra's own files, except the one for
# PowerShell: to remove quotes, they run what is on the command line, such as
# $(command), and in fish even what was quoted.
completions:
	@mkdir -p '$(BUILD)/share/bash-completion/completions' '$(BUILD)/share/zsh/site-functions' \
		'$(BUILD)/share/fish/vendor_completions.d' '$(BUILD)/share/cargo-auth/completions'
	GOOS= GOARCH= $(GO) run ./cmd/cargo-credential-keyring completion powershell > '$(BUILD)/completion.ps1'
	@set -e; for program in $(PROGRAMS); do \
		sed "s/PROGRAM/$$program/g" docs/completion/program.bash > '$(BUILD)/share/bash-completion/completions/'$$program; \
		sed "s/PROGRAM/$$program/g" docs/completion/program.zsh > '$(BUILD)/share/zsh/site-functions/'_$$program; \
		sed "s/PROGRAM/$$program/g" docs/completion/program.fish > '$(BUILD)/share/fish/vendor_completions.d/'$$program.fish; \
		sed -e "s/cargo-credential-keyring/$$program/g" -e "s/cargo_credential_keyring/$$(echo $$program | tr - _)/g" \
			-e "s/CARGO_CREDENTIAL_KEYRING/$$(echo $$program | tr a-z- A-Z_)/g" \
			'$(BUILD)/completion.ps1' > '$(BUILD)/share/cargo-auth/completions/'$$program.ps1; \
	done

# Collects our licences, and those of everything the programs are linked from.
licenses:
	@mkdir -p '$(BUILD)/share/doc/cargo-auth'
	cp LICENSE-MIT LICENSE-APACHE '$(BUILD)/share/doc/cargo-auth'
	$(GO) run ./tools/licenses '$(BUILD)/share/doc/cargo-auth/THIRD-PARTY-LICENSES' $(PROGRAMS:%=./cmd/%)

# Logs in and out of a registry on loopback, in a temporary home.
demo: programs
	@$(GO) run ./tools/demo bin

install: programs man completions licenses
	install -d '$(DESTDIR)$(PREFIX)/bin'
	install -m 755 $(PROGRAMS:%=bin/%) '$(DESTDIR)$(PREFIX)/bin'
	@set -e; for file in $(SHARED); do \
		install -d "$$(dirname '$(DESTDIR)$(PREFIX)/'$$file)"; \
		install -m 644 '$(BUILD)/'$$file '$(DESTDIR)$(PREFIX)/'$$file; \
	done

uninstall:
	rm -f $(PROGRAMS:%='$(DESTDIR)$(PREFIX)/bin/%')
	rm -f $(SHARED:%='$(DESTDIR)$(PREFIX)/%')
	rmdir '$(DESTDIR)$(PREFIX)/share/cargo-auth/completions' '$(DESTDIR)$(PREFIX)/share/cargo-auth' \
		'$(DESTDIR)$(PREFIX)/share/doc/cargo-auth' 2>/dev/null || true

# The front is a program named cargo. So it is installed only on request, and
# never over another cargo.
FRONT = $(DESTDIR)$(PREFIX)/bin/cargo
only-front = if [ -e '$(FRONT)' ] || [ -L '$(FRONT)' ]; then \
	$(GO) version -m '$(FRONT)' 2>/dev/null | grep -q 'path.*/cargo-auth/cmd/cargo$$' || \
		{ echo '$(FRONT) is another cargo'; exit 1; }; fi

install-cargo: front
	@$(only-front)
	install -d '$(DESTDIR)$(PREFIX)/bin'
	install -m 755 bin/front/cargo '$(FRONT)'

uninstall-cargo:
	@$(only-front)
	rm -f '$(FRONT)'

# Builds packages for every system in dist/. It installs into one tree, copies it
# for each system, and puts that system's programs and licences there. Files get
# the time of the commit, or SOURCE_DATE_EPOCH.
packages:
	rm -rf dist
	$(MAKE) install DESTDIR='$(CURDIR)/dist/native' PREFIX=/usr
	@set -e; mkdir dist/trees; \
	for system in $(SYSTEMS); do for machine in $(MACHINES); do \
		echo "$$system/$$machine"; \
		tree=dist/trees/$$system-$$machine; \
		cp -R dist/native/usr $$tree; \
		rm $(PROGRAMS:%=$$tree/bin/%); \
		GOOS=$$system GOARCH=$$machine $(COMPILE) -o $$tree/bin/ $(PROGRAMS:%=./cmd/%); \
		$(GO) run ./tools/licenses -system $$system -machine $$machine \
			$$tree/share/doc/cargo-auth/THIRD-PARTY-LICENSES $(PROGRAMS:%=./cmd/%); \
	done; done
	$(GO) run ./tools/packages -version '$(VERSION)' \
		-time "$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)}" '$(CURDIR)/dist/trees' '$(CURDIR)/dist'
	rm -r dist/native dist/trees

# Runs all tests except the comparison with the real cargo, which is `make parity`.
test:
	$(GO) test $(TESTFLAGS) -skip '^TestParity$$' $(PACKAGES)
	@for tool in $(TOOLS); do \
		command -v $${tool%%:*} >/dev/null || \
			echo "skipped: tests that need $${tool%%:*} (Debian package $${tool##*:})"; \
	done

# Compares the programs with the real cargo, or with its recorded answers.
parity:
	$(GO) test -count=1 -run '^TestParity$$' ./test

parity-record:
	$(GO) test -count=1 -run '^TestParity$$' ./test -args -record

# Runs every fuzz target for FUZZTIME. It does not minimise inputs, which would
# take most of that time.
fuzz:
	@set -e; for package in $$($(GO) list $(PACKAGES)); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$package; \
		done; \
	done

# Measures the programs and the real cargo, on Linux.
bench: programs
	@$(GO) run ./tools/bench bin

# Shows where start-up time goes.
bench-profile: programs
	@$(GO) run ./tools/bench -profile bin

lint:
	@unformatted=$$($(GO) tool gofumpt -l .); \
	if [ -n "$$unformatted" ]; then echo "not formatted (make format):"; echo "$$unformatted"; exit 1; fi
	$(GO) vet $(PACKAGES)
	$(GO) tool staticcheck $(PACKAGES)

# Vets the programs, the library and the examples for every system, and compiles
# the programs as packages does.
cross:
	@set -e; for system in $(SYSTEMS); do for machine in $(MACHINES); do \
		echo "$$system/$$machine"; \
		GOOS=$$system GOARCH=$$machine CGO_ENABLED=0 $(GO) vet -trimpath ./...; \
		GOOS=$$system GOARCH=$$machine $(COMPILE) -o /dev/null ./cmd/... ; \
	done; done

format:
	$(GO) tool gofumpt -w .

tidy:
	@set -e; for module in $(MODULES); do ( cd $$module; GOWORK=off $(GO) mod tidy ); done

clean:
	rm -rf bin $(BUILD) dist
