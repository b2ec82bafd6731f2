package cli

import "testing"

// The lines are Cargo's on screens of these widths.
func TestProgressLine(t *testing.T) {
	const text = "0 complete; 1 pending"
	for width, want := range map[int]string{
		0:  "",
		16: "",
		20: "[   ]",
		40: "[=>                     ]",
		47: "[=>                            ]",
		60: "[==>                              ] 0 comp...",
		80: "[==>                              ] 0 complete; 1 pending        ",
	} {
		if got := progressLine(text, width); got != want {
			t.Errorf("on %d columns: %q, want %q", width, got, want)
		}
	}
}
