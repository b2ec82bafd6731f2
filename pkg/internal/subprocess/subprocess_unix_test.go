//go:build unix

package subprocess

import (
	"context"
	"testing"
)

func TestProgramStaysInTheGroupOfACallerThatWaitsForEver(t *testing.T) {
	if got := processAttributes(context.Background()); got != nil {
		t.Errorf("it is run with %+v", got)
	}
}
