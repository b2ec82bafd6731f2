package credential

import (
	"slices"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/internal/serdejson"
)

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
	tag := func() error {
		kind, err = d.String("variant identifier")
		return err
	}
	err = d.Struct(serdejson.Struct{
		Expected: expected,
		Known:    []string{"kind"},
		Required: []string{"kind"},
		Member: func(key string) error {
			if key == "kind" {
				return tag()
			}
			v, err := d.Any()
			rest.Members = append(rest.Members, serdejson.Member{Key: key, Value: v})
			return err
		},
		Elements: func() error {
			rest.Kind = serdejson.Array
			more, err := d.Element(true)
			if err != nil {
				return err
			}
			if !more {
				return serdejson.MissingField("kind")
			}
			if err := tag(); err != nil {
				return err
			}
			rest.Items, err = d.Rest(false)
			return err
		},
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

// fieldType returns the type of a field of a response; its name is empty where
// any will do.
func fieldType(field string) (kind serdejson.Kind, name string) {
	switch field {
	case "token":
		return serdejson.String, "a string"
	case "operation_independent":
		return serdejson.Bool, "a boolean"
	}
	return kind, ""
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
		if kind, name := fieldType(m.Key); name != "" && m.Value.Kind != kind {
			return nil, m.Value.InvalidType(name)
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
