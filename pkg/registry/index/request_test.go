package index

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
)

func TestRequestLines(t *testing.T) {
	for location, want := range map[string]string{
		"/a|b^c%zz%":     "GET /a|b^c%zz%",
		"//HOST//x|y":    "GET //x%7Cy",
		"/x?":            "GET /x",
		"/x?a b#c d":     "GET /x?a%20b",
		"/x<y>{z}":       "GET /x%3Cy%3E%7Bz%7D", // differs: redirect-urls
		"//u%40:p@HOST/": "GET / with Basic dUA6cA==",
	} {
		var w *world
		w = servedWorld(t, "", func(conn net.Conn) {
			in := bufio.NewReader(conn)
			for range 2 {
				head := ""
				for !strings.HasSuffix(head, "\r\n\r\n") {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					head += line
				}
				asked, _, _ := strings.Cut(head, " HTTP/1.1")
				if _, authorization, ok := strings.Cut(head, "Authorization: "); ok {
					asked += " with " + authorization[:strings.Index(authorization, "\r")]
				}
				w.asked = append(w.asked, asked)
				answer := "HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n" + okConfig
				if len(w.asked) == 1 {
					host := strings.TrimPrefix(w.server.URL, "http://")
					answer = "HTTP/1.1 302 Found\r\nLocation: " + strings.ReplaceAll(location, "HOST", host) + "\r\nContent-Length: 0\r\n\r\n"
				}
				_, _ = io.WriteString(conn, answer)
			}
		})
		expect(t, location, w.fetch(t), "http://h/api")
		expect(t, location, w.asked[len(w.asked)-1], want)
	}
}

// No header may hold what would end its line.
//
// differs: unsendable-values
func TestWhatCannotBeSent(t *testing.T) {
	const unsendable = "the token for reading the index has a character that cannot be sent to a registry"
	for token, want := range map[string]string{
		"a\nb: c": unsendable, "a\x00": unsendable, "a\x7f": unsendable, "ä": "download of config.json failed | " + unsendable,
	} {
		w := newWorld(t, "", needsToken)
		w.token = token
		expect(t, "error", w.fetch(t), updating+want)
		expect(t, "requests", strings.Join(w.asked, ", "), "GET /i/config.json")
	}
	w := newWorld(t, "http.user-agent = \"a\\nb: c\"", answer(200, okConfig))
	expect(t, "error", w.fetch(t), updating+"the user agent has a character that cannot be sent to a registry")
	expect(t, "requests", strings.Join(w.asked, ", "), "")
}
