package config

import (
	"errors"
	"strings"
	"testing"
)

func TestVersionsOfTLS(t *testing.T) {
	const (
		file     = "error in DIR/home/config.toml: could not load config key `http.ssl-version` | "
		variable = "error in environment variable `CARGO_HTTP_SSL_VERSION`: could not load config key `http.ssl-version` | "
	)
	for _, test := range []struct {
		value, environ string
		want           string // the version, lowest and highest, or the layers of the error
	}{
		{"'tlsv1.2'", "", "tlsv1.2 - -"},
		{"{min='tlsv1.2', other=1}", "", "- tlsv1.2 -"},
		{"{max='tlsv1.3'}", "CARGO_HTTP_SSL_VERSION_MIN=tlsv1.2", "- tlsv1.2 tlsv1.3"},
		{"{}", "", "- - -"},
		{"1", "", file + "invalid type: integer `1`, expected a string or map"},
		{"true", "", file + "invalid type: boolean `true`, expected a string or map"},
		{"['tlsv1.2']", "", file + "invalid type: sequence, expected a string or map"},
		{"{min=1}", "", file + "error in DIR/home/config.toml: `http.ssl-version.min` expected a string, but found a integer"},
		{"", "CARGO_HTTP_SSL_VERSION=tlsv1.2", "tlsv1.2 - -"},
		{"{min='tlsv1.2'}", "CARGO_HTTP_SSL_VERSION=x", "x - -"},
		{"", "CARGO_HTTP_SSL_VERSION=-1", variable + "invalid type: integer `-1`, expected a string or map"},
		{"'tlsv1.2'", "CARGO_HTTP_SSL_VERSION=true", variable + "invalid type: boolean `true`, expected a string or map"},
		{"['x']", "CARGO_HTTP_SSL_VERSION=y", file + "invalid type: sequence, expected a string or map"},
		{"", "CARGO_HTTP_SSL_VERSION_MIN=tlsv1.2", "invalid type: Option value, expected a string or map"},
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
		if got = w.relative(got); got != test.want || len(w.notices) > 0 {
			t.Errorf("%s, %s:\n got %s\nwant %s\nsaid %v", test.value, test.environ, got, test.want, w.notices)
		}
	}
}

func shown(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}
