package cli

// takes is what an unstable flag accepts behind "=".
type takes int

const (
	noValue takes = iota
	listValue
	anyValue
	yesOrNo
	editionValue
	gitValue
	gitoxideValue
)

// unstableFlag is a name of -Z that Cargo 1.95 knows.
type unstableFlag struct {
	name  string
	takes takes
	// help is empty for a flag that -Zhelp does not list.
	help string
}

var unstableFlags = []unstableFlag{
	{"allow-features", listValue, "Allow *only* the listed unstable features"},
	{"any-build-script-metadata", noValue, "Allow any build script to specify env vars via cargo::metadata=key=value"},
	{"asymmetric-token", noValue, "Allows authenticating with asymmetric tokens"},
	{"avoid-dev-deps", noValue, "Avoid installing dev-dependencies if possible"},
	{"binary-dep-depinfo", noValue, "Track changes to dependency artifacts"},
	{"bindeps", noValue, "Allow Cargo packages to depend on bin, cdylib, and staticlib crates, and use the artifacts built by those crates"},
	{"build-analysis", noValue, "Record and persist build metrics across runs, with commands to query past builds."},
	{"build-dir-new-layout", noValue, "Use the new build-dir filesystem layout"},
	{"build-std", listValue, "Enable Cargo to compile the standard library itself as part of a crate graph compilation"},
	{"build-std-features", listValue, "Configure features enabled for the standard library itself when building the standard library"},
	{"cargo-lints", noValue, "Enable the `[lints.cargo]` table"},
	{"checksum-freshness", noValue, "Use a checksum to determine if output is fresh rather than filesystem mtime"},
	{"codegen-backend", noValue, "Enable the `codegen-backend` option in profiles in .cargo/config.toml file"},
	{"direct-minimal-versions", noValue, "Resolve minimal dependency versions instead of maximum (direct dependencies only)"},
	{"dual-proc-macros", noValue, "Build proc-macros for both the host and the target"},
	{"feature-unification", noValue, "Enable new feature unification modes in workspaces"},
	{"fine-grain-locking", noValue, "Use fine grain locking instead of locking the entire build cache"},
	{"fix-edition", editionValue, "Permanently unstable edition migration helper"},
	{"gc", noValue, "Track cache usage and \"garbage collect\" unused files"},
	{"git", gitValue, "Enable support for shallow git fetch operations"},
	{"gitoxide", gitoxideValue, "Use gitoxide for the given git interactions, or all of them if no argument is given"},
	{"host-config", noValue, "Enable the `[host]` section in the .cargo/config.toml file"},
	{"json-target-spec", noValue, "Enable `.json` target spec files"},
	{"lockfile-path", noValue, "Enable the `resolver.lockfile-path` config option"},
	{"minimal-versions", noValue, "Resolve minimal dependency versions instead of maximum"},
	{"msrv-policy", noValue, "Enable rust-version aware policy within cargo"},
	{"mtime-on-use", noValue, "Configure Cargo to update the mtime of used files"},
	{"no-embed-metadata", noValue, "Avoid embedding metadata in library artifacts"},
	{"no-index-update", noValue, "Do not update the registry index even if the cache is outdated"},
	{"panic-abort-tests", noValue, "Enable support to run tests with -Cpanic=abort"},
	{"panic-immediate-abort", noValue, "Enable setting `panic = \"immediate-abort\"` in profiles"},
	{"profile-hint-mostly-unused", noValue, "Enable the `hint-mostly-unused` setting in profiles to mark a crate as mostly unused."},
	{"profile-rustflags", noValue, "Enable the `rustflags` option in profiles in .cargo/config.toml file"},
	{"public-dependency", noValue, "Respect a dependency's `public` field in Cargo.toml to control public/private dependencies"},
	{"publish-timeout", noValue, "Enable the `publish.timeout` key in .cargo/config.toml file"},
	{"root-dir", anyValue, "Set the root directory relative to which paths are printed (defaults to workspace root)"},
	{"rustc-unicode", noValue, "Enable `rustc`'s unicode error format in Cargo's error messages"},
	{"rustdoc-depinfo", noValue, "Use dep-info files in rustdoc rebuild detection"},
	{"rustdoc-map", noValue, "Allow passing external documentation mappings to rustdoc"},
	{"rustdoc-mergeable-info", noValue, "Use rustdoc mergeable cross-crate-info files"},
	{"rustdoc-scrape-examples", noValue, "Allows Rustdoc to scrape code examples from reverse-dependencies"},
	{"sbom", noValue, "Enable the `sbom` option in build config in .cargo/config.toml file"},
	{"script", noValue, "Enable support for single-file, `.rs` packages"},
	{"section-timings", noValue, "Enable support for extended compilation sections in --timings output"},
	{"target-applies-to-host", noValue, "Enable the `target-applies-to-host` key in the .cargo/config.toml file"},
	{"trim-paths", noValue, "Enable the `trim-paths` option in profiles"},
	{"unstable-options", noValue, "Allow the usage of unstable options"},
	{"warnings", noValue, "Allow use of the build.warnings config key"},
	{"advanced-env", noValue, ""},
	{"next-lockfile-bump", noValue, ""},
	{"print-im-a-teapot", yesOrNo, ""},
	{"separate-nightlies", noValue, ""},
	{"skip-rustdoc-fingerprint", noValue, ""},
}

