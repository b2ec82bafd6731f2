# Everything here works on a fresh clone, with no step before it.

PREFIX  ?= /usr/local
# With as much of the commit in every clone, however many commits it has.
VERSION ?= $(shell git describe --tags --always --dirty --abbrev=12 2>/dev/null || echo devel)
# The date in the manual pages: the commit's, or what SOURCE_DATE_EPOCH says.
DATE     = $(shell if [ -n "$$SOURCE_DATE_EPOCH" ]; \
	then date -u -d "@$$SOURCE_DATE_EPOCH" +%F 2>/dev/null || date -u -r "$$SOURCE_DATE_EPOCH" +%F; \
	else git log -1 --format=%cs 2>/dev/null; fi)
FUZZTIME ?= 30s
# Where files are made before they are put where they belong.
BUILD   := build

GO       := go
PROGRAMS := cargo-login cargo-logout cargo-credential-keyring
LDFLAGS  := -s -w -X main.version=$(VERSION)
# Inlined code makes the programs larger, and faster only where much is done: in
# this project, in the TOML parser, and in the core of Go.
INLINED  := github.com/cargo-auth/... github.com/pelletier/... runtime/... internal/...
# The same sources make the same bytes, wherever they are, from the libraries in
# go.mod alone: GOWORK=off keeps the versions of tools and tests out.
COMPILE  := CGO_ENABLED=0 GOWORK=off $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -gcflags=all=-l $(INLINED:%=-gcflags=%=)
MODULES  := . ./test ./tools
PACKAGES := ./... ./test/... ./tools/...
LICENSES := LICENSE-MIT LICENSE-APACHE THIRD-PARTY-LICENSES
# The manual pages, what makes shells complete the programs' command lines, and
# the licences, below the prefix.
SHARED   := $(PROGRAMS:%=share/man/man1/%.1) \
	$(PROGRAMS:%=share/bash-completion/completions/%) \
	$(PROGRAMS:%=share/zsh/site-functions/_%) \
	$(PROGRAMS:%=share/fish/vendor_completions.d/%.fish) \
	$(PROGRAMS:%=share/cargo-auth/completions/%.ps1) \
	$(LICENSES:%=share/doc/cargo-auth/%)
# What some tests need, and the packages it is in.
TOOLS    := git:git dbus-daemon:dbus gnome-keyring-daemon:gnome-keyring secret-tool:libsecret-tools strace:strace \
	dh_bash-completion:bash-completion zsh:zsh fish:fish rpm:rpm
SYSTEMS  := linux darwin windows freebsd
MACHINES := amd64 arm64

.PHONY: build programs front man completions licenses demo install uninstall install-cargo uninstall-cargo packages test parity parity-record fuzz bench bench-profile lint cross format tidy clean

build: programs front

# A copy starts up to a fifth faster than what the linker leaves behind, which is
# in the page cache in single pages.
programs:
	@rm -rf '$(BUILD)/linked' && mkdir -p bin '$(BUILD)/linked'
	$(COMPILE) -o '$(BUILD)/linked/' $(PROGRAMS:%=./cmd/%)
	install -m 755 '$(BUILD)/linked/'* bin

front:
	@mkdir -p bin/front
	$(COMPILE) -o bin/front/ ./cmd/cargo

# Makes the manual pages of docs/man.
man:
	@mkdir -p '$(BUILD)/share/man/man1'
	@set -e; for program in $(PROGRAMS); do \
		$(GO) tool go-md2man -in docs/man/$$program.1.md -out '$(BUILD)/share/man/man1/'$$program.tmp; \
		sed -f docs/man/troff.sed -e 's|^\.TH .*|& "$(DATE)" "cargo-auth $(VERSION)" "User Commands"|' \
			'$(BUILD)/share/man/man1/'$$program.tmp > '$(BUILD)/share/man/man1/'$$program.1; \
		rm '$(BUILD)/share/man/man1/'$$program.tmp; \
	done

# Makes what has shells complete the programs' command lines. The programs say
# what there is to complete, as cobra's do. Cobra's own files would do, but to
# take quotes off they run what stands on the line, such as $(command), and in
# fish what was quoted. Only PowerShell's is cobra's.
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

# Collects the licences: ours, and those of what the programs are linked from.
licenses:
	@mkdir -p '$(BUILD)/share/doc/cargo-auth'
	cp LICENSE-MIT LICENSE-APACHE '$(BUILD)/share/doc/cargo-auth'
	$(GO) run ./tools/licenses '$(BUILD)/share/doc/cargo-auth/THIRD-PARTY-LICENSES' $(PROGRAMS:%=./cmd/%)

# Logs in to and out of a registry on loopback, in a home of its own.
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

# The front for Cargo is a program named cargo, so it is installed only if asked
# for, and never over another one.
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

# Packages for every system in dist/, of what install puts below /usr: that is
# installed once, and gets each system's programs and their licences. Files have
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

# All tests: the library's, the programs', and the scripts that run the built
# programs. The comparison with the real cargo is `make parity`.
test:
	$(GO) test $(TESTFLAGS) -skip '^TestParity$$' $(PACKAGES)
	@for tool in $(TOOLS); do \
		command -v $${tool%%:*} >/dev/null || \
			echo "left out: tests that need $${tool%%:*} (in Debian's package $${tool##*:})"; \
	done

# Holds the programs against the real cargo, or its recorded answers.
parity:
	$(GO) test -count=1 -run '^TestParity$$' ./test

parity-record:
	$(GO) test -count=1 -run '^TestParity$$' ./test -args -record

# Runs every fuzz target for FUZZTIME. Minimising each input would take most of
# the time.
fuzz:
	@set -e; for package in $$($(GO) list $(PACKAGES)); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$package; \
		done; \
	done

# Measures the programs against the real cargo; Linux only.
bench: programs
	@$(GO) run ./tools/bench bin

# Shows where the time of a start goes.
bench-profile: programs
	@$(GO) run ./tools/bench -profile bin

lint:
	@unformatted=$$($(GO) tool gofumpt -l .); \
	if [ -n "$$unformatted" ]; then echo "not formatted (make format):"; echo "$$unformatted"; exit 1; fi
	$(GO) vet $(PACKAGES)
	$(GO) tool staticcheck $(PACKAGES)

# Compiles and vets the programs, the library and the examples for every system,
# as packages does.
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
