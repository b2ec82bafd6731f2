package credential

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// protocolVersion is the version of the protocol that this package speaks.
const protocolVersion = 1

// maxLine is the longest line, in bytes, that either side reads. Cargo has no
// limit; a token that is sent in an HTTP header stays far below this one.
const maxLine = 1 << 20

// The kinds of requests and responses.
const (
	kindGet    = "get"
	kindLogin  = "login"
	kindLogout = "logout"
)

// greeting is what a provider says first: {"v":[1]}.
type greeting struct {
	Versions []uint32
}

// request is what a provider is asked, in one line.
type request struct {
	Version uint32
	Request
	// Kind is "get", "login" or "logout"; anything else is a kind that this
	// version does not know.
	Kind string
	// Operation goes with "get".
	Operation Operation
	// Login goes with "login".
	Login LoginOptions
}

// response is what a provider answers, in one line.
type response struct {
	// Err is the error that it answers with; the other fields are then unset.
	Err error
	// Kind is "get", "login" or "logout"; anything else is a kind that this
	// version does not know.
	Kind string
	// Token goes with "get".
	Token Token
	// unknownCache is set if the provider named a kind of caching that this
	// version does not know; the token's Cache is then CacheNever.
	unknownCache bool
}

// appendJSON appends {"v":[1]}.
func (g greeting) appendJSON(b []byte) []byte {
	b = append(b, `{"v":[`...)
	for i, v := range g.Versions {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(v), 10)
	}
	return append(b, "]}"...)
}

// appendJSON appends the request with its fields in Cargo's order. What is
// empty is left out, but a token that is the empty string is not.
func (r *request) appendJSON(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"v":`...), uint64(r.Version), 10)
	b = appendString(append(b, `,"registry":{"index-url":`...), r.IndexURL)
	b = appendMember(b, "name", r.Name)
	b = appendList(b, "headers", r.Headers)
	b = append(b, '}')
	b = appendString(append(b, `,"kind":`...), r.Kind)
	switch r.Kind {
	case kindGet:
		b = appendString(append(b, `,"operation":`...), r.Operation.Kind)
		b = r.Operation.appendFields(b, operationFields(r.Operation.Kind))
	case kindLogin:
		if r.Login.Token != nil {
			b = appendString(append(b, `,"token":`...), r.Login.Token.Expose())
		}
		b = appendMember(b, "login-url", r.Login.LoginURL)
	}
	b = appendList(b, "args", r.Args)
	return append(b, '}')
}

// appendFields appends fields of the operation under the names that Cargo
// gives them.
func (op Operation) appendFields(b []byte, names []string) []byte {
	values := map[string]string{"name": op.Name, "vers": op.Version, "cksum": op.Checksum}
	for _, name := range names {
		b = appendMemberAlways(b, name, values[name])
	}
	return b
}

// appendJSON appends {"Ok":…} or {"Err":…}.
func (r *response) appendJSON(b []byte) []byte {
	if r.Err != nil {
		return appendError(b, r.Err)
	}
	b = appendString(append(b, `{"Ok":{"kind":`...), r.Kind)
	if r.Kind == kindGet {
		b = appendMemberAlways(b, "token", r.Token.Secret.Expose())
		switch r.Token.Cache {
		case CacheExpires:
			b = append(b, `,"cache":"expires","expiration":`...)
			b = strconv.AppendInt(b, r.Token.Expiration.Unix(), 10)
		case CacheSession:
			b = append(b, `,"cache":"session"`...)
		default:
			b = append(b, `,"cache":"never"`...)
		}
		b = append(b, `,"operation_independent":`...)
		b = strconv.AppendBool(b, r.Token.OperationIndependent)
	}
	return append(b, "}}"...)
}

func appendError(b []byte, err error) []byte {
	if kind, ok := errorKind(err); ok {
		b = appendString(append(b, `{"Err":{"kind":`...), kind)
		return append(b, "}}"...)
	}
	texts := layers(err)
	b = append(b, `{"Err":{"kind":"other"`...)
	b = appendMemberAlways(b, "message", texts[0])
	b = append(b, `,"caused-by":[`...)
	for i, text := range texts[1:] {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, text)
	}
	return append(b, "]}}"...)
}

// appendString appends a string as Cargo writes it: nothing is escaped but
// quotes, backslashes and control characters.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\b':
			b = append(b, `\b`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\f':
			b = append(b, `\f`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r < 0x20:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

func appendMember(b []byte, key, value string) []byte {
	if value == "" {
		return b
	}
	return appendMemberAlways(b, key, value)
}

func appendMemberAlways(b []byte, key, value string) []byte {
	b = appendString(append(b, ','), key)
	return appendString(append(b, ':'), value)
}

func appendList(b []byte, key string, values []string) []byte {
	if len(values) == 0 {
		return b
	}
	b = appendString(append(b, ','), key)
	b = append(b, ':', '[')
	for i, value := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, value)
	}
	return append(b, ']')
}

// describe shows a response as Cargo does, which is as Rust's Debug does.
func (r *response) describe() string {
	switch r.Kind {
	case kindLogin:
		return "Login"
	case kindLogout:
		return "Logout"
	case kindGet:
		cache := map[Cache]string{CacheNever: "Never", CacheSession: "Session"}[r.Token.Cache]
		if r.unknownCache {
			cache = "Unknown"
		}
		if r.Token.Cache == CacheExpires {
			cache = "Expires { expiration: " + describeTime(r.Token.Expiration) + " }"
		}
		return fmt.Sprintf("Get { token: Secret { inner: %q }, cache: %s, operation_independent: %t }",
			config.Secret{}, cache, r.Token.OperationIndependent)
	default:
		return "Unknown"
	}
}

func describeTime(t time.Time) string {
	t = t.UTC()
	year := fmt.Sprintf("%04d", t.Year())
	if t.Year() < 0 {
		year = fmt.Sprintf("-%04d", -t.Year())
	}
	return fmt.Sprintf("%s-%02d-%02d %d:%02d:%02d.0 +00:00:00",
		year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second())
}
