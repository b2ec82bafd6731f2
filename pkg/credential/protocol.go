package credential

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/internal/untrusted"
	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// This file has the messages of the protocol. The provider greets its caller and
// answers each request. Greeting, request and response are one line of JSON each.

// protocolVersion is the version of the protocol that this package speaks.
const protocolVersion = 1

// maxLine is the length in bytes of the longest line that either side reads. Cargo
// has no limit; a token that fits into an HTTP header is far shorter.
const maxLine = 1 << 20

// maxCauses is how many causes of a provider's error are kept.
const maxCauses = 100

var (
	errNotUTF8     = errors.New("stream did not contain valid UTF-8")
	errLineTooLong = fmt.Errorf("a line is longer than %d bytes", maxLine)
)

// The kinds of requests and responses. Other kinds are unknown to this version.
const (
	kindGet    = "get"
	kindLogin  = "login"
	kindLogout = "logout"
)

// request is what a caller asks.
type request struct {
	Request
	Kind      string
	Operation Operation    // of a get
	Login     LoginOptions // of a login
}

// response is what a provider answers: an error, or the rest.
type response struct {
	Err   error
	Kind  string
	Token Token // of a get
}

// newLines returns what reads the lines of one side.
func newLines(r io.Reader) *bufio.Scanner {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine+1)
	return lines
}

// readLine reads a line without its end. At the end of the input it returns io.EOF.
func readLine(lines *bufio.Scanner) ([]byte, error) {
	if !lines.Scan() {
		switch err := lines.Err(); err {
		case nil:
			return nil, io.EOF
		case bufio.ErrTooLong:
			return nil, errLineTooLong
		default:
			return nil, system.Error(err)
		}
	}
	if !utf8.Valid(lines.Bytes()) {
		return nil, errNotUTF8
	}
	return lines.Bytes(), nil
}

// writeLine writes a message as a line.
func writeLine(w io.Writer, message any) error {
	var line bytes.Buffer
	defer func() { clear(line.Bytes()) }()
	encoder := json.NewEncoder(&line)
	// Cargo writes < and > as they are.
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(message)
	if err == nil {
		_, err = w.Write(line.Bytes())
	}
	return system.Error(err)
}

// requestMessage has the fields of a request, in Cargo's order.
type requestMessage struct {
	Version  int             `json:"v"`
	Registry registryMessage `json:"registry"`
	Kind     string          `json:"kind"`
	// The fields of a get.
	Operation    string  `json:"operation,omitempty"`
	Crate        *string `json:"name,omitempty"`
	CrateVersion *string `json:"vers,omitempty"`
	Checksum     *string `json:"cksum,omitempty"`
	// The fields of a login.
	Token    *string `json:"token,omitempty"`
	LoginURL string  `json:"login-url,omitempty"`

	Args []string `json:"args,omitempty"`
}

type registryMessage struct {
	IndexURL string   `json:"index-url"`
	Name     string   `json:"name,omitempty"`
	Headers  []string `json:"headers,omitempty"`
}

// okMessage and errMessage are the two forms of a response: {"Ok":…} or {"Err":…}.
type okMessage struct {
	Kind string `json:"kind"`
	// The fields of a get.
	Token                *string `json:"token,omitempty"`
	Cache                string  `json:"cache,omitempty"`
	Expiration           *int64  `json:"expiration,omitempty"`
	OperationIndependent *bool   `json:"operation_independent,omitempty"`
}

type errMessage struct {
	Kind string `json:"kind"`
	// The fields of kindOther.
	Message  *string   `json:"message,omitempty"`
	CausedBy *[]string `json:"caused-by,omitempty"`
}

// fields returns the fields that an operation of this kind has; nil for the others.
func (op *Operation) fields() (name, version, checksum *string) {
	switch op.Kind {
	case kindPublish:
		return &op.Name, &op.Version, &op.Checksum
	case kindYank, kindUnyank:
		return &op.Name, &op.Version, nil
	case kindOwners:
		return &op.Name, nil, nil
	}
	return nil, nil, nil
}

func (r *request) message() requestMessage {
	m := requestMessage{
		Version:  protocolVersion,
		Registry: registryMessage{r.IndexURL, r.Name, r.Headers},
		Kind:     r.Kind,
		Args:     r.Args,
	}
	switch r.Kind {
	case kindGet:
		m.Operation = r.Operation.Kind
		m.Crate, m.CrateVersion, m.Checksum = r.Operation.fields()
	case kindLogin:
		m.LoginURL = r.Login.LoginURL
		if r.Login.Token != nil {
			token := r.Login.Token.Expose()
			m.Token = &token
		}
	}
	return m
}

