package registry

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/internal/weburl"
)

// sparsePrefix marks the URL of a sparse index. It is part of the URL's
// scheme, which makes the scheme one that the WHATWG rules do not know: the
// host keeps its case, and a default port stays.
const sparsePrefix = "sparse+"

// fromURL returns the registry whose index is at u.
func fromURL(name string, u *weburl.URL) (Registry, error) {
	if u.OpaquePath() {
		return Registry{}, fmt.Errorf("invalid url `%s`: cannot-be-a-base-URLs are not supported", u.Href(false))
	}
	r := Registry{Name: name, Index: u.Href(false), Kind: Git, canonical: canonical(u), host: u.Hostname()}
	if strings.HasPrefix(r.Index, sparsePrefix) {
		r.Kind = Sparse
	}
	return r, nil
}

// indexURL parses a configured index URL.
func indexURL(s, dir string) (*weburl.URL, error) {
	// Without a scheme it is refused before it could be taken as relative.
	u, err := weburl.Parse(s)
	if err == nil && u.Scheme() == "file" {
		u, err = weburl.ParseInDir(s, dir)
	}
	if err != nil {
		return nil, err
	}
	if u.Password() != "" {
		return nil, errors.New("registry URLs may not contain passwords")
	}
	return u, nil
}

// canonical returns u in the form in which two URLs are compared. What git
// servers do with ".git" and GitHub with upper case holds for git alone: any other
// index has a "+" in its scheme, and is served by a server to which they may be two.
func canonical(u *weburl.URL) string {
	u = u.Clone()
	path := u.Pathname()
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	if !strings.Contains(u.Scheme(), "+") {
		if u.Hostname() == "github.com" {
			https, err := weburl.ParseBare("https" + strings.TrimPrefix(u.Href(false), u.Scheme()))
			if err == nil {
				u = https
			}
			path = strings.ToLower(path)
		}
		if strings.HasSuffix(path, ".git") {
			path = withoutGit(path)
		}
	}
	if path != u.Pathname() {
		u.SetPathname(path)
	}
	return u.Href(false)
}

// withoutGit drops ".git" from the end of a path. What is left of the last
// segment is encoded again, as Rust's url library does when a segment is put
// back: a percent sign in it becomes "%25", and "." and ".." vanish.
func withoutGit(path string) string {
	slash := strings.LastIndexByte(path, '/')
	if slash < 0 {
		return path
	}
	parent := path[:slash]
	last := strings.TrimSuffix(path[slash+1:], ".git")
	if last == "." || last == ".." {
		return parent
	}
	return parent + "/" + strings.ReplaceAll(last, "%", "%25")
}
