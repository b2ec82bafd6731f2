package config

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestATableHoldsWhatAMapWould(t *testing.T) {
	table, want := newTable(&Definition{}), map[string]*node{}
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		name := fmt.Sprint("name-", random.IntN(60))
		if random.IntN(3) == 0 {
			table.removeChild(name)
			delete(want, name)
		} else {
			value := &node{text: name}
			table.setChild(name, value)
			want[name] = value
		}
		if got := table.names(); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
			t.Fatalf("the table has %v, want %v", got, want)
		}
		// What happens to a copy does not happen to the table.
		changed := table.clone()
		changed.setChild("another", &node{})
		if table.child("another") != nil {
			t.Fatal("a copy has changed the table")
		}
		other := fmt.Sprint("name-", random.IntN(60))
		if got := table.child(other); got != want[other] {
			t.Fatalf("%s is %v, want %v", other, got, want[other])
		}
	}
}