func (r *response) message() any {
	if r.Err != nil {
		return map[string]errMessage{"Err": errorMessage(r.Err)}
	}
	m := okMessage{Kind: r.Kind}
	if r.Kind == kindGet {
		token := r.Token.Secret.Expose()
		m.Token, m.OperationIndependent, m.Cache = &token, &r.Token.OperationIndependent, r.Token.Cache.String()
		if r.Token.Cache == CacheExpires {
			expiration := r.Token.Expiration.Unix()
			m.Expiration = &expiration
		}
	}
	return map[string]okMessage{"Ok": m}
}

// errorKinds are the errors that are sent as a kind. Other errors are sent as
// kindOther, with their texts.
var errorKinds = []struct {
	kind string
	err  error
}{
	{"url-not-supported", ErrURLNotSupported},
	{"not-found", ErrNotFound},
	{"operation-not-supported", ErrOperationNotSupported},
}

const kindOther = "other"

func errorMessage(err error) errMessage {
	for _, k := range errorKinds {
		if errors.Is(err, k.err) {
			return errMessage{Kind: k.kind}
		}
	}
	texts := system.ErrorLayers(err)
	causes := texts[1:]
	return errMessage{kindOther, &texts[0], &causes}
}

// decodeGreeting returns the versions of the protocol that a provider speaks.
func decodeGreeting(line []byte) ([]uint32, error) {
	o := untrusted.ParseObject(line)
	return o.Uint32s("v"), o.Err()
}

// decodeRequest reads a request. It checks the version first, since a request of
// another version may have any form.
func decodeRequest(line []byte) (*request, error) {
	o := untrusted.ParseObject(line)
	if version := o.Int("v"); o.Err() == nil && version != protocolVersion {
		return nil, fmt.Errorf("unsupported protocol version %d", version)
	}
	about := o.Object("registry")
	r := &request{
		Request: Request{
			IndexURL: about.String("index-url"),
			Headers:  about.OptionalStrings("headers"),
			Args:     o.OptionalStrings("args"),
		},
		Kind: o.String("kind"),
	}
	if name := about.OptionalString("name"); name != nil {
		r.Name = *name
	}
	switch r.Kind {
	case kindGet:
		r.Operation.Kind = o.String("operation")
		read := func(field string, into *string) {
			if into != nil {
				*into = o.String(field)
			}
		}
		name, version, checksum := r.Operation.fields()
		read("name", name)
		read("vers", version)
		read("cksum", checksum)
	case kindLogin:
		if token := o.OptionalString("token"); token != nil {
			secret := config.NewSecret(*token)
			r.Login.Token = &secret
		}
		if url := o.OptionalString("login-url"); url != nil {
			r.Login.LoginURL = *url
		}
	}
	return r, o.Err()
}

// decodeResponse reads a response.
func decodeResponse(line []byte) (*response, error) {
	o := untrusted.ParseObject(line)
	if o.Err() == nil && (o.Len() != 1 || !o.Has("Ok") && !o.Has("Err")) {
		return nil, errors.New("one field is expected, `Ok` or `Err`")
	}
	r := &response{}
	if o.Has("Err") {
		r.Err = decodeError(o.Object("Err"))
		return r, o.Err()
	}
	ok := o.Object("Ok")
	if r.Kind = ok.String("kind"); r.Kind != kindGet {
		return r, o.Err()
	}
	r.Token = Token{
		Secret:               config.NewSecret(ok.String("token")),
		OperationIndependent: ok.Bool("operation_independent"),
	}
	// A way of caching that this version does not know counts as "never".
	switch ok.String("cache") {
	case CacheSession.String():
		r.Token.Cache = CacheSession
	case CacheExpires.String():
		expiration := ok.Int("expiration")
		if expiration < minExpiration || expiration > maxExpiration {
			return nil, errors.New("the field `expiration` is out of range")
		}
		r.Token.Cache, r.Token.Expiration = CacheExpires, time.Unix(expiration, 0)
	}
	return r, o.Err()
}

// Cargo accepts the years -9999 to 9999.
const (
	minExpiration = -377705116800
	maxExpiration = 253402300799
)

// decodeError reads the error in a response.
func decodeError(o untrusted.Object) error {
	kind := o.String("kind")
	for _, k := range errorKinds {
		if k.kind == kind {
			return k.err
		}
	}
	if kind != kindOther {
		return ErrUnknownKind
	}
	texts := append([]string{o.String("message")}, o.OptionalStrings("caused-by")...)
	if more := len(texts) - 1 - maxCauses; more > 0 {
		texts = append(texts[:1+maxCauses], fmt.Sprintf("%d more", more))
	}
	return nested(texts)
}

// nested returns an error that wraps its causes. The texts are the outermost first.
func nested(texts []string) error {
	last := len(texts) - 1
	err := errors.New(texts[last])
	for last--; last >= 0; last-- {
		err = fmt.Errorf("%s: %w", texts[last], err)
	}
	return err
}
