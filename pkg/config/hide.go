package config

import (
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// secretKeys begin, in any case, the names of keys and the words before which
// people put a token, and what a pasted command has before it.
var secretKeys = []string{"token", "secret", "password", "bearer", "basic", "cargo login"}

// credentialsWords are those that a credentials file has without a secret.
var credentialsWords = []string{
	"registries", "registry", "token", "secret-key", "secret-key-subject", "index", "credential-provider", "default", "protocol",
}

// The lengths of words that are taken for a token, in a credentials file and
// elsewhere.
const (
	suspiciousInCredentials = 8
	suspicious              = 20
)

// hideSecrets returns a line of a document as it may be shown. Cargo shows it as
// it is, in logs too; but a broken line is often one into which somebody has just
// put a token. Hidden is what stands behind the key of a secret and whatever is
// as long as a token, above all in a credentials file.
func hideSecrets(line string, isCredentials bool) string {
	headerEnd := 0
	if key := strings.TrimLeft(line, " \t["); strings.HasPrefix(strings.TrimSpace(line), "[") {
		headerEnd = len(line) - len(strings.TrimLeftFunc(key, func(c rune) bool { return c == '.' || isInBareKey(c) }))
	}
	from := len(line)
	for _, key := range secretKeys {
		if at := strings.Index(strings.ToLower(line), key); at >= 0 {
			from = min(from, at)
		}
	}
	var b strings.Builder
	for at := 0; at < len(line); {
		word := line[at:]
		if end := strings.IndexAny(word, " \t\r\"'={}[],#"); end == 0 {
			b.WriteByte(line[at])
			at++
			continue
		} else if end > 0 {
			word = word[:end]
		}
		if isSecretWord(word, isCredentials, at >= from, at < headerEnd) {
			b.WriteString(strings.Repeat("*", utf8.RuneCountInString(word)))
		} else {
			b.WriteString(word)
		}
		at += len(word)
	}
	return b.String()
}

func isSecretWord(word string, isCredentials, behindKey, inHeader bool) bool {
	parts := strings.Split(word, ".")
	known := func(part string) bool { return slices.Contains(credentialsWords, part) }
	switch {
	case slices.ContainsFunc(parts, known) && (inHeader || known(parts[len(parts)-1])):
		return false
	case behindKey && !inHeader:
		return true
	case isCredentials && !inHeader:
		return len(word) >= suspiciousInCredentials
	}
	return len(word) >= suspicious && !strings.ContainsAny(word, "/\\:")
}

// isCredentialsFile reports whether something is defined in a file of tokens.
func (d Definition) isCredentialsFile() bool {
	return strings.TrimSuffix(filepath.Base(d.Path), ".toml") == credentialsKind.name
}
