//go:build unix

package subprocess

import (
	"testing"
)

func TestProgramStaysInTheGroupOfACallerThatWaitsForEver(t *testing.T) {
	if got := processAttributes(false); got != nil {
		t.Errorf("it is run with %+v", got)
	}
}
