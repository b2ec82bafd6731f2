// Package stubregistry is a Cargo registry for tests. It listens on loopback,
// gives the answers it was told to give, and remembers all requests.
//
// One server serves any number of registries, each under its own path: the index
// of "pub" is sparse+URL/pub/. Without rules, every /NAME/config.json describes a
// registry with an API, and every other path is not found:
//
//	s, err := stubregistry.Start(nil)
//	defer s.Close()
//	fmt.Println(s.Index("pub")) // sparse+http://127.0.0.1:43211/pub/
package stubregistry

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Server is a running stub registry. Its methods may be called from any
// goroutine.
type Server struct {
	// URL is the server's address without a final slash.
	URL string

	http    http.Server
	release chan struct{}

	mu       sync.Mutex
	rules    []Rule
	answered []int // how often each rule was used
	log      []Request
}

// A Request is one request as the server saw it.
type Request struct {
	Method string
	Path   string // with the query, if any
	Header http.Header
}

// Start listens on a free port of 127.0.0.1 and answers by the rules until
// Close.
func Start(rules []Rule) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("stub registry: %w", err)
	}
	s := &Server{
		URL:      "http://" + listener.Addr().String(),
		release:  make(chan struct{}),
		rules:    rules,
		answered: make([]int, len(rules)),
	}
	s.http.Handler = http.HandlerFunc(s.answer)
	go s.http.Serve(listener)
	return s, nil
}

// Close stops the server. Connections are refused from then on.
func (s *Server) Close() error { return s.http.Close() }

// Index returns the URL of a registry's sparse index.
func (s *Server) Index(name string) string { return "sparse+" + s.URL + "/" + name + "/" }

// Release sends every answer that a rule holds back. It may be called once.
func (s *Server) Release() { close(s.release) }

// Requests returns the requests so far, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Format renders requests for comparison: the method and path of each, followed
// by those of the named headers that it has.
func Format(requests []Request, headers ...string) string {
	var b strings.Builder
	for _, r := range requests {
		fmt.Fprintf(&b, "%s %s\n", r.Method, r.Path)
		for _, h := range headers {
			for _, v := range r.Header.Values(h) {
				fmt.Fprintf(&b, "  %s: %s\n", strings.ToLower(h), v)
			}
		}
	}
	return b.String()
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	rule := s.pick(r)
	if rule.Hold {
		select {
		case <-s.release:
		case <-r.Context().Done():
			return
		}
	}
	for name, values := range rule.Header {
		for _, v := range values {
			w.Header().Add(name, s.expand(v))
		}
	}
	w.WriteHeader(rule.Status)
	w.Write([]byte(s.expand(rule.Body)))
}

// pick logs the request and finds its rule. If several rules match, each answers
// once, in order, and the last one answers from then on.
func (s *Server) pick(r *http.Request) Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, Request{Method: r.Method, Path: r.URL.RequestURI(), Header: r.Header.Clone()})
	chosen := -1
	for i, rule := range s.rules {
		if !rule.matches(r) {
			continue
		}
		chosen = i
		if s.answered[i] == 0 {
			break
		}
	}
	if chosen < 0 {
		return defaultRule(r.URL.Path)
	}
	s.answered[chosen]++
	return s.rules[chosen]
}

func (s *Server) expand(text string) string { return strings.ReplaceAll(text, "$URL", s.URL) }

// A Rule says how to answer requests for one path. In header values and in the
// body, $URL is replaced with the server's address.
type Rule struct {
	Path   string
	Token  *string // if set, only requests with this Authorization header; "" means without one
	Hold   bool    // the answer waits for Server.Release
	Status int
	Header http.Header
	Body   string
}

func (r Rule) matches(req *http.Request) bool {
	return r.Path == req.URL.Path && (r.Token == nil || *r.Token == req.Header.Get("Authorization"))
}

// ParseRules reads rules from text. The first line of a rule has a path, options
// and a status. The options are token=T (or token= for a request without a token)
// and hold. Lines of headers follow, and then the lines of the body, each after
// "| ". A rule with status 200 and no body answers with the default configuration:
//
//	/pub/config.json token= 401
//	WWW-Authenticate: Cargo login_url="https://pub.example/me"
//	/pub/config.json 200
//	/pub/old 404
//	| gone
func ParseRules(text string) ([]Rule, error) {
	var rules []Rule
	for i, line := range strings.Split(text, "\n") {
		var err error
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "/"):
			var r Rule
			r, err = parseRule(line)
			rules = append(rules, r)
		case len(rules) == 0:
			err = fmt.Errorf("%q comes before the first path", line)
		default:
			err = rules[len(rules)-1].add(line)
		}
		if err != nil {
			return nil, fmt.Errorf("registry rules, line %d: %w", i+1, err)
		}
	}
	for i, r := range rules {
		if r.Status == http.StatusOK && r.Body == "" {
			rules[i].Body = defaultRule(r.Path).Body
		}
	}
	return rules, nil
}

func parseRule(line string) (Rule, error) {
	words := strings.Fields(line)
	r := Rule{Path: words[0], Header: http.Header{}}
	for _, w := range words[1:] {
		token, isToken := strings.CutPrefix(w, "token=")
		status, err := strconv.Atoi(w)
		switch {
		case isToken:
			r.Token = &token
		case w == "hold":
			r.Hold = true
		case err == nil:
			r.Status = status
		default:
			return r, fmt.Errorf("want a status or an option, not %q", w)
		}
	}
	if r.Status == 0 {
		return r, fmt.Errorf("%s has no status", r.Path)
	}
	return r, nil
}

func (r *Rule) add(line string) error {
	if body, ok := strings.CutPrefix(line, "| "); ok {
		r.Body += body + "\n"
		return nil
	}
	name, value, ok := strings.Cut(line, ": ")
	if !ok {
		return fmt.Errorf("want a header or a line of a body, not %q", line)
	}
	r.Header.Add(name, value)
	return nil
}

// defaultRule answers a path that has no rule.
func defaultRule(path string) Rule {
	base, ok := strings.CutSuffix(path, "/config.json")
	if !ok || base == "" {
		return Rule{Status: http.StatusNotFound}
	}
	return Rule{
		Status: http.StatusOK,
		Body:   fmt.Sprintf(`{"dl":"$URL%s/dl","api":"$URL%s"}`, base, base),
	}
}
