package registry

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
)

// ofUnix are the tests whose paths do not exist on Windows.
var ofUnix = map[string]bool{"relative file": true, "a directory": true}

func TestResolve(t *testing.T) {
	const (
		badX       = "invalid index URL for registry `x` defined in $D/home/config.toml | "
		indexIsSet = "the `registry.index` config value is no longer supported\n" +
			"Use `[source]` replacement to alter the default index for crates.io."
		cratesIO = "crates-io https://github.com/rust-lang/crates.io-index from sparse+https://index.crates.io/"
	)
	override := testedIndex + "="
	for _, test := range []resolveTest{
		{"nothing", "", "", "", cratesIO},
		{"by name", "", "crates-io", "", cratesIO},
		{"default", "[registry]\ndefault='x'\n[registries.x]\nindex='sparse+https://h/'", "", "", "x sparse+https://h/"},
		{"default is crates-io", "registry.default='crates-io'", "", "", cratesIO},
		{"default is empty", "registry.default=''", "", "", "registry name cannot be empty"},
		{"default is unknown", "registry.default='x'", "", "", "registry index was not found in any configuration: `x`"},
		{"git", "registries.x.index='https://H/a b'", "x", "", "x https://h/a%20b"},
		{"environment", "", "x", "CARGO_REGISTRIES_X_INDEX=https://h/", "x https://h/"},
		{"bad environment", "", "x", "CARGO_REGISTRIES_X_INDEX=h", "invalid index URL for registry `x` defined in " +
			"environment variable `CARGO_REGISTRIES_X_INDEX` | invalid url `h`: it has no scheme, such as `https:`"},
		{"relative file", "registries.x.index='file:i'", "x", "", "x file://$D/i"},
		{"bad URL", "registries.x.index='foo'", "x", "", badX + "invalid url `foo`: it has no scheme, such as `https:`"},
		{"password", "registries.x.index='https://u:p@h/'", "x", "", badX + "registry URLs may not contain passwords"},
		{"empty password", "registries.x.index='https://u:@h/'", "x", "", "x https://u@h/"},
		{"no base", "registries.x.index='mailto:x'", "x", "", "invalid url `mailto:x`: cannot-be-a-base-URLs are not supported"},
		{"no slash", "registries.x.index='sparse+https://h'", "x", "", "sparse registry url must end in a slash `/`: sparse+https://h"},
		{"slash in query", "registries.x.index='sparse+https://h/?q/'", "x", "", "x sparse+https://h/?q/"},
		{"no URL without the prefix", "registries.x.index='sparse+https:///'", "x", "", "invalid url `https:///`: The input has a special scheme, but does not contain a host"},
		{"registry.index", "registry.index=''", "", "", indexIsSet},
		{"registry.index and another", "registry.index=''\nregistries.x.index='https://h/'", "x", "", indexIsSet},
		{"bad URL first", "registry.index=''\nregistries.x.index='foo'", "x", "", badX + "invalid url `foo`: it has no scheme, such as `https:`"},
		{"git protocol", "registries.crates-io.protocol='git'", "", "", "crates-io https://github.com/rust-lang/crates.io-index"},
		{
			"bad protocol", "registries.crates-io.protocol='p'", "", "",
			"unsupported registry protocol `p` (defined in $D/home/config.toml)",
		},
		{
			"bad protocol of crates-io for another", "registries.crates-io.protocol='p'\nregistries.x.index='https://h/'", "x", "",
			"unsupported registry protocol `p` (defined in $D/home/config.toml)",
		},
		{"index of crates-io counts for nothing", "registries.crates-io.index='https://h/'", "", "", cratesIO},
		{
			"override", "", "", override + "sparse+http://h/",
			"crates-io https://github.com/rust-lang/crates.io-index from sparse+http://h/",
		},
		{"bad override", "", "", override + "foo", "invalid url `foo`: it has no scheme, such as `https:`"},
		{"override without slash", "", "", override + "sparse+http://h", "sparse registry url must end in a slash `/`: sparse+http://h"},
		{"that matters for crates.io only", "registries.x.index='https://h/'", "x", override + "sparse+http://h", "x https://h/"},
	} {
		t.Run(test.about, test.run)
	}
}

