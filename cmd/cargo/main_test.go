package main

import (
	"os"
	"os/exec"
	"testing"
)

// The test program also plays the next cargo.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "exit with" {
		os.Exit(len(os.Args[2]))
	}
	os.Exit(m.Run())
}

func TestRunChild(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for code, argument := range map[int]string{0: "", 7: "a b\"c\\ "} {
		if got, err := runChild(self, []string{"exit with", argument}); err != nil || got != code {
			t.Errorf("exit code %d, %v, want %d", got, err, code)
		}
	}
	if _, err := runChild(t.TempDir(), nil); err == nil {
		t.Error("a directory was run")
	} else if _, exited := err.(*exec.ExitError); exited {
		t.Errorf("a directory was run: %v", err)
	}
}
