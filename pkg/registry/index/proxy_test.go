package index

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestProxies(t *testing.T) {
	var through []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		through = append(through, req.RequestURI)
		fmt.Fprint(w, okConfig)
	}))
	defer proxy.Close()
	address := strings.TrimPrefix(proxy.URL, "http://")
	for _, test := range []struct {
		about, config string
		environ       []string
		proxied       bool
	}{
		{"configured", "http.proxy='" + address + "'", nil, true},
		{"http_proxy", "", []string{"http_proxy=" + address}, true},
		{"all_proxy", "", []string{"all_proxy=" + address}, true},
		{"HTTP_PROXY", "", []string{"HTTP_PROXY=" + address}, false},
		{"https_proxy", "", []string{"https_proxy=" + address}, false},
		{"configured to none", "http.proxy=''", []string{"http_proxy=" + address}, false},
		{"no_proxy", "http.proxy='" + address + "'", []string{"no_proxy=a, 127.0.0.0/8"}, false},
		{"NO_PROXY", "", []string{"http_proxy=" + address, "NO_PROXY=*"}, false},
		{"an empty no_proxy", "", []string{"http_proxy=" + address, "no_proxy=", "NO_PROXY=*"}, false},
		{"no_proxy for others", "", []string{"http_proxy=" + address, "no_proxy=27.0.0.1,localhost"}, true},
	} {
		through = nil
		w := newWorld(t, test.config, answer(200, okConfig), test.environ...)
		expect(t, test.about, w.fetch(t), "http://h/api")
		if proxied := len(through) == 1; proxied != test.proxied || proxied == (len(w.asked) == 1) {
			t.Errorf("%s: through the proxy %q, directly %q", test.about, through, w.asked)
		}
	}
}

func TestAddressesOfProxies(t *testing.T) {
	const syntax = "[5] Could not resolve proxy name (Unsupported proxy syntax in '%s': %s)"
	for _, test := range []struct{ name, want string }{
		{"h", "http://h:1080"},
		{"h:3128", "http://h:3128"},
		{"HTTP://h:03128/a/b?c=d", "http://h:3128"},
		{"http:/h:1", "http://h:1"},
		{"http://h:", "http://h:1080"},
		{"https://h", "https://h:443"},
		{"socks://h", "socks4://h:1080"},
		{"socks5h://h:1", "socks5h://h:1"},
		{"u:p@h:1", "http://u:p@h:1"},
		{"http://u%40:p%3A@h:1", "http://u%40:p%3A@h:1"},
		{"http://a%zz@h:1", "http://a%25zz@h:1"},
		{"http://[::1]:1", "http://[::1]:1"},
		{"foo://h:1", "[7] Could not connect to server (Unsupported proxy scheme for 'foo://h:1')"},
		{" h", fmt.Sprintf(syntax, " h", malformed)},
		{"http:////h", fmt.Sprintf(syntax, "http:////h", badSlashes)},
		{"//h:1", fmt.Sprintf(syntax, "//h:1", noHost)},
		{"http://", fmt.Sprintf(syntax, "http://", noHost)},
		{":1", fmt.Sprintf(syntax, ":1", noHost)},
		{"h:", fmt.Sprintf(syntax, "h:", badPort)},
		{"h:x", fmt.Sprintf(syntax, "h:x", badPort)},
		{"http://h:99999", fmt.Sprintf(syntax, "http://h:99999", badPort)},
		{"http://[::1]1", fmt.Sprintf(syntax, "http://[::1]1", badPort)},
		{"http://[x", fmt.Sprintf(syntax, "http://[x", badIPv6)},
		{"http://[x]", fmt.Sprintf(syntax, "http://[x]", badIPv6)},
		{"!!!", fmt.Sprintf(syntax, "!!!", badHostname)},
		{"http://a@b@h", fmt.Sprintf(syntax, "http://a@b@h", badHostname)},
	} {
		proxy, err := parseProxy(test.name)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = proxy.String()
		}
		expect(t, test.name, got, test.want)
	}
}

func TestNoProxy(t *testing.T) {
	for _, test := range []struct {
		host, list string
		want       bool
	}{
		{"h", "*", true},
		{"h", "a,*", false},
		{"h.test", "a.test,,h.test", true},
		{"h.test", "a.test , h.test", true},
		{"h.test", "a.test h.test", false},
		{"h.test", "a.test b.test,h.test", false},
		{"h.test.", "TEST", true},
		{"h.test", ".test.", true},
		{"h.test", "est", false},
		{"h.test", ".", false},
		{"h.test", "h.test:80", false},
		{"127.0.0.1", "127.0.0.1", true},
		{"127.0.0.1", "0.0.1", false},
		{"127.0.0.1", "127.9.9.9/8", true},
		{"127.0.0.1", "127.0.0.0/33", false},
		{"127.0.0.1", "0.0.0.0/0", false},
		{"::1", "::1", true},
		{"::1", "[::1]", false},
		{"::1", "::/64", false},
		{"::1", "0:0:0:0:0:0:0:1", false},
		{"h", "", false},
	} {
		if got := isWithoutProxy(test.host, test.list); got != test.want {
			t.Errorf("isWithoutProxy(%q, %q) = %v", test.host, test.list, got)
		}
	}
}
