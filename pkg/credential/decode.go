package credential

import (
	"errors"
	"slices"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
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

func errorKind(err error) (kind string, ok bool) {
	for _, k := range errorKinds {
		if errors.Is(err, k.err) {
			return k.kind, true
		}
	}
	return "", false
}

// decodeGreeting reads a provider's first line. As with serde, an array with
// the field's value is as good as an object, and unknown fields are ignored.
func decodeGreeting(line []byte) (greeting, error) {
	var g greeting
	d := serdejson.NewDecoder(line)
	seen := false
	err := d.Struct("struct CredentialHello",
		func(key string) error {
			if key == "v" && seen {
				return serdejson.DuplicateField("v")
			}
			if err := d.Colon(); err != nil {
				return err
			}
			if key != "v" {
				return d.Skip()
			}
			seen = true
			return decodeVersions(d, &g)
		},
		func() error {
			if !seen {
				return serdejson.MissingField("v")
			}
			return nil
		},
		func() error {
			more, err := d.Element(true)
			if err != nil {
				return err
			}
			if !more {
				return serdejson.Errorf("invalid length 0, expected struct CredentialHello with 1 element")
			}
			return decodeVersions(d, &g)
		})
	if err == nil {
		err = d.End()
	}
	return g, err
}

func decodeVersions(d *serdejson.Decoder, g *greeting) error {
	return d.Array("a sequence", func() error {
		for first := true; ; first = false {
			more, err := d.Element(first)
			if err != nil || !more {
				return err
			}
			v, err := d.Uint32()
			if err != nil {
				return err
			}
			g.Versions = append(g.Versions, v)
		}
	})
}

// decodeResponse reads a provider's answer.
func decodeResponse(line []byte) (*response, error) {
	r := &response{}
	d := serdejson.NewDecoder(line)
	err := d.Variant("`Ok` or `Err`",
		func(name string) error {
			if name == "Ok" {
				return decodeOk(d, r)
			}
			return decodeErr(d, r)
		},
		func(name string) error {
			if name != "Ok" && name != "Err" {
				return serdejson.Errorf("unknown variant `%s`, expected `Ok` or `Err`", name)
			}
			return nil
		})
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// decodeTagged reads an object whose kind says what the rest is, or an array
// whose first element does. The rest is kept until the kind is known.
func decodeTagged(d *serdejson.Decoder, expected string) (kind string, rest serdejson.Value, err error) {
	rest.Kind = serdejson.Object
	seen := false
	tag := func() error {
		seen = true
		kind, err = d.String("variant identifier")
		return err
	}
	done := func() error {
		if !seen {
			return serdejson.MissingField("kind")
		}
		return nil
	}
	err = d.Struct(expected,
		func(key string) error {
			if key == "kind" && seen {
				return serdejson.DuplicateField("kind")
			}
			if err := d.Colon(); err != nil {
				return err
			}
			if key == "kind" {
				return tag()
			}
			v, err := d.Any()
			rest.Members = append(rest.Members, serdejson.Member{Key: key, Value: v})
			return err
		},
		done,
		func() error {
			rest.Kind = serdejson.Array
			more, err := d.Element(true)
			if err != nil {
				return err
			}
			if !more {
				return done()
			}
			if err := tag(); err != nil {
				return err
			}
			rest.Items, err = d.Rest(false)
			return err
		})
	return kind, rest, err
}

// emptyRest checks what follows a kind that has no fields: an object may hold
// anything, an array nothing.
func emptyRest(rest serdejson.Value) error {
	if len(rest.Items) > 0 {
		return serdejson.Errorf("invalid length %d, expected 0 elements in sequence", len(rest.Items))
	}
	return nil
}

func decodeOk(d *serdejson.Decoder, r *response) error {
	kind, rest, err := decodeTagged(d, "internally tagged enum CredentialResponse")
	if err != nil {
		return err
	}
	r.Kind = kind
	if kind != kindGet {
		return emptyRest(rest)
	}
	if rest.Kind != serdejson.Object {
		return rest.InvalidType("struct variant CredentialResponse::Get")
	}
	token, err := fields(rest.Members, "token", "operation_independent")
	if err != nil {
		return err
	}
	if token["token"] == nil {
		return serdejson.MissingField("token")
	}
	if token["operation_independent"] == nil {
		return serdejson.MissingField("operation_independent")
	}
	r.Token.Secret = config.NewSecret(token["token"].String)
	r.Token.OperationIndependent = token["operation_independent"].Bool
	return decodeCache(rest.Members, r)
}

// fieldTypes are the types of the fields that a response has.
var fieldTypes = map[string]struct {
	kind serdejson.Kind
	name string
}{
	"token":                 {serdejson.String, "a string"},
	"operation_independent": {serdejson.Bool, "a boolean"},
}

// fields picks named members and checks their types, in the order of the text.
func fields(members []serdejson.Member, names ...string) (map[string]*serdejson.Value, error) {
	found := map[string]*serdejson.Value{}
	for i, m := range members {
		if !slices.Contains(names, m.Key) {
			continue
		}
		if found[m.Key] != nil {
			return nil, serdejson.DuplicateField(m.Key)
		}
		if t, ok := fieldTypes[m.Key]; ok && m.Value.Kind != t.kind {
			return nil, m.Value.InvalidType(t.name)
		}
		found[m.Key] = &members[i].Value
	}
	return found, nil
}

// The range of times that Cargo takes: the years -9999 to 9999.
const (
	minExpiration = -377705116800
	maxExpiration = 253402300799
)

func decodeCache(members []serdejson.Member, r *response) error {
	found, err := fields(members, "cache")
	if err != nil {
		return err
	}
	if found["cache"] == nil {
		return serdejson.MissingField("cache")
	}
	cache, err := found["cache"].Variant("never", "expires", "session")
	if err != nil {
		return err
	}
	switch cache {
	case "never":
	case "session":
		r.Token.Cache = CacheSession
	case "expires":
		r.Token.Cache = CacheExpires
		found, err := fields(members, "expiration")
		if err != nil {
			return err
		}
		if found["expiration"] == nil {
			return serdejson.MissingField("expiration")
		}
		seconds, err := found["expiration"].Int64()
		if err != nil {
			return err
		}
		if seconds < minExpiration || seconds > maxExpiration {
			return serdejson.Errorf("invalid timestamp, expected an in-range value")
		}
		r.Token.Expiration = time.Unix(seconds, 0)
	default:
		r.unknownCache = true
	}
	return nil
}

func decodeErr(d *serdejson.Decoder, r *response) error {
	kind, rest, err := decodeTagged(d, "internally tagged enum Error")
	if err != nil {
		return err
	}
	if kind == "other" {
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
// array of the two.
func decodeOther(rest serdejson.Value) (error, error) {
	members := rest.Members
	if rest.Kind == serdejson.Array {
		// The elements are looked at in turn, so that a wrong type is found
		// before a missing element.
		for i, name := range []string{"message", "caused-by"} {
			if i == len(rest.Items) {
				break
			}
			members = append(members, serdejson.Member{Key: name, Value: rest.Items[i]})
		}
	}
	var message *string
	var causes []string
	seen := false
	for _, m := range members {
		var err error
		switch m.Key {
		case "message":
			if message != nil {
				return nil, serdejson.DuplicateField(m.Key)
			}
			if m.Value.Kind != serdejson.String {
				return nil, m.Value.InvalidType("a string")
			}
			message = &m.Value.String
		case "caused-by":
			if seen {
				return nil, serdejson.DuplicateField(m.Key)
			}
			seen = true
			if m.Value.Kind != serdejson.Null {
				causes, err = stringsOf(m.Value, "a string")
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if n := len(rest.Items); rest.Kind == serdejson.Array && n < 2 {
		return nil, serdejson.Errorf("invalid length %d, expected struct ErrorData with 2 elements", n)
	} else if n > 2 {
		return nil, serdejson.Errorf("invalid length %d, expected 2 elements in sequence", n)
	}
	if message == nil {
		return nil, serdejson.MissingField("message")
	}
	return chain(*message, causes), nil
}

// stringsOf returns the elements of an array of strings.
func stringsOf(v serdejson.Value, element string) ([]string, error) {
	if v.Kind != serdejson.Array {
		return nil, v.InvalidType("a sequence")
	}
	var texts []string
	for _, item := range v.Items {
		if item.Kind != serdejson.String {
			return nil, item.InvalidType(element)
		}
		texts = append(texts, item.String)
	}
	return texts, nil
}
