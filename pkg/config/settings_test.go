package config

import (
	"errors"
	"strings"
	"testing"
)

func TestVersionsOfTLS(t *testing.T) {
	const file = "error in DIR/home/config.toml: could not load config key `http.ssl-version` | "
	const variable = "error in environment variable `CARGO_HTTP_SSL_VERSION`: could not load config key `http.ssl-version` | "
	for _, test := range []struct {
		value, environ string
		want           string // the version, lowest and highest, or the layers of the error
	}{
		{"'tlsv1.2'", "", "tlsv1.2 - -"},
		{"{min='tlsv1.2', other=1}", "", "- tlsv1.2 -"},
		{"{max='tlsv1.3'}", "CARGO_HTTP_SSL_VERSION_MIN=tlsv1.2", "- tlsv1.2 tlsv1.3"},
		{"{}", "", "- - -"},
		{"1", "", file + "expected a string or a table, but found a integer"},
		{"true", "", file + "expected a string or a table, but found a boolean"},
		{"['tlsv1.2']", "", file + "expected a string or a table, but found a array"},
		{"{min=1}", "", file + "error in DIR/home/config.toml: `http.ssl-version.min` expected a string, but found a integer"},
		{"", "CARGO_HTTP_SSL_VERSION=tlsv1.2", "tlsv1.2 - -"},
		{"", "CARGO_HTTP_SSL_VERSION=-7", variable + "expected a string or a table, but found a integer"},
		{"", "CARGO_HTTP_SSL_VERSION=true", variable + "expected a string or a table, but found a boolean"},
		{"", "CARGO_HTTP_SSL_VERSION=0x10", "0x10 - -"},
		{"{min='tlsv1.2'}", "CARGO_HTTP_SSL_VERSION=x", "x - -"},
		{"['x']", "CARGO_HTTP_SSL_VERSION=y", file + "expected a string or a table, but found a array"},
		{"", "CARGO_HTTP_SSL_VERSION_MIN=tlsv1.2", "expected a string or a table"},
	} {
		content := ""
		if test.value != "" {
			content = "http.ssl-version = " + test.value
		}
		w := newWorld(t, map[string]string{"home/config.toml": content})
		if test.environ != "" {
			w.environ = []string{test.environ}
		}
		http, err := w.load().HTTP()
		got := shown(http.SSLVersion) + " " + shown(http.SSLMin) + " " + shown(http.SSLMax)
		if err != nil {
			cause := errors.Unwrap(err)
			got = err.Error()
			if cause != nil {
				got = strings.TrimSuffix(got, ": "+cause.Error()) + " | " + cause.Error()
			}
		}
		if got = w.relative(got); got != test.want || len(w.messages) > 0 {
			t.Errorf("%s, %s:\n got %s\nwant %s\nsaid %v", test.value, test.environ, got, test.want, w.messages)
		}
	}
}

func shown(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

func TestANoticeOfANameIsOneLine(t *testing.T) {
	prompt := "x\nplease paste the token below"
	got := NewMessage(Warning, "", "first\n%s in %s: %v, %d", prompt, Definition{Path: prompt}, errors.New("a\nb"), 1)
	want := `first
x\nplease paste the token below in x\nplease paste the token below: a
b, 1`
	if got.Text != want {
		t.Errorf("got %q, want %q", got.Text, want)
	}
}