// stabilized is a name of -Z that is no longer needed.
type stabilized struct {
	name, release, now string
	// refused says that the flag is an error; others are only warned of.
	refused bool
}

var stabilizedFlags = []stabilized{
	{"build-dir", "1.91", "build.build-dir is now always enabled.", false},
	{"cache-messages", "1.40", "Message caching is now always enabled.", false},
	{"check-cfg", "1.80", "Compile-time checking of conditional (a.k.a. `-Zcheck-cfg`) is now always enabled.", false},
	{"compile-progress", "1.30", "The progress bar is now always enabled when used on an interactive console.\nSee https://doc.rust-lang.org/cargo/reference/config.html#termprogresswhen for information on controlling the progress bar.", false},
	{"config-include", "1.93", "The `include` config key is now always available", false},
	{"config-profile", "1.43", "See https://doc.rust-lang.org/cargo/reference/config.html#profile for more information about specifying profiles in config.", false},
	{"crate-versions", "1.47", "The crate version is now automatically added to the documentation.", false},
	{"credential-process", "1.74", "Authentication with a credential provider is always available.", false},
	{"doctest-in-workspace", "1.72", "The doctest-in-workspace feature is now always enabled.", false},
	{"doctest-xcompile", "1.89", "Doctest cross-compiling is now always enabled.", false},
	{"extra-link-arg", "1.56", "Additional linker arguments are now supported without passing this flag.", false},
	{"features", "1.51", "The new feature resolver is now available by specifying `resolver = \"2\"` in Cargo.toml.\nSee https://doc.rust-lang.org/nightly/cargo/reference/features.html#feature-resolver-version-2 for more information.", false},
	{"install-upgrade", "1.41", "Packages are now always upgraded if they appear out of date.\nSee https://doc.rust-lang.org/cargo/commands/cargo-install.html for more information on how upgrading works.", false},
	{"lints", "1.74", "The `[lints]` table is now always available.", false},
	{"multitarget", "1.64", "Multiple `--target` options are now always available.", false},
	{"named-profiles", "1.57", "The named-profiles feature is now always enabled.\nSee https://doc.rust-lang.org/nightly/cargo/reference/profiles.html#custom-profiles for more information", false},
	{"namespaced-features", "1.60", "Namespaced features are now always available.", false},
	{"offline", "1.36", "Offline mode is now available via the --offline CLI option", true},
	{"package-features", "1.51", "Enhanced feature flag behavior is now available in virtual workspaces, and `member/feature-name` syntax is also always available. Other extensions require setting `resolver = \"2\"` in Cargo.toml.\nSee https://doc.rust-lang.org/nightly/cargo/reference/features.html#resolver-version-2-command-line-flags for more information.", false},
	{"package-workspace", "1.89", "Workspace packaging and publishing (a.k.a. `-Zpackage-workspace`) is now always enabled.", false},
	{"patch-in-config", "1.56", "The patch-in-config feature is now always enabled.", false},
	{"registry-auth", "1.74", "Authenticated registries are available if a credential provider is configured.", false},
	{"sparse-registry", "1.68", "The sparse protocol is now the default for crates.io", false},
	{"terminal-width", "1.68", "The -Zterminal-width option is now always enabled for terminal output.", false},
	{"timings", "1.60", "The -Ztimings option has been stabilized as --timings.", false},
	{"weak-dep-features", "1.60", "Weak dependency features are now always available.", false},
}