// resolveTest resolves a name in a configuration.
type resolveTest struct{ about, config, name, environ, want string }

func (test resolveTest) run(t *testing.T) {
	if runtime.GOOS == "windows" && ofUnix[test.about] {
		t.Skip("the path is one of Unix")
	}
	w := newWorld(t, test.config, test.environ)
	if got := w.resolve(test.name); got != test.want {
		t.Errorf("\n got %s\nwant %s", got, test.want)
	}
}

// resolve shows a registry in one line.
func (w *world) resolve(name string) string {
	r, err := Resolve(w.Config, name)
	if err != nil {
		return w.chain(err)
	}
	shown := fmt.Sprintf("%s %s", r.Name(), r.Index())
	if r.Source().Index() != r.Index() {
		shown += " from " + r.Source().Index()
	}
	return w.masked(shown)
}

func TestSourceReplacement(t *testing.T) {
	const (
		replaced   = "[source.crates-io]\nreplace-with='m'\n"
		registryM  = "[source.m]\nregistry='sparse+http://h/'\n"
		notRemote  = "crates-io is replaced with non-remote-registry source %s;\ninclude `--registry crates-io` to use crates.io"
		noChecksum = "cannot replace `%[1]s` with `%[2]s`, the source `%[1]s` supports checksums, but `%[2]s` does not\n\n" +
			"a lock file compatible with `%[1]s` cannot be generated in this situation\n"
		notFound = "could not find a configured source with the name `%s` when attempting to lookup `%s` (configuration in `%s`)"
		cycle    = "detected a cycle of `replace-with` sources, the source `%s` is eventually replaced with itself (configuration in `$D/home/config.toml`)"
		config   = "$D/home/config.toml"
		cratesIO = "crates-io https://github.com/rust-lang/crates.io-index from sparse+https://index.crates.io/"
		badURL   = "configuration key `source.m.%s` specified an invalid URL (in $D/home/config.toml) | invalid url `foo`: it has no scheme, such as `https:`"
		twice    = "source `%s` defines source %s, but that source is already defined by `%s`\nnote: Sources are not allowed to be defined multiple times."
		remote   = "crates-io is replaced with remote registry %[1]s;\ninclude `--registry %[1]s` or `--registry crates-io`"
	)
	f := fmt.Sprintf
	for _, test := range []resolveTest{
		{"a registry", replaced + registryM, "", "", f(notRemote, "registry `m`")},
		{"not for an explicit name", replaced + registryM, "crates-io", "", cratesIO},
		{"a registry by name", replaced + "[registries.m]\nindex='sparse+http://h/'", "", "", f(remote, "m")},
		{"a registry by a bad URL", replaced + "[registries.m]\nindex='foo'", "", "", f(notFound, "m", "crates-io", config)},
		{"nothing", replaced, "", "", f(notFound, "m", "crates-io", config)},
		{"a local registry", replaced + "[source.m]\nlocal-registry='../l/./r'", "", "", f(notRemote, "registry `$D/../l/r`")},
		{"a directory", replaced + "[source.m]\ndirectory='/v//w/'", "", "", f(notRemote, "dir /v/w")},
		{"a git repository", replaced + "[source.m]\ngit='https://h/x'", "", "", f(noChecksum, "crates-io", "m")},
		{"itself", "[source.crates-io]\nreplace-with='crates-io'", "", "", f(cycle, "crates-io")},
		{"a cycle", replaced + registryM + "replace-with='crates-io'", "", "", f(cycle, "crates-io")},
		// differs: replacement-cycle
		{"a cycle beside it", replaced + registryM + "replace-with='n'\n[source.n]\nregistry='http://i/'\nreplace-with='m'", "", "", f(cycle, "m")},
		{"a chain", replaced + registryM + "replace-with='n'\n[source.n]\nregistry='http://i/'", "", "", f(notRemote, "registry `n`")},
		{
			"by the environment", "[source.crates-io]", "", "CARGO_SOURCE_crates-io_REPLACE_WITH=m",
			f(notFound, "m", "crates-io", "environment variable `CARGO_SOURCE_crates-io_REPLACE_WITH`"),
		},
		{
			"no location", "[source.m]", "", "",
			"no source location specified for `source.m`, need `registry`, `local-registry`, `directory`, or `git` defined",
		},
		{"two locations", registryM + "directory='d'", "", "", "more than one source location specified for `source.m`"},
		{"no location for crates-io", "[source.crates-io]", "", "", cratesIO},
		{"bad registry", "[source.m]\nregistry='foo'\ngit='foo'", "", "", f(badURL, "registry")},
		{"bad git", "[source.m]\ngit='foo'", "", "", f(badURL, "git")},
		{"bad whoever asks", "registries.x.index='http://h/'\n[source.m]\nregistry='foo'", "x", "", f(badURL, "registry")},
		{"missing name first", "[source.m]\nregistry='foo'", "x", "", "registry index was not found in any configuration: `x`"},
		{
			"branch without git", registryM + "branch='b'", "", "",
			"source definition `source.m` specifies `branch`, but that requires a `git` key to be specified (in $D/home/config.toml)",
		},
		{"no slash, unused", "[source.m]\nregistry='sparse+http://h'", "", "", cratesIO},
		{"no slash", replaced + "[source.m]\nregistry='sparse+http://h'", "", "", "sparse registry url must end in a slash `/`: sparse+http://h"},
		{"twice", registryM + "[source.n]\nregistry='sparse+http://h/'", "", "", f(twice, "n", "registry `m`", "m")},
		{
			"twice in git", "[source.m]\ngit='http://h/x'\ntag='a b&é'\n[source.n]\ngit='http://h/x.git'\ntag='a b&é'", "", "",
			f(twice, "n", "http://h/x?tag=a+b%26%C3%A9", "m"),
		},
		{"crates.io again", "[source.m]\nregistry='sparse+https://index.crates.io/'", "", "", f(twice, "m", "registry `crates-io`", "crates-io")},
		{"crates-io is another", "[source.crates-io]\nregistry='sparse+http://h/'", "", "", f(notRemote, "registry `crates-io`")},
		{"crates-io is its git index", "[source.crates-io]\nregistry='https://github.com/rust-lang/crates.io-index'", "", "", f(remote, "crates-io")},
		{"crates-io is itself", "[source.crates-io]\nregistry='sparse+https://index.crates.io/'", "", "", cratesIO},
		{"a registry that is a source", "registries.x.index='sparse+http://h/'\n" + registryM + "replace-with='z'", "x", "", f(notFound, "z", "m", config)},
		{
			"a registry that is a source in git", "registries.x.index='sparse+http://h/'\n" + registryM + "replace-with='n'\n[source.n]\ngit='http://v/'", "x", "",
			f(noChecksum, "m", "n"),
		},
		{
			"a registry that is a source in a directory", "registries.x.index='sparse+http://h/'\n" + registryM + "replace-with='n'\n[source.n]\ndirectory='v'", "x", "",
			"x sparse+http://h/",
		},
	} {
		t.Run(test.about, test.run)
	}
}

// A caller tells these errors apart, and may go on with a registry that was found.
func TestErrorsOfResolve(t *testing.T) {
	w := newWorld(t, "registry.default='x'")
	var unknown *UnknownRegistryError
	if r, err := Resolve(w.Config, ""); !errors.As(err, &unknown) || unknown.Name != "x" || r != (Registry{}) {
		t.Errorf("an unknown registry: got %v, %v", r, err)
	}
	const replaced = "source.crates-io.replace-with='m'\n"
	for config, want := range map[string]ReplacedError{
		replaced + "source.m.directory='/v'":               {Source: "dir /v"},
		replaced + "registries.m.index='sparse+http://h/'": {Registry: "m", Source: "registry `m`"},
	} {
		var got *ReplacedError
		r, err := Resolve(newWorld(t, config).Config, "")
		if !errors.As(err, &got) || *got != want || r.Source().Index() != cratesIOSparseIndex {
			t.Errorf("%s: got %s from %s, %v", config, r, r.Source().Index(), err)
		}
	}
}
