package credential

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// fake is a provider that does what its functions do.
type fake struct {
	get    func(ctx context.Context, req *Request, op Operation) (*Token, error)
	login  func(ctx context.Context, req *Request, login LoginOptions) error
	logout func(ctx context.Context, req *Request) error
}

func (f fake) Get(ctx context.Context, req *Request, op Operation) (*Token, error) {
	return f.get(ctx, req, op)
}

func (f fake) Login(ctx context.Context, req *Request, login LoginOptions) error {
	return f.login(ctx, req, login)
}

func (f fake) Logout(ctx context.Context, req *Request) error { return f.logout(ctx, req) }

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
		if !errors.As(err, new(*requestError)) {
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

// The client and the server of this package understand each other.
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
		{Operation{Kind: "yank", Name: "foo", Version: "1.0.0"}, nil},
		{Read, []string{"opening the store", "it is locked"}},
	} {
		requests, requestsOut := io.Pipe()
		responses, responsesOut := io.Pipe()
		done := make(chan error, 1)
		go func() { done <- Serve(t.Context(), provider, requests, responsesOut) }()
		sent := Request{IndexURL: "u", Name: "n", Headers: []string{"h: v"}, Args: []string{"a", "b"}}
		r, err := converse(bufio.NewReader(responses), requestsOut, &request{Request: sent, Kind: kindGet, Operation: c.op})
		if err != nil {
			t.Fatal(err)
		}
		requestsOut.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got := Layers(r.Err); fmt.Sprint(got) != fmt.Sprint(c.layers) {
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
