package index

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
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
	const (
		noAddress = "the value of `x` is not the address of a proxy"
		noScheme  = "the proxy in `x` is not one of http, https, socks5 and socks5h, but of `%s`"
	)
	for _, test := range []struct{ name, want string }{
		{"h", "http://h:1080"},
		{"h:3128", "http://h:3128"},
		{"HTTP://h:3128/a/b?c=d", "http://h:3128"},
		{"http://h:", "http://h:1080"},
		{"https://h", "https://h"},
		{"socks5h://h:1", "socks5h://h:1"},
		{"u:p@h:1", "http://u:p@h:1"},
		{"http://u%40:p%3A@h:1", "http://u%40:p%3A@h:1"},
		{"http://u%:p^ß@h:1", "http://u%25:p%5E%C3%9F@h:1"},
		{"http://a@b:c@h:1/d@e", "http://a%40b:c@h:1"},
		{"http://u@h:1", "http://u@h:1"},
		{"http://:@h:1", "http://h:1"},
		{"@h:1", "http://h:1"},
		{"http://[::1]:1", "http://[::1]:1"},
		{"foo://h:1", fmt.Sprintf(noScheme, "foo")},
		{"socks4://h:1", fmt.Sprintf(noScheme, "socks4")},
		{" h", noAddress},
		{"http://", noAddress},
		{":1", noAddress},
		{"http://u:secret@h:99999x", noAddress},
		{"http://u:secret@h:99999", noAddress},
		{"http://[x", noAddress},
	} {
		proxy, err := parseProxy(test.name, "`x`")
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
		{"h.test", "a.test,,h.test", true},
		{"h.test", "a.test , h.test", true},
		{"h.test", "a.test h.test", false},
		{"h.test.", "TEST", true},
		{"h.test", ".test", true},
		{"test", ".test", true},
		{"h.test", "est", false},
		{"h.test", ".", false},
		{"127.0.0.1", "127.0.0.1", true},
		{"127.0.0.1", "0.0.1", false},
		{"127.0.0.1", "127.9.9.9/8", true},
		{"127.0.0.1", "127.0.0.0/33", false},
		{"localhost", "localhost", true},
		{"localhost", "127.0.0.1", false},
		{"10.0.0.1", "10.0.0.0/8", true},
		{"10.0.0.1", "11.0.0.0/8", false},
		{"[::1]", "::1", true},
		{"h", "", false},
	} {
		w := newWorld(t, "", nil, "no_proxy="+test.list)
		for _, scheme := range []string{"http", "https"} {
			if got := w.excludes(&url.URL{Scheme: scheme, Host: test.host}); got != test.want {
				t.Errorf("%s://%s, %q: %v", scheme, test.host, test.list, got)
			}
		}
	}
}
