package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// bareValue is a value that stands in a document without quotes.
type bareValue struct {
	raw  string
	kind bareKind
	// number is what a number is without its underscores and the prefix of its
	// base.
	number string
	base   int
}

type bareKind string

const (
	bareBoolean  bareKind = "boolean"
	bareInteger  bareKind = "integer"
	bareFloat    bareKind = "float"
	bareDatetime bareKind = "datetime"
)

// problem is what is wrong with the bytes from start to end of a bare value, in
// the words of Cargo's parser.
type problem struct {
	start, end int
	reason     string
}

const (
	decimals     = "0123456789"
	hexadecimals = decimals + "abcdefABCDEF"
)

// prefixed returns the base of an integer with a prefix, and the digits and the
// name of such integers; 0 if it has none.
func prefixed(value string) (base int, digits, name string) {
	if len(value) < 2 || value[0] != '0' {
		return 0, "", ""
	}
	switch value[1] | 0x20 {
	case 'x':
		return 16, hexadecimals, "hexadecimal"
	case 'o':
		return 8, "01234567", "octal"
	case 'b':
		return 2, "01", "binary"
	case 'd':
		return 10, decimals, "integer"
	}
	return 0, "", ""
}

// bareAt returns the bare value that starts at an offset, as far as Cargo's parser
// takes it: with the white space in it.
func bareAt(document string, start int) string {
	const ends = "=,[]{}#\r\n"
	at := start
	for {
		for at < len(document) && strings.IndexByte(ends+" \t", document[at]) < 0 {
			at++
		}
		rest := strings.TrimLeft(document[at:], " \t")
		next := len(document) - len(rest)
		if next == at || rest == "" || strings.IndexByte(ends+`.'"`, rest[0]) >= 0 {
			return document[start:at]
		}
		at = next
	}
}

// parseBare reads a bare value. Whether a number is too large, [bareValue.tooLarge]
// says: Cargo looks at that only once it has read the document.
func parseBare(raw string) (*bareValue, *problem) {
	v := &bareValue{raw: raw, base: 10}
	value := strings.TrimLeft(raw, "+-")
	sign := len(raw) - len(value)
	switch {
	case sign > 1:
		return v, &problem{1, 2, "redundant numeric sign, expected nothing"}
	case value == "":
		return v, v.notQuoted()
	}
	if base, digits, name := prefixed(value); base > 0 {
		v.base = base
		return v, v.readWithPrefix(sign, digits, name)
	}
	switch first := value[0]; {
	case first == '_' || '0' <= first && first <= '9':
		return v, v.readNumber(sign)
	case first == '.':
		return v, &problem{0, 0, "invalid mantissa, expected digits"}
	case first|0x20 == 'i':
		return v, v.readWord(sign, "inf", bareFloat)
	case first|0x20 == 'n':
		return v, v.readWord(sign, "nan", bareFloat)
	case first|0x20 == 't' && sign == 0:
		return v, v.readWord(0, "true", bareBoolean)
	case first|0x20 == 'f' && sign == 0:
		return v, v.readWord(0, "false", bareBoolean)
	}
	return v, v.notQuoted()
}

// notQuoted says that this is a string without quotes.
func (v *bareValue) notQuoted() *problem {
	for _, quote := range []string{`'''`, `"""`, `'`, `"`} {
		if strings.HasSuffix(v.raw, quote) {
			return &problem{0, 0, "missing opening quote, expected `" + quote + "`"}
		}
	}
	return &problem{0, len(v.raw), notQuoted}
}

// readWord reads a word that starts at an offset.
func (v *bareValue) readWord(at int, word string, kind bareKind) *problem {
	v.kind, v.number = kind, v.raw
	switch {
	case v.raw[at:] == word:
		return nil
	case at == 0 && strings.Contains(v.raw, " "):
		return v.notQuoted()
	}
	return &problem{at, len(v.raw), fmt.Sprintf("invalid %s, expected `%s`", kind, word)}
}

// readNumber reads a number or a date behind its sign.
func (v *bareValue) readNumber(sign int) *problem {
	value := v.raw[sign:]
	rest := strings.TrimLeft(value, decimals)
	v.kind = bareInteger
	switch {
	case strings.HasPrefix(rest, "-"), strings.HasPrefix(rest, ":"):
		v.kind = bareDatetime
		if reason := wrongDatetime(v.raw); reason != "" {
			return &problem{0, len(v.raw), reason}
		}
		return nil
	case strings.Contains(rest, " "):
		return v.notQuoted()
	case strings.ContainsAny(rest, ".eE"):
		v.kind = bareFloat
		if p := v.readFloat(sign); p != nil {
			return p
		}
	case rest != "" && rest[0] != '_':
		return v.notQuoted()
	case value != "0" && value[0] == '0':
		return leadingZero(sign)
	}
	return v.readUnderscores(0)
}

