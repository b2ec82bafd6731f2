package stubregistry

import (
	"io"
	"net/http"
	"testing"
)

// get asks for a path with an Authorization header, if any, and returns status
// and body.
func get(t *testing.T, s *Server, path, token string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func start(t *testing.T, text string) *Server {
	t.Helper()
	rules, err := ParseRules(text)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Start(rules)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestAnswersByRules(t *testing.T) {
	s := start(t, "/pub/config.json token= 401\nWWW-Authenticate: Cargo login_url=\"$URL/me\"\n"+
		"/pub/config.json token=good 200\n/twice 500\n/twice 200\n| fine\n")
	for _, step := range []struct {
		path, token string
		status      int
		body        string
	}{
		{"/pub/config.json", "", 401, ""},
		{"/pub/config.json", "good", 200, `{"dl":"` + s.URL + `/pub/dl","api":"` + s.URL + `/pub"}`},
		{"/pub/config.json", "bad", 200, `{"dl":"` + s.URL + `/pub/dl","api":"` + s.URL + `/pub"}`},
		{"/twice", "", 500, ""},
		{"/twice", "", 200, "fine\n"},
		{"/twice", "", 200, "fine\n"},
		{"/nowhere", "", 404, ""},
	} {
		status, body := get(t, s, step.path, step.token)
		if status != step.status || body != step.body {
			t.Errorf("%s with %q: got %d %q, want %d %q", step.path, step.token, status, body, step.status, step.body)
		}
	}
	want := "GET /pub/config.json\nGET /pub/config.json\n  authorization: good\n"
	if got := Format(s.Requests()[:2], "Authorization"); got != want {
		t.Errorf("log: got %q, want %q", got, want)
	}
}

func TestHeldAnswerWaitsForRelease(t *testing.T) {
	s := start(t, "/slow hold 200\n| at last\n")
	done := make(chan string)
	go func() {
		_, body := get(t, s, "/slow", "")
		done <- body
	}()
	select {
	case body := <-done:
		t.Fatalf("answered %q before the release", body)
	default:
	}
	s.Release()
	if body := <-done; body != "at last\n" {
		t.Errorf("got %q", body)
	}
}

func TestMalformedRules(t *testing.T) {
	for _, text := range []string{"A: b\n", "/x\n", "/x 200 soon\n", "/x 200\nnothing\n"} {
		if rules, err := ParseRules(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, rules)
		}
	}
}
