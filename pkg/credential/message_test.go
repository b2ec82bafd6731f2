package credential

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

func secret(text string) *config.Secret {
	s := config.NewSecret(text)
	return &s
}

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
			request{Request: Request{IndexURL: "https://index.example/"}, Kind: "get", Operation: Read},
		},
		{
			"get after a refusal, with arguments",
			`{"v":1,"registry":{"index-url":"sparse+https://index.example/","name":"pub","headers":["WWW-Authenticate: Cargo"]},` +
				`"kind":"get","operation":"read","args":["--account","a b"]}`,
			request{
				Kind: "get", Operation: Read,
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
			request{Request: named, Kind: "get", Operation: Operation{"publish", "foo", "1.0.0", "ab"}},
		},
		{
			"get to yank",
			`{"v":1,"registry":{"index-url":"sparse+https://index.example/","name":"pub"},"kind":"get",` +
				`"operation":"yank","name":"foo","vers":"1.0.0"}`,
			request{Request: named, Kind: "get", Operation: Operation{Kind: "yank", Name: "foo", Version: "1.0.0"}},
		},
		{
			"get for owners",
			`{"v":1,"registry":{"index-url":"sparse+https://index.example/","name":"pub"},"kind":"get","operation":"owners","name":"foo"}`,
			request{Request: named, Kind: "get", Operation: Operation{Kind: "owners", Name: "foo"}},
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

func TestRequestsOfLaterVersionsAreToldApart(t *testing.T) {
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

func TestGreetingHasCargosForm(t *testing.T) {
	if got, want := string(encoded(t, greetingMessage{[]uint32{1, 2}})), `{"v":[1,2]}`+"\n"; got != want {
		t.Errorf("written: got %s, want %s", got, want)
	}
}

// differs: bounded-providers
func TestAnErrorKeepsSoManyCauses(t *testing.T) {
	causes := strings.Repeat(`"c",`, mostCauses) + `"d","e"`
	r, err := decodeResponse([]byte(`{"Err":{"kind":"other","message":"m","caused-by":[` + causes + `]}}`))
	if err != nil {
		t.Fatal(err)
	}
	got := Layers(r.Err)
	if len(got) != mostCauses+2 || got[mostCauses] != "c" || got[mostCauses+1] != "2 more" {
		t.Errorf("%d layers, the last is %q", len(got), got[len(got)-1])
	}
}

// A line of causes is read and shown in a time that grows with its length.
func TestManyCausesAreReadSoon(t *testing.T) {
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
		Layers(r.Err)
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s: it took %v", name, took)
		}
	}
}

func TestLayersAreShownEachByItsOwnText(t *testing.T) {
	cause := errors.New("cause: with a colon")
	for _, c := range []struct {
		err  error
		want []string
	}{
		{fmt.Errorf("outermost: %w", fmt.Errorf("middle: %w", cause)), []string{"outermost", "middle", "cause: with a colon"}},
		{fmt.Errorf("outermost: %w", fmt.Errorf("%w", cause)), []string{"outermost", "cause: with a colon"}},
		{fmt.Errorf("it says %w, and no more", cause), []string{"it says cause: with a colon, and no more", "cause: with a colon"}},
	} {
		if got := Layers(c.err); !slices.Equal(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
