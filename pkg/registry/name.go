package registry

import (
	"errors"
	"fmt"
	"slices"
	"unicode"
)

// ValidateName checks that a name may be a registry's: letters, digits, "-"
// and "_" as Unicode's identifiers (UAX #31) have them, beginning with neither
// a digit nor "-".
func ValidateName(name string) error {
	if name == "" {
		return errors.New("registry name cannot be empty")
	}
	for i, r := range name {
		var reason string
		switch {
		case i > 0 && (r == '-' || isXIDContinue(r)):
		case i > 0:
			reason = "characters must be Unicode XID characters (numbers, `-`, `_`, or most letters)"
		case '0' <= r && r <= '9':
			reason = "the name cannot start with a digit"
		case r != '_' && !isXIDStart(r):
			reason = "the first character must be a Unicode XID start character (most letters or `_`)"
		}
		if reason != "" {
			return fmt.Errorf("invalid character `%c` in registry name: `%s`, %s", r, name, reason)
		}
	}
	return nil
}

// isXIDStart reports whether r may begin an identifier.
func isXIDStart(r rune) bool {
	return unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start) &&
		!unicode.In(r, unicode.Pattern_Syntax, unicode.Pattern_White_Space) &&
		!unicode.Is(notXID, r) && !slices.Contains(continueOnly, r)
}

// isXIDContinue reports whether r may stand within an identifier.
func isXIDContinue(r rune) bool {
	return unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start, unicode.Other_ID_Continue,
		unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, laterContinue) &&
		!unicode.In(r, unicode.Pattern_Syntax, unicode.Pattern_White_Space) &&
		!unicode.Is(notXID, r)
}

// notXID are the letters that compatibility normalisation turns into something
// that is no identifier; the XID properties leave them out.
var notXID = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x037a, Hi: 0x037a, Stride: 1},
	{Lo: 0x309b, Hi: 0x309c, Stride: 1},
	{Lo: 0xfc5e, Hi: 0xfc63, Stride: 1},
	{Lo: 0xfdfa, Hi: 0xfdfb, Stride: 1},
	{Lo: 0xfe70, Hi: 0xfe7e, Stride: 2},
}}

// continueOnly are the letters that normalisation makes begin with a mark.
var continueOnly = []rune{0x0e33, 0x0eb3, 0xff9e, 0xff9f}

// laterContinue are the characters that became part of identifiers with
// Unicode 15.1, which the standard library does not know yet.
var laterContinue = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x200c, Hi: 0x200d, Stride: 1},
	{Lo: 0x30fb, Hi: 0x30fb, Stride: 1},
	{Lo: 0xff65, Hi: 0xff65, Stride: 1},
}}