func leadingZero(at int) *problem {
	return &problem{at, at + 1, "unexpected leading zero, expected nothing"}
}

// readWithPrefix reads an integer with the prefix of its base behind its sign.
func (v *bareValue) readWithPrefix(sign int, digits, name string) *problem {
	v.kind = bareInteger
	letter, start := v.raw[sign+1], sign+2
	switch {
	case sign > 0:
		return &problem{0, 1, "integers with a radix cannot be signed, expected nothing"}
	case letter|0x20 == 'd':
		return &problem{0, 2, "redundant integer number prefix, expected nothing"}
	case letter < 'a':
		return &problem{0, 2, fmt.Sprintf("radix must be lowercase, expected `0%c`", letter|0x20)}
	case strings.HasPrefix(v.raw[start:], "+"), strings.HasPrefix(v.raw[start:], "-"):
		return &problem{start, start + 1, "unexpected sign, expected nothing"}
	}
	for i, c := range v.raw[start:] {
		if !strings.ContainsRune(digits+"_", c) {
			return &problem{start + i, start + i, "invalid " + name + " number"}
		}
	}
	return v.readUnderscores(start)
}

// readFloat reads a float behind its sign, but for its underscores.
func (v *bareValue) readFloat(sign int) *problem {
	at := sign
	digits := func(what string) *problem {
		start := at
		at += len(v.raw[at:]) - len(strings.TrimLeft(v.raw[at:], decimals+"_"))
		count := at - start - strings.Count(v.raw[start:at], "_")
		switch {
		case count == 0:
			return &problem{start, start, "invalid " + what + ", expected digits"}
		case count > 1 && v.raw[start] == '0' && start == sign:
			return leadingZero(start)
		}
		return nil
	}
	skip := func(bytes string) bool {
		ok := at < len(v.raw) && strings.IndexByte(bytes, v.raw[at]) >= 0
		if ok {
			at++
		}
		return ok
	}
	if p := digits("mantissa"); p != nil {
		return p
	}
	if skip(".") {
		if p := digits("fraction"); p != nil {
			return p
		}
	}
	if skip("eE") {
		skip("+-")
		if p := digits("exponent"); p != nil {
			return p
		}
	}
	if at < len(v.raw) {
		return &problem{at, len(v.raw), "invalid float, expected nothing"}
	}
	return nil
}

// readUnderscores takes the underscores out of a number, which starts at an
// offset.
func (v *bareValue) readUnderscores(start int) *problem {
	const reason = "`_` may only go between digits"
	number := v.raw[start:]
	v.number = strings.ReplaceAll(number, "_", "")
	digits := hexadecimals
	if v.kind == bareFloat {
		digits = decimals
	}
	isDigit := func(c byte) bool { return strings.IndexByte(digits, c) >= 0 }
	switch {
	case strings.HasPrefix(number, "_"):
		return &problem{0, 1, reason + ", expected nothing"}
	case strings.HasSuffix(number, "_"):
		return &problem{len(v.raw) - 1, len(v.raw), reason + ", expected nothing"}
	}
	at := start
	for part := range strings.SplitSeq(number, "_") {
		end := at + len(part)
		switch {
		case part == "" && end < len(v.raw):
			return &problem{at, at + 1, reason}
		case part != "" && at > start && !isDigit(part[0]):
			return &problem{at - 1, at, reason}
		case len(part) > 1 && end < len(v.raw) && !isDigit(part[len(part)-1]):
			return &problem{end, end + 1, reason}
		}
		at = end + 1
	}
	return nil
}

// integer returns the value of an integer that is not [bareValue.tooLarge].
func (v *bareValue) integer() int64 {
	i, _ := strconv.ParseInt(v.number, v.base, 64)
	return i
}

// tooLarge is the problem of a number that is too large. Cargo shows an integer of
// more than 64 bits, which may be a token, in its reason; here it has the reason of
// one of more than 128.
func (v *bareValue) tooLarge() *problem {
	var reason string
	switch v.kind {
	case bareInteger:
		if _, err := strconv.ParseInt(v.number, v.base, 64); err == nil {
			return nil
		}
		reason = "integer number overflowed"
		if _, err := strconv.ParseUint(strings.TrimPrefix(v.number, "+"), v.base, 64); err == nil {
			reason = "u64 value was too large"
		}
	case bareFloat:
		if _, err := strconv.ParseFloat(v.number, 64); !errors.Is(err, strconv.ErrRange) {
			return nil
		}
		reason = "floating-point number overflowed"
	default:
		return nil
	}
	return &problem{0, len(v.raw), reason}
}
