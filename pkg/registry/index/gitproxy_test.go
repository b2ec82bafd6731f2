package index

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestProxyOfGit(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the paths are those of Unix")
	}
	path, ok := os.LookupEnv("PATH")
	if !ok {
		t.Skip("no PATH to find git on")
	}
	const none = "none"
	for _, test := range []struct {
		about string
		files map[string]string
		want  string
	}{
		{"no file", nil, none},
		{"other settings", map[string]string{".gitconfig": "[user]\nname = n\n"}, none},
		{"in the home", map[string]string{".gitconfig": "[HTTP]\n\tProxy = \"h:1\" ; c\n"}, "h:1"},
		{"for one URL only", map[string]string{".gitconfig": "[http \"http://h\"]\n\tproxy = h:1\n"}, none},
		{"twice", map[string]string{".gitconfig": "[http]\nproxy = g:1\nproxy = h:1\n"}, "h:1"},
		{"empty", map[string]string{".gitconfig": "[http]\nproxy =\n"}, ""},
		{"without a value", map[string]string{".gitconfig": "[http]\nproxy\n"}, ""},
		{"in .config", map[string]string{".config/git/config": "[http]\nproxy = h:1\n"}, "h:1"},
		{"in both", map[string]string{".config/git/config": "[http]\nproxy = h:1\n", ".gitconfig": "[http]\nproxy =\n"}, ""},
		{"included", map[string]string{".gitconfig": "[include]\npath = i\n", "i": "[http]\nproxy = h:1\n"}, "h:1"},
		{"included from nowhere", map[string]string{".gitconfig": "[http]\nproxy = h:1\n[include]\npath = i\n"}, "h:1"},
		{"broken", map[string]string{".gitconfig": "[http\nproxy = h:1\n"}, none},
		{"the other one broken", map[string]string{".config/git/config": "[http\nproxy\n", ".gitconfig": "[http]\nproxy = h:1\n"}, none},
	} {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			for name, content := range test.files {
				file := filepath.Join(home, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			w := &world{home: t.TempDir(), server: &httptest.Server{}}
			w.configure(t, "", "HOME="+home, "PATH="+path)
			got := none
			if proxy := w.gitProxy(t.Context()); proxy != nil {
				got = *proxy
			}
			expect(t, "proxy", got, test.want)
		})
	}
}

func TestProxyOfGitComesSecond(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the paths are those of Unix")
	}
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte("[http]\nproxy = socks9://git\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ config, source, scheme string }{
		{"", "git's `http.proxy`", "socks9"},
		{"http.proxy='socks8://cargo'", "`http.proxy`", "socks8"},
	} {
		w := newWorld(t, "net.retry=0\n"+test.config, answer(200, okConfig),
			"HOME="+home, "PATH="+os.Getenv("PATH"), "http_proxy=socks9://environment")
		expect(t, test.config, w.fetch(t), updating+"download of config.json failed | the proxy in "+test.source+" is not one of http, https, socks5 and socks5h, but of `"+test.scheme+"`")
	}
}
