package registry

import (
	"strings"
	"testing"
)

func TestCredentialsAreFoundByURL(t *testing.T) {
	const ambiguous = "multiple registries are configured with the same index url '%': a, b"
	two := func(a, b string) string {
		return "registries.a.index='" + a + "'\nregistries.b={index='" + b + "', token='b'}\n"
	}
	for _, test := range []struct {
		about, config, name string
		environ             []string
		want                string
	}{
		{"none", "registries.a.index='http://h/'", "a", nil, "no token"},
		{"by name", "registries.a={index='http://h/', token='t'}", "a", nil, "t"},
		{"a relative file is not found", "registries.a={index='file:i', token='t'}", "a", nil, "no table"},
		{"crates.io", "registry.token='t'", "", nil, "t"},
		{"not [registries.crates-io]", "registries.crates-io.token='t'", "", nil, "no table"},
		{"crates.io by URL", "registries.a={index='sparse+https://index.crates.io/', token='t'}\nregistry.token='c'", "a", nil, "c"},
		{
			"the tests' hook", "registries.a={index='sparse+http://h/', token='t'}\nregistry.token='c'", "a",
			[]string{testedIndex + "=sparse+http://h/"},
			"c",
		},
		{"same", two("http://h/x", "http://h/x.git"), "a", nil, strings.Replace(ambiguous, "%", "registry+http://h/x", 1)},
		{"same sparse", two("sparse+http://h/", "sparse+http://h/"), "a", nil, strings.Replace(ambiguous, "%", "sparse+http://h/", 1)},
		{"sparse and git", two("http://h/", "sparse+http://h/"), "b", nil, "b"},
		{"another has a bad URL", two("http://h/", "foo"), "a", nil, "invalid url `foo`: it has no scheme, such as `https:`"},
		{
			"variable", "registries.a={index='http://h/', token='t'}", "a",
			[]string{"CARGO_REGISTRIES_Q_R_INDEX=http://h/", "CARGO_REGISTRIES_Q_R_TOKEN=v"},
			"v, name of alternative registry `http://h/` set to `q_r`",
		},
		{"variable of the same name", "registries.a={index='http://h/', token='t'}", "a", []string{"CARGO_REGISTRIES_A_INDEX=http://h/"}, "t"},
		{
			"variable of a name with a dash", "registries.a-b={index='http://h/', token='t'}", "a-b",
			[]string{"CARGO_REGISTRIES_A_B_INDEX=http://h/"},
			"no token, name of alternative registry `http://h/` set to `a_b`",
		},
		{
			"two variables", "registries.a.index='http://h/'", "a",
			[]string{"CARGO_REGISTRIES_B_INDEX=http://h/", "CARGO_REGISTRIES_A_INDEX=http://h/"},
			strings.Replace(ambiguous, "%", "registry+http://h/", 1),
		},
		{
			"variables that are no URLs", "registries.a={index='http://h/', token='t'}", "a",
			[]string{"CARGO_REGISTRIES_Q_INDEX=foo", "CARGO_REGISTRIES_R_INDEX=mailto:x"},
			"t",
		},
	} {
		t.Run(test.about, func(t *testing.T) {
			w := newWorld(t, test.config, test.environ...)
			r, err := Resolve(w.Config, test.name)
			if err != nil {
				t.Fatal(err)
			}
			w.notices = nil
			found, err := Credentials(w.Config, r)
			var got string
			switch {
			case err != nil:
				got = w.chain(err)
			case found == nil:
				got = "no table"
			case found.Token == nil:
				got = "no token"
			default:
				got = found.Token.Val.Expose()
			}
			got = strings.Join(append([]string{got}, w.notices...), ", ")
			if got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}
