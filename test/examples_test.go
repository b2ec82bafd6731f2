//go:build unix

package test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

const (
	protocolDoc     = "docs/protocol.md"
	providerExample = "examples/cargo-credential-files/main.go"
)

// The page on providers shows the example as it is.
func TestProtocolPageShowsTheExample(t *testing.T) {
	source, err := os.ReadFile(providerExample)
	if err != nil {
		t.Fatal(err)
	}
	if shown := fenced(t, "go"); shown != string(source) {
		t.Errorf("%s shows\n%s\nbut %s is\n%s", protocolDoc, shown, providerExample, source)
	}
}

// The conversation on that page, ">" from Cargo and "<" from the provider, is
// what the example answers.
func TestProtocolPageShowsWhatTheExampleAnswers(t *testing.T) {
	dir := t.TempDir()
	var requests, want strings.Builder
	for line := range strings.Lines(fenced(t, "text")) {
		line = strings.ReplaceAll(line, "/run/secrets/cargo", dir)
		if request, ok := strings.CutPrefix(line, "> "); ok {
			requests.WriteString(request)
		} else {
			want.WriteString(strings.TrimPrefix(line, "< "))
		}
	}
	cmd := command(t, ours(t, "cargo-credential-files"), "--cargo-plugin")
	cmd.Stdin = strings.NewReader(requests.String())
	got, err := cmd.Output()
	if err != nil || string(got) != want.String() {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, want.String())
	}
}

// fenced returns the one block of that language on the page.
func fenced(t *testing.T, language string) string {
	t.Helper()
	page, err := os.ReadFile(protocolDoc)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 1 {
		t.Fatalf("%s has %d blocks of %s, want 1", protocolDoc, len(blocks), language)
	}
	return blocks[0][1]
}
