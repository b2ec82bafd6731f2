// Package stubregistry is a Cargo registry for tests: it listens on loopback,
// answers with what it was told to answer, and remembers what it was asked.
//
// One server holds any number of registries, each under a path of its own:
// the index of "pub" is sparse+URL/pub/. Without rules every
// /NAME/config.json describes a registry with an API and every other path is
// not found:
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
	answered []int // per rule, how often it was used
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

// Index is the URL of a registry's sparse index.
func (s *Server) Index(name string) string { return "sparse+" + s.URL + "/" + name + "/" }

// Release lets every answer go that a rule holds back. It may be called once.
func (s *Server) Release() { close(s.release) }

// Requests are the requests seen so far, in their order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Format renders requests for comparison: method and path of each, and below it
// those of the headers named that it had.
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

// pick logs the request and finds its rule. Of several rules for a request
// each answers once, in their order, and the last one from then on.
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
