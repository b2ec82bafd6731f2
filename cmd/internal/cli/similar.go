package cli

// similarOption returns the option whose long name is most like name, or nil.
func (c Command) similarOption(name string) *option {
	var longs []string
	for _, s := range c.sections {
		for _, o := range s.options {
			if o.long != "" {
				longs = append(longs, o.long)
			}
		}
	}
	return c.optionNamed("--" + mostSimilar(name, longs))
}

// mostSimilar returns the candidate most like word, the last of equals, or ""
// if none is like it: clap draws the line at a Jaro similarity of 0.7.
func mostSimilar(word string, candidates []string) string {
	best, found := 0.7, ""
	for _, candidate := range candidates {
		if similarity := jaro([]rune(word), []rune(candidate)); similarity > 0.7 && similarity >= best {
			best, found = similarity, candidate
		}
	}
	return found
}

// jaro returns the Jaro similarity of two words, from 0 to 1.
func jaro(a, b []rune) float64 {
	if len(a) == 0 && len(b) == 0 {
		return 1
	}
	// Equal characters match if they are no further apart than half the longer
	// word.
	window := max(max(len(a), len(b))/2-1, 0)
	inB := make([]bool, len(b))
	var matchedA []rune
	for i, r := range a {
		for j := max(0, i-window); j < min(len(b), i+window+1); j++ {
			if !inB[j] && b[j] == r {
				inB[j] = true
				matchedA = append(matchedA, r)
				break
			}
		}
	}
	if len(matchedA) == 0 {
		return 0
	}
	// Matches that stand in another order are transpositions, counted in pairs.
	outOfOrder, k := 0, 0
	for j, matched := range inB {
		if matched {
			if b[j] != matchedA[k] {
				outOfOrder++
			}
			k++
		}
	}
	m := float64(len(matchedA))
	return (m/float64(len(a)) + m/float64(len(b)) + (m-float64(outOfOrder/2))/m) / 3
}
