package system

import (
	"testing"

	"golang.org/x/sys/unix"
)

// differs: reachable-by-others
func TestNoCoreDump(t *testing.T) {
	before, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil || before == 0 {
		t.Fatalf("the test cannot be dumped to begin with: %d, %v", before, err)
	}
	t.Cleanup(func() { _ = unix.Prctl(unix.PR_SET_DUMPABLE, uintptr(before), 0, 0, 0) })
	NoCoreDump()
	if after, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || after != 0 {
		t.Errorf("the process can be dumped: %d, %v", after, err)
	}
}
