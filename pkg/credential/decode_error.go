package credential

import (
	"errors"

	"github.com/cargo-auth/cargo-auth/pkg/internal/serdejson"
)

// errorKinds are the errors that travel as a kind alone.
var errorKinds = []struct {
	kind string
	err  error
}{
	{"url-not-supported", ErrURLNotSupported},
	{"not-found", ErrNotFound},
	{"operation-not-supported", ErrOperationNotSupported},
}

// kindOther is the kind of every other error; it travels with its texts.
const kindOther = "other"

func errorKind(err error) (kind string, ok bool) {
	for _, k := range errorKinds {
		if errors.Is(err, k.err) {
			return k.kind, true
		}
	}
	return "", false
}

// decodeErr reads the error that a provider answers with.
func decodeErr(d *serdejson.Decoder, r *response) error {
	kind, rest, err := decodeTagged(d, "internally tagged enum Error")
	if err != nil {
		return err
	}
	if kind == kindOther {
		r.Err, err = decodeOther(rest)
		return err
	}
	r.Err = ErrUnknownKind
	for _, k := range errorKinds {
		if k.kind == kind {
			r.Err = k.err
		}
	}
	return emptyRest(rest)
}

// decodeOther reads an error's message and causes, from an object or from an
// array of the two. Elements are looked at in turn, so that a wrong type is
// found before a missing element.
func decodeOther(rest serdejson.Value) (other, err error) {
	members := rest.Members
	for i, item := range rest.Items[:min(2, len(rest.Items))] {
		members = append(members, serdejson.Member{Key: []string{"message", "caused-by"}[i], Value: item})
	}
	found := map[string]bool{}
	var message string
	var causes []string
	for _, m := range members {
		if m.Key != "message" && m.Key != "caused-by" {
			continue
		}
		if found[m.Key] {
			return nil, serdejson.DuplicateField(m.Key)
		}
		found[m.Key] = true
		switch {
		case m.Key == "caused-by" && m.Value.Kind == serdejson.Null:
		case m.Key == "caused-by":
			if causes, err = stringsOf(m.Value); err != nil {
				return nil, err
			}
		case m.Value.Kind != serdejson.String:
			return nil, m.Value.InvalidType("a string")
		default:
			message = m.Value.String
		}
	}
	switch n := len(rest.Items); {
	case rest.Kind == serdejson.Array && n < 2:
		return nil, serdejson.Errorf("invalid length %d, expected struct ErrorData with 2 elements", n)
	case n > 2:
		return nil, serdejson.Errorf("invalid length %d, expected 2 elements in sequence", n)
	case !found["message"]:
		return nil, serdejson.MissingField("message")
	}
	return chain(message, causes), nil
}

// stringsOf returns the elements of an array of strings.
func stringsOf(v serdejson.Value) ([]string, error) {
	if v.Kind != serdejson.Array {
		return nil, v.InvalidType("a sequence")
	}
	var texts []string
	for _, item := range v.Items {
		if item.Kind != serdejson.String {
			return nil, item.InvalidType("a string")
		}
		texts = append(texts, item.String)
	}
	return texts, nil
}
