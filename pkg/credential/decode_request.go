package credential

import (
	"fmt"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/internal/serdejson"
)

// decodeRequest reads what a provider is asked. A request of another version
// of the protocol may have any form, so its version is looked at first.
func decodeRequest(line []byte) (*request, error) {
	r, err := decodeRequestFields(line)
	if r.Version != protocolVersion && r.Version != 0 {
		return nil, fmt.Errorf("unsupported protocol version %d", r.Version)
	}
	if err != nil {
		return nil, err
	}
	if r.Version != protocolVersion {
		return nil, fmt.Errorf("unsupported protocol version %d", r.Version)
	}
	return r, nil
}

// decodeRequestFields returns what it has read also if there is an error.
func decodeRequestFields(line []byte) (*request, error) {
	r := &request{}
	d := serdejson.NewDecoder(line)
	var action []serdejson.Member
	err := d.Struct(serdejson.Struct{
		Expected: "struct CredentialRequest",
		Known:    []string{"v", "registry", "args"},
		Required: []string{"v", "registry"},
		Member: func(key string) (err error) {
			switch key {
			case "v":
				r.Version, err = d.Uint32()
			case "registry":
				err = decodeRegistry(d, &r.Request)
			case "args":
				r.Args, err = decodeStrings(d)
			default:
				var v serdejson.Value
				v, err = d.Any()
				action = append(action, serdejson.Member{Key: key, Value: v})
			}
			return err
		},
		Done: func() error { return decodeAction(action, r) },
	})
	if err == nil {
		err = d.End()
	}
	return r, err
}

func decodeStrings(d *serdejson.Decoder) (texts []string, err error) {
	err = d.Array("a sequence", func() error {
		text, err := d.String("a string")
		texts = append(texts, text)
		return err
	})
	return texts, err
}

func decodeRegistry(d *serdejson.Decoder, r *Request) error {
	return d.Struct(serdejson.Struct{
		Expected: "struct RegistryInfo",
		Known:    []string{"index-url", "name", "headers"},
		Required: []string{"index-url"},
		Member: func(key string) (err error) {
			switch key {
			case "index-url":
				r.IndexURL, err = d.String("a string")
			case "name":
				var absent bool
				if absent, err = d.Null(); !absent && err == nil {
					r.Name, err = d.String("a string")
				}
			case "headers":
				r.Headers, err = decodeStrings(d)
			default:
				err = d.Skip()
			}
			return err
		},
	})
}

// operationFields returns the fields that an operation must have, in order.
func operationFields(kind string) []string {
	switch kind {
	case "publish":
		return []string{"name", "vers", "cksum"}
	case "yank", "unyank":
		return []string{"name", "vers"}
	case "owners":
		return []string{"name"}
	}
	return nil
}

// decodeAction reads the members that depend on the kind of the request.
func decodeAction(members []serdejson.Member, r *request) error {
	var err error
	if r.Kind, err = tagOf(members, "kind", kindGet, kindLogin, kindLogout); err != nil {
		return err
	}
	switch r.Kind {
	case kindGet:
		return decodeOperation(members, &r.Operation)
	case kindLogin:
		return decodeLogin(members, &r.Login)
	}
	return nil
}

// tagOf returns the name of a variant, which must be there once.
func tagOf(members []serdejson.Member, key string, known ...string) (string, error) {
	found, err := fields(members, key)
	if err != nil {
		return "", err
	}
	if found[key] == nil {
		return "", serdejson.MissingField(key)
	}
	return found[key].Variant(known...)
}

func decodeOperation(members []serdejson.Member, op *Operation) error {
	var err error
	if op.Kind, err = tagOf(members, "operation", "read", "publish", "yank", "unyank", "owners"); err != nil {
		return err
	}
	names := operationFields(op.Kind)
	found, err := fields(members, names...)
	if err != nil {
		return err
	}
	for _, name := range names {
		v := found[name]
		switch {
		case v == nil:
			return serdejson.MissingField(name)
		case v.Kind != serdejson.String:
			return v.InvalidType("a string")
		}
		switch name {
		case "name":
			op.Name = v.String
		case "vers":
			op.Version = v.String
		case "cksum":
			op.Checksum = v.String
		}
	}
	return nil
}

func decodeLogin(members []serdejson.Member, login *LoginOptions) error {
	found := map[string]bool{}
	for _, m := range members {
		if m.Key != "token" && m.Key != "login-url" {
			continue
		}
		if found[m.Key] {
			return serdejson.DuplicateField(m.Key)
		}
		found[m.Key] = true
		switch {
		case m.Value.Kind == serdejson.Null:
		case m.Value.Kind != serdejson.String:
			return m.Value.InvalidType("a string")
		case m.Key == "token":
			token := config.NewSecret(m.Value.String)
			login.Token = &token
		default:
			login.LoginURL = m.Value.String
		}
	}
	return nil
}
