package credential

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/pkg/config"
)

func TestRequestsHaveCargosForm(t *testing.T) {
	named := Request{IndexURL: "sparse+https://index.example/", Name: "pub"}
	for _, c := range []struct {
		name string
		json string
		want request
	}{
		{
			"get to read",
			`{"v":1,"registry":{"index-url":"https://index.example/"},"kind":"get","operation":"read"}`,
			request{Request: Request{IndexURL: "https://index.example/"}, Kind: "get", Operation: Read()},
		},
		{
			"get after a refusal, with arguments",
			`{"v":1,"registry":{"index-url":"sparse+https://index.example/","name":"pub","headers":["WWW-Authenticate: Cargo"]},` +
				`"kind":"get","operation":"read","args":["--account","a b"]}`,
			request{
				Kind: "get", Operation: Read(),
				Request: Request{
					IndexURL: "sparse+https://index.example/", Name: "pub",
					Headers: []string{"WWW-Authenticate: Cargo"}, Args: []string{"--account", "a b"},
				},
			},
		},
		{
			"get to publish",
			`{"v":1,"registry":{"index-url":"sparse+https://index.example/","name":"pub"},"kind":"get",` +
				`"operation":"publish","name":"foo","vers":"1.0.0","cksum":"ab"}`,
			request{Request: named, Kind: "get", Operation: Publish("foo", "1.0.0", "ab")},
		},
		{
			"get to yank",
			`{"v":1,"registry":{"index-url":"sparse+https://index.example/","name":"pub"},"kind":"get",` +
				`"operation":"yank","name":"foo","vers":"1.0.0"}`,
			request{Request: named, Kind: "get", Operation: Yank("foo", "1.0.0")},
		},
		{
			"get for owners",
			`{"v":1,"registry":{"index-url":"sparse+https://index.example/","name":"pub"},"kind":"get","operation":"owners","name":"foo"}`,
			request{Request: named, Kind: "get", Operation: Owners("foo")},
		},
		{
			"login without a token",
			`{"v":1,"registry":{"index-url":"sparse+https://index.example/","name":"pub"},"kind":"login"}`,
			request{Request: named, Kind: "login"},
		},
		{
			"login with an empty token",
			`{"v":1,"registry":{"index-url":"sparse+https://index.example/","name":"pub"},"kind":"login","token":""}`,
			request{Request: named, Kind: "login", Login: LoginOptions{Token: secret("")}},
		},
		{
			"login",
			`{"v":1,"registry":{"index-url":"sparse+https://index.example/","name":"pub"},"kind":"login",` +
				`"token":"\"\\\u0001/é","login-url":"https://index.example/me?<a>&b"}`,
			request{
				Request: named, Kind: "login",
				Login: LoginOptions{Token: secret("\"\\\x01/é"), LoginURL: "https://index.example/me?<a>&b"},
			},
		},
		{
			"logout",
			`{"v":1,"registry":{"index-url":"sparse+https://index.example/","name":"pub"},"kind":"logout"}`,
			request{Request: named, Kind: "logout"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(encoded(t, c.want.message())); got != c.json+"\n" {
				t.Errorf("written:\ngot  %s\nwant %s", got, c.json)
			}
			got, err := decodeRequest([]byte(c.json))
			if err != nil || !reflect.DeepEqual(*got, c.want) {
				t.Errorf("read:\ngot  %+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
}

func TestRequestsOfLaterVersionsOfCargo(t *testing.T) {
	for _, c := range []struct{ json, kind, operation, err string }{
		{`{"v":1,"registry":{"index-url":"u","later":1},"kind":"logout","later":[{}],"args":[]}`, "logout", "", ""},
		{`{"kind":"login","token":null,"login-url":null,"registry":{"name":null,"index-url":"u"},"v":1}`, "login", "", ""},
		{`{"v":1,"registry":{"index-url":"u"},"kind":"later","operation":3}`, "later", "", ""},
		{`{"v":1,"registry":{"index-url":"u"},"kind":"get","operation":"later","name":3}`, "get", "later", ""},
		{`{"v":2,"registry":3}`, "", "", "unsupported protocol version 2"},
		{`{"v":999,"registry":{"index-url":""},"args":[],"kind":"unexpected"}`, "", "", "unsupported protocol version 999"},
		{`{"v":1,"registry":{"index-url":"u"},"kind":3.5}`, "", "", "the field `kind` is not a string"},
		{`{"v":1,"registry":{"index-url":"u"}}`, "", "", "the field `kind` is missing"},
		{`{"v":1,"kind":"get"}`, "", "", "the field `registry` is missing"},
		{`{"v":1,"registry":{"index-url":"u"},"kind":"get","operation":"yank","name":"x"}`, "", "", "the field `vers` is missing"},
		{`{"v":1,"registry":{"index-url":"u"},"kind":"logout"} x`, "", "", "invalid character 'x' after top-level value"},
	} {
		r, err := decodeRequest([]byte(c.json))
		switch {
		case c.err != "":
			if err == nil || err.Error() != c.err {
				t.Errorf("%s:\ngot  %v\nwant %s", c.json, err, c.err)
			}
		case err != nil:
			t.Errorf("%s: %v", c.json, err)
		case r.Kind != c.kind || r.Operation.Kind != c.operation:
			t.Errorf("%s: got %q %q", c.json, r.Kind, r.Operation.Kind)
		}
	}
}

func TestResponsesHaveCargosForm(t *testing.T) {
	for _, c := range []struct {
		json string
		want response
	}{
		{`{"Ok":{"kind":"login"}}`, response{Kind: "login"}},
		{`{"Ok":{"kind":"logout"}}`, response{Kind: "logout"}},
		{
			`{"Ok":{"kind":"get","token":"t","cache":"session","operation_independent":true}}`,
			response{Kind: "get", Token: Token{Secret: *secret("t"), Cache: CacheSession, OperationIndependent: true}},
		},
		{
			`{"Ok":{"kind":"get","token":"t","cache":"never","operation_independent":false}}`,
			response{Kind: "get", Token: Token{Secret: *secret("t")}},
		},
		{
			`{"Ok":{"kind":"get","token":"","cache":"expires","expiration":1693928537,"operation_independent":true}}`,
			response{Kind: "get", Token: Token{Cache: CacheExpires, Expiration: time.Unix(1693928537, 0), OperationIndependent: true}},
		},
		{`{"Err":{"kind":"not-found"}}`, response{Err: ErrNotFound}},
		{`{"Err":{"kind":"url-not-supported"}}`, response{Err: ErrURLNotSupported}},
		{`{"Err":{"kind":"operation-not-supported"}}`, response{Err: ErrOperationNotSupported}},
		{`{"Err":{"kind":"other","message":"E3","caused-by":["E2","E1"]}}`, response{Err: nested([]string{"E3", "E2", "E1"})}},
		{`{"Err":{"kind":"other","message":"E","caused-by":[]}}`, response{Err: nested([]string{"E"})}},
	} {
		if got := string(encoded(t, c.want.message())); got != c.json+"\n" {
			t.Errorf("written:\ngot  %s\nwant %s", got, c.json)
		}
		got, err := decodeResponse([]byte(c.json))
		if err != nil || !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s read:\ngot  %+v, %v\nwant %+v", c.json, got, err, c.want)
		}
	}
}

// differs: bounded-providers
func TestAnErrorKeepsOnlyTheFirstCauses(t *testing.T) {
	causes := strings.Repeat(`"c",`, maxCauses) + `"d","e"`
	r, err := decodeResponse([]byte(`{"Err":{"kind":"other","message":"m","caused-by":[` + causes + `]}}`))
	if err != nil {
		t.Fatal(err)
	}
	got := system.ErrorLayers(r.Err)
	if len(got) != maxCauses+2 || got[maxCauses] != "c" || got[maxCauses+1] != "2 more" {
		t.Errorf("%d layers, the last is %q", len(got), got[len(got)-1])
	}
}

// The time to read and show causes is proportional to their length.
func TestManyCausesAreReadQuickly(t *testing.T) {
	for name, causes := range map[string]string{
		"short":   strings.Repeat(`"",`, maxLine/4) + `"e"`,
		"long":    strings.Repeat(`"`+strings.Repeat("c", maxLine/128)+`",`, 100) + `"e"`,
		"escaped": strings.Repeat(`"\ufffd",`, maxLine/10) + "\"\ufffd\"",
	} {
		begin := time.Now()
		r, err := decodeResponse([]byte(`{"Err":{"kind":"other","message":"m","caused-by":[` + causes + `]}}`))
		if err != nil {
			t.Fatal(err)
		}
		system.ErrorLayers(r.Err)
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s: it took %v", name, took)
		}
	}
}

// What Cargo refuses is refused. Package untrusted tests what is JSON at all.
//
// differs: provider-json
func TestMessagesThatAreRefused(t *testing.T) {
	for _, text := range []string{``, `{}`, `{"V":[1]}`, `{"v":1}`, `{"v":null}`, `{"v":["1"]}`, `{"v":[1.5]}`, `{"v":[-1]}`, `{"v":[4294967296]}`, `{"v":[1],"v":[1]}`, `[[1]]`} {
		if versions, err := decodeGreeting([]byte(text)); err == nil {
			t.Errorf("%s is read as the versions %v", text, versions)
		}
	}
	for _, text := range []string{
		`{}`, `{"ok":{"kind":"login"}}`, `{"Ok":{"kind":"login"},"Err":{"kind":"not-found"}}`, `{"Ok":{"kind":"login"},"x":1}`,
		`{"Ok":{}}`, `{"Ok":null}`, `{"Ok":["login"]}`, `{"Ok":{"kind":1}}`, `{"Ok":{"Kind":"login"}}`, `{"Ok":{"kind":"login","kind":"login"}}`,
		`{"Ok":{"kind":"get","cache":"never","operation_independent":true}}`,
		`{"Ok":{"kind":"get","token":"sekret","operation_independent":true}}`,
		`{"Ok":{"kind":"get","token":"sekret","cache":"never"}}`,
		`{"Ok":{"kind":"get","token":["sekret"],"cache":"never","operation_independent":true}}`,
		`{"Ok":{"kind":"get","token":"sekret","cache":null,"operation_independent":true}}`,
		`{"Ok":{"kind":"get","token":"sekret","cache":0,"operation_independent":true}}`,
		`{"Ok":{"kind":"get","token":"sekret","cache":"never","operation_independent":"true"}}`,
		`{"Ok":{"kind":"get","token":"sekret","cache":"expires","operation_independent":true}}`,
		`{"Ok":{"kind":"get","token":"sekret","cache":"expires","expiration":1.5,"operation_independent":true}}`,
		`{"Ok":{"kind":"get","token":"sekret","cache":"expires","expiration":253402300800,"operation_independent":true}}`,
		`{"Ok":{"kind":"get","token":"sekret","cache":"expires","expiration":-377705116801,"operation_independent":true}}`,
		`{"Err":{}}`, `{"Err":"not-found"}`, `{"Err":{"kind":"other"}}`, `{"Err":{"kind":"other","message":1}}`,
		`{"Err":{"kind":"other","message":"M","caused-by":"A"}}`, `{"Err":{"kind":"other","message":"M","caused-by":["A",null]}}`,
	} {
		if r, err := decodeResponse([]byte(text)); err == nil || strings.Contains(err.Error(), "sekret") {
			t.Errorf("%s is read as %+v, %v", text, r, err)
		}
	}
}

func TestResponsesOfLaterVersionsOfCargo(t *testing.T) {
	for text, want := range map[string]response{
		`{"Ok":{"kind":"login","later":[1,{"a":1.5}]}}`: {Kind: "login"},
		`{"Ok":{"kind":"later","token":1}}`:             {Kind: "later"},
		`{"Err":{"kind":"later","message":1}}`:          {Err: ErrUnknownKind},
		`{"Err":{"kind":"not-found","message":"M"}}`:    {Err: ErrNotFound},
		`{"Ok":{"kind":"get","token":"t","cache":"later","expiration":"x","operation_independent":true}}`: {
			Kind: "get", Token: Token{Secret: *secret("t"), OperationIndependent: true},
		},
	} {
		if got, err := decodeResponse([]byte(text)); err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", text, got, err, want)
		}
	}
}

// A message that was read can be written, and then reads as the same.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"v":1,"registry":{"index-url":"u","name":"n","headers":["h"]},"kind":"get","operation":"publish","name":"n","vers":"1","cksum":"c","args":["a"]}`))
	f.Add([]byte(`{"v":1,"registry":{"index-url":"u"},"kind":"login","token":"\ud83d\ude00","login-url":null}`))
	f.Add([]byte(`{"v":1,"registry":["u","n",["h"]],"kind":"logout"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := decodeRequest(readOne(t, line))
		if err != nil {
			return
		}
		again, err := decodeRequest(encoded(t, r.message()))
		if known := r.Kind == kindLogin || r.Kind == kindLogout || r.Kind == kindGet && r.Operation.Kind != ""; !known {
			return
		}
		if err != nil || !bytes.Equal(encoded(t, again.message()), encoded(t, r.message())) {
			t.Errorf("%s: read %+v, then %+v, %v", line, r, again, err)
		}
	})
}

func FuzzResponse(f *testing.F) {
	f.Add([]byte(`{"Ok":{"kind":"get","token":"t","cache":"expires","expiration":1693928537,"operation_independent":true}}`))
	f.Add([]byte(`{"Ok":{"kind":"login"}}`))
	f.Add([]byte(`{"Err":{"kind":"other","message":"m","caused-by":["c"]}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := decodeResponse(readOne(t, line))
		if err != nil || r.Err == ErrUnknownKind {
			return
		}
		again, err := decodeResponse(encoded(t, r.message()))
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%s: read %+v, then %+v, %v", line, r, again, err)
		}
	})
}

func encoded(t *testing.T, message any) []byte {
	t.Helper()
	var line bytes.Buffer
	err := writeLine(&line, message)
	if err != nil {
		t.Fatal(err)
	}
	return line.Bytes()
}

// readOne returns the first line as either side reads it.
func readOne(t *testing.T, text []byte) []byte {
	line, err := readLine(newLines(bytes.NewReader(text)))
	if err != nil {
		t.Skip()
	}
	return line
}

func TestServeAnswersAnyNumberOfRequests(t *testing.T) {
	stored := map[string]config.Secret{}
	provider := fake{
		get: func(_ context.Context, req *Request, _ Operation) (*Token, error) {
			token, ok := stored[req.IndexURL]
			if !ok {
				return nil, fmt.Errorf("looking for %s: %w", req.IndexURL, ErrNotFound)
			}
			return &Token{Secret: token, Cache: CacheSession, OperationIndependent: true}, nil
		},
		login: func(_ context.Context, req *Request, login LoginOptions) error {
			if login.Token == nil {
				return errors.New("no token")
			}
			stored[req.IndexURL] = *login.Token
			return nil
		},
		logout: func(context.Context, *Request) error { panic("out of order") },
	}
	in := strings.Join([]string{
		`{"v":1,"registry":{"index-url":"u"},"kind":"get","operation":"read"}`,
		`{"v":1,"registry":{"index-url":"u"},"kind":"login"}`,
		`{"v":1,"registry":{"index-url":"u"},"kind":"login","token":"t","later":{}}`,
		`{"v":1,"registry":{"index-url":"u"},"kind":"get","operation":"later"}`,
		`{"v":1,"registry":{"index-url":"u"},"kind":"logout"}`,
		`{"v":1,"registry":{"index-url":"u"},"kind":"later"}`,
	}, "\n")
	want := strings.Join([]string{
		`{"v":[1]}`,
		`{"Err":{"kind":"not-found"}}`,
		`{"Err":{"kind":"other","message":"no token","caused-by":[]}}`,
		`{"Ok":{"kind":"login"}}`,
		`{"Ok":{"kind":"get","token":"t","cache":"session","operation_independent":true}}`,
		`{"Err":{"kind":"other","message":"the credential provider panicked: out of order","caused-by":[]}}`,
		`{"Err":{"kind":"operation-not-supported"}}`,
		"",
	}, "\n")
	var out bytes.Buffer
	if err := Serve(t.Context(), provider, strings.NewReader(in), &out); err != nil {
		t.Error(err)
	}
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestServeEndsAtARequestItCannotRead(t *testing.T) {
	for _, c := range []struct{ in, answer string }{
		{`{"v":2,"new":[]}` + "\n", `{"Err":{"kind":"other","message":"failed to read the request","caused-by":["unsupported protocol version 2"]}}`},
		{"\n", `{"Err":{"kind":"other","message":"failed to read the request","caused-by":["the text is empty"]}}`},
		{"\xff\n", `{"Err":{"kind":"other","message":"failed to read the request","caused-by":["stream did not contain valid UTF-8"]}}`},
		{strings.Repeat(" ", maxLine+1), `{"Err":{"kind":"other","message":"failed to read the request","caused-by":["a line is longer than 1048576 bytes"]}}`},
	} {
		var out bytes.Buffer
		err := Serve(t.Context(), fake{}, strings.NewReader(c.in), &out)
		if err != nil {
			t.Errorf("got %v", err)
		}
		if want := `{"v":[1]}` + "\n" + c.answer + "\n"; out.String() != want {
			t.Errorf("got\n%swant\n%s", out.String(), want)
		}
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	restored := make(chan bool, 1)
	provider := fake{logout: func(ctx context.Context, _ *Request) error {
		cancel()
		<-ctx.Done()
		restored <- true
		return ctx.Err()
	}}
	in, requests := io.Pipe()
	defer requests.Close()
	go fmt.Fprintln(requests, `{"v":1,"registry":{"index-url":"u"},"kind":"logout"}`)
	var out bytes.Buffer
	if err := Serve(ctx, provider, in, &out); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-restored
	if want := `{"v":[1]}` + "\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

// The two sides of this package understand each other.
func TestConverseWithServe(t *testing.T) {
	token := Token{Secret: *secret("t"), Cache: CacheSession}
	failure := fmt.Errorf("opening the store: %w", errors.New("it is locked"))
	var asked *Request
	provider := fake{
		get: func(_ context.Context, req *Request, op Operation) (*Token, error) {
			asked = req
			if op.Kind == "yank" && op.Name == "foo" && op.Version == "1.0.0" {
				return &token, nil
			}
			return nil, failure
		},
	}
	for _, c := range []struct {
		op     Operation
		layers []string
	}{
		{Yank("foo", "1.0.0"), nil},
		{Read(), []string{"opening the store", "it is locked"}},
	} {
		requests, requestsOut := io.Pipe()
		responses, responsesOut := io.Pipe()
		done := make(chan error, 1)
		go func() { done <- Serve(t.Context(), provider, requests, responsesOut) }()
		sent := Request{IndexURL: "u", Name: "n", Headers: []string{"h: v"}, Args: []string{"a", "b"}}
		r, err := converse(newLines(responses), requestsOut, &request{Request: sent, Kind: kindGet, Operation: c.op})
		if err != nil {
			t.Fatal(err)
		}
		requestsOut.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got := system.ErrorLayers(r.Err); fmt.Sprint(got) != fmt.Sprint(c.layers) {
			t.Errorf("got error %q, want %q", got, c.layers)
		}
		if c.layers == nil && r.Token != token {
			t.Errorf("got %+v", r.Token)
		}
		if fmt.Sprint(*asked) != fmt.Sprint(sent) {
			t.Errorf("the provider was asked %+v, not %+v", *asked, sent)
		}
	}
}
