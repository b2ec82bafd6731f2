package index

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

func TestProgressGoesWithTheNetwork(t *testing.T) {
	codes := []int{500, 401, 500, 200}
	w := newWorld(t, "", nil)
	var seen []string
	w.server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		seen = append(seen, strconv.Itoa(codes[0]))
		answer(codes[0], okConfig)(rw, req)
		codes = codes[1:]
	})
	w.pause = func(context.Context, time.Duration) error {
		seen = append(seen, "wait")
		return nil
	}
	w.Token = func(context.Context, []string) (config.Secret, error) {
		seen = append(seen, "token")
		return config.NewSecret("t"), nil
	}
	w.Progress = func() func() {
		seen = append(seen, "begin")
		return func() { seen = append(seen, "end") }
	}
	expect(t, "API", w.fetch(t), "http://h/api")
	expect(t, "API from the cache", w.fetch(t), "http://h/api")
	expect(t, "seen", strings.Join(seen, " "), "begin 500 end wait begin 401 end token begin 500 end wait token begin 200 end")
}
