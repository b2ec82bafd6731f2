package index

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
)

func TestLocalhostNeedsNoResolver(t *testing.T) {
	for _, host := range []string{"localhost", "LOCALHOST.", "a.localhost"} {
		var dialled []string
		w := newWorld(t, "net.retry=0", answer(200, okConfig))
		w.dial = func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = append(dialled, address)
			return nil, io.ErrClosedPipe
		}
		got := w.fetchFrom(t, targetAt(t, "sparse+http://"+host+":9/"))
		if want := "no connection to " + strings.ToLower(host) + ":9: it sent what is not valid"; !strings.HasSuffix(got, want) {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
		expect(t, host, strings.Join(dialled, " "), "[::1]:9 127.0.0.1:9")
	}
}
