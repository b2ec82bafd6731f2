//go:build unix

// The world of a reader of the README: a clone, a home, and a web with the
// registry.

package test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/test/stubregistry"
	"github.com/cargo-auth/cargo-auth/test/terminal"
)

// readmeToken is the reader's token. It is in the file token and in $REGISTRY_TOKEN.
const readmeToken = "t0kenOfTheReader"

// proxyInReadme is the only address that the test replaces.
const proxyInReadme = "http://proxy.example:3128"

// The README's registry, and crates.io. The private registry requires a token for
// everything.
const (
	openRegistry = `/index/config.json 200
| {"dl":"https://registry.example/dl","api":"https://registry.example"}
/index/he/ll/hello 200
| {"name":"hello","vers":"1.0.0","deps":[],"cksum":"00","features":{},"yanked":false}
/config.json 200
| {"dl":"https://static.crates.io/crates","api":"https://crates.io"}
`
	privateRegistry = `/index/config.json token= 401
WWW-Authenticate: Cargo login_url="https://registry.example/me"
/index/config.json token=` + readmeToken + ` 200
| {"dl":"https://registry.example/dl","api":"https://registry.example","auth-required":true}
/index/he/ll/hello token= 401
/index/he/ll/hello token=` + readmeToken + ` 200
| {"name":"hello","vers":"1.0.0","deps":[],"cksum":"00","features":{},"yanked":false}
`
)

// A web is what a reader reaches through $HTTPS_PROXY: https://registry.example and
// the index of crates.io, with their own certificate. So the commands in the README
// run word for word.
type web struct {
	registry *stubregistry.Server
	proxy    string // its URL
	cainfo   string // a file with the certificate
}

func newWeb(t *testing.T, rules string) *web {
	t.Helper()
	parsed, err := stubregistry.ParseRules(rules)
	if err != nil {
		t.Fatal(err)
	}
	registry, err := stubregistry.Start(parsed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { registry.Close() })
	target, err := url.Parse(registry.URL)
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{"registry.example", "index.crates.io"}
	certificate := selfSigned(t, hosts)
	site := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(target))
	site.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	site.StartTLS()
	t.Cleanup(site.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, port, _ := net.SplitHostPort(r.Host); r.Method != http.MethodConnect || port != "443" || !slices.Contains(hosts, host) {
			http.Error(w, "no such host", http.StatusBadGateway)
			return
		}
		tunnel(w, site.Listener.Addr().String())
	}))
	t.Cleanup(proxy.Close)
	cainfo := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	if err := os.WriteFile(cainfo, block, 0o644); err != nil {
		t.Fatal(err)
	}
	return &web{registry, proxy.URL, cainfo}
}

func selfSigned(t *testing.T, hosts []string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: hosts,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// tunnel answers a CONNECT with a connection to address.
func tunnel(w http.ResponseWriter, address string) {
	server, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		server.Close()
		return
	}
	fmt.Fprint(client, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { io.Copy(server, client); server.Close() }()
	io.Copy(client, server)
	client.Close()
}

// tokensSeen returns the tokens that were sent to the registry.
func (w *web) tokensSeen() (tokens []string) {
	for _, request := range w.registry.Requests() {
		if token := request.Header.Get("Authorization"); token != "" {
			tokens = append(tokens, token)
		}
	}
	return tokens
}

// A reader works in a clone of this repository, with a token in the file token. The
// README installs the programs in .local/bin in the reader's home, which comes first
// on PATH.
type reader struct {
	clone, home string
	environ     []string
	// configuration is what the README puts in ~/.cargo/config.toml.
	configuration string
}

func newReader(t *testing.T) *reader {
	t.Helper()
	home, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	path := slices.Concat([]string{filepath.Join(home, ".local/bin"), filepath.Dir(goTool)}, cargoDir(), []string{"/usr/bin", "/bin"})
	r := &reader{clone: freshClone(t), home: home, environ: []string{
		"HOME=" + home, "PATH=" + strings.Join(path, string(os.PathListSeparator)),
		"REGISTRY_TOKEN=" + readmeToken, "TERM=dumb", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
	}}
	// The home is new, but Go keeps its caches.
	for _, name := range []string{"GOENV", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS", "GOSUMDB", "GOTOOLCHAIN"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		r.environ = append(r.environ, name+"="+strings.TrimSpace(string(value)))
	}
	if err := os.WriteFile(filepath.Join(r.clone, "token"), []byte(readmeToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// file writes a file in the reader's home.
func (r *reader) file(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(r.home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs shell commands on a terminal until one fails, and returns what the
// terminal shows. The commands ask for a token as many times as prompts says, and
// the reader types it.
func (r *reading) run(prompts int, script string) string {
	r.t.Helper()
	if r.web != nil {
		script = strings.ReplaceAll(script, proxyInReadme, r.web.proxy)
	}
	cmd := exec.Command("sh", "-e", "-c", script)
	cmd.Dir, cmd.Env = r.clone, slices.Concat(r.reader.environ, r.environ)
	step := terminal.Step{After: " below\r\n", Type: readmeToken + "\n"}
	screen, err := terminal.Session{Steps: slices.Repeat([]terminal.Step{step}, prompts)}.Run(cmd)
	shown := strings.NewReplacer("\r\n", "\n", r.home, "/home/me").Replace(string(screen))
	if err != nil {
		r.t.Errorf("%s\nends with %v and shows\n%s", script, err, shown)
	}
	return shown
}
