package stubregistry

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// A Rule says how requests for one path are answered. In header values and in
// the body $URL stands for the server's address.
type Rule struct {
	Path   string
	Token  *string // if set, only requests with this Authorization header; "" is one without
	Hold   bool    // the answer waits for Server.Release
	Status int
	Header http.Header
	Body   string
}

func (r Rule) matches(req *http.Request) bool {
	return r.Path == req.URL.Path && (r.Token == nil || *r.Token == req.Header.Get("Authorization"))
}

// ParseRules reads rules from text. A rule begins with a line of a path, if
// needed token=T (or token= for a request without one) and hold, and the
// status; lines of headers follow, and the lines of a body, each after "| ". A
// configuration is answered whole by a rule with status 200 and no body:
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
			return r, fmt.Errorf("%q is neither a status nor an option", w)
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
		return fmt.Errorf("%q is neither a header nor a line of a body", line)
	}
	r.Header.Add(name, value)
	return nil
}

// defaultRule answers what no rule speaks of.
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
