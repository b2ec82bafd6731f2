package terminal

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadLine(t *testing.T) {
	for input, want := range map[string]string{
		"\n":           "",
		"one":          "one",
		"one\ntwo\n":   "one",
		"one\r\ntwo":   "one",
		" a\tb \nrest": " a\tb ",
	} {
		in := strings.NewReader(input)
		got, err := ReadLine(in)
		if err != nil || got != want {
			t.Errorf("ReadLine(%q) = %q, %v, want %q", input, got, err, want)
		}
		rest, _ := io.ReadAll(in)
		if _, after, _ := strings.Cut(input, "\n"); string(rest) != after {
			t.Errorf("ReadLine(%q) left %q, want %q", input, rest, after)
		}
	}
	if _, err := ReadLine(strings.NewReader("")); err != io.EOF {
		t.Errorf("ReadLine at the end: %v", err)
	}
	failure := errors.New("failure")
	if _, err := ReadLine(iotest.ErrReader(failure)); err != failure {
		t.Errorf("ReadLine of a broken input: %v", err)
	}
}

func TestReadSecretFromAPipe(t *testing.T) {
	in, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := writer.WriteString("secret\nmore\n"); err != nil {
		t.Fatal(err)
	}
	writer.Close()

	var out strings.Builder
	got, err := ReadSecret(t.Context(), in, &out, "type it")
	if err != nil || got != "secret" || out.String() != "type it\n" {
		t.Errorf("ReadSecret = %q, %v, and wrote %q", got, err, out.String())
	}
}
