//go:build linux

package main

import (
	"fmt"
	"strings"
	"time"
)

// target is what a row's figure is held against.
type target struct {
	limit  float64
	unit   string
	atMost bool
	// why says what stands in the way where it is missed.
	why string
}

func atLeast(times float64, why string) target { return target{limit: times, unit: "×", why: why} }

func atMost(limit float64, unit, why string) target {
	return target{limit: limit, unit: unit, atMost: true, why: why}
}

// none is for a row that is only shown.
var none target

func (t target) String() string {
	text := fmt.Sprintf("%g%s", t.limit, t.unit)
	switch {
	case t == none:
		return ""
	case t.atMost:
		return text + " at most"
	}
	return text + " at least"
}

func (t target) met(figure float64) bool {
	if t.atMost {
		return figure <= t.limit
	}
	return figure >= t.limit
}

const layout = "| %-38s | %10s | %10s | %8s | %-16s | %-6s |\n"

func (b *bench) head() {
	line := fmt.Sprintf(layout, "work", "theirs", "ours", "ratio", "target", "")
	fmt.Print(line)
	fmt.Println(strings.Map(func(r rune) rune {
		if r == '|' || r == '\n' {
			return r
		}
		return '-'
	}, strings.TrimSuffix(line, "\n")))
}

// row prints a row, of which figure is held against the target.
func (b *bench) row(work, theirs, ours, ratio string, figure float64, t target) {
	verdict := ""
	switch {
	case t == none:
	case t.met(figure):
		verdict = "met"
	default:
		verdict = "missed"
		b.missed = append(b.missed, work+": "+t.why)
	}
	fmt.Printf(layout, work, theirs, ours, ratio, t, verdict)
}

// unmeasured prints a row that cannot be measured here.
func (b *bench) unmeasured(work, why string, t target) {
	fmt.Printf(layout, work, why, "", "", t, "")
}

// faster prints how many times faster ours is.
func (b *bench) faster(work string, theirs, ours times, t target) {
	ratio := float64(theirs.median()) / float64(ours.median())
	b.row(work, milliseconds(theirs.median()), milliseconds(ours.median()), fmt.Sprintf("%.1f×", ratio), ratio, t)
}

// alone prints a figure that has none beside it.
func (b *bench) alone(work, format string, figure float64, t target) {
	b.row(work, "", fmt.Sprintf(format, figure), "", figure, t)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}

// reasons prints why targets are missed.
func (b *bench) reasons() {
	if len(b.missed) == 0 {
		fmt.Println("\nEvery target is met.")
		return
	}
	fmt.Println("\nMissed, and why (docs/performance.md has more):")
	for _, line := range b.missed {
		fmt.Println("- " + line)
	}
}
