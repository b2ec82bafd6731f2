package index

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// longestWait bounds the time before a request is tried again, whatever the
// registry asks for.
const longestWait = 10 * time.Second

// fixedWait is the variable with which Cargo's own tests shorten the waits, in
// milliseconds.
const fixedWait = "__CARGO_TEST_FIXED_RETRY_SLEEP_MS"

// spurious is an error after which the same request may succeed.
type spurious interface {
	error
	isSpurious() bool
}

// retries returns how often a request that failed is tried again.
func (c *Client) retries() (int64, error) {
	net, err := c.Config.Net()
	if err != nil {
		return 0, err
	}
	if net.Retry == nil {
		return 3, nil
	}
	return *net.Retry, nil
}

// retry calls do until it succeeds, fails for good, or has failed often
// enough.
func (c *Client) retry(ctx context.Context, retries int64, do func() error) error {
	for tried := int64(0); ; tried++ {
		err := do()
		var failure spurious
		if err == nil || tried >= retries || !errors.As(err, &failure) || !failure.isSpurious() || ctx.Err() != nil {
			return err
		}
		tries := "tries"
		if retries-tried == 1 {
			tries = "try"
		}
		reason := failure.Error()
		var status *StatusError
		if errors.As(err, &status) {
			reason = status.text("")
		}
		c.Config.Notice(config.Warning, "spurious network error (%d %s remaining): %s", retries-tried, tries, reason)
		if err := c.sleep(ctx, c.wait(tried, status)); err != nil {
			return err
		}
	}
}

// wait returns how long to wait after a failure: as long as the registry asks
// for, or longer each time.
func (c *Client) wait(tried int64, status *StatusError) time.Duration {
	if wait, ok := c.retryAfter(status); ok {
		return min(wait, longestWait)
	}
	if text, ok := c.Config.Env(fixedWait); ok {
		if ms, err := strconv.ParseUint(text, 10, 31); err == nil {
			return time.Duration(ms) * time.Millisecond
		}
	}
	wait := 500 * time.Millisecond
	if tried == 0 {
		// Those who failed together should not come back together.
		return wait + rand.N(time.Second)
	}
	return min(wait+time.Duration(min(tried, 10))*3*time.Second, longestWait)
}

// retryAfter returns the wait that a Retry-After header asks for, in seconds
// or as a date.
func (c *Client) retryAfter(e *StatusError) (time.Duration, bool) {
	if e == nil || e.Code != http.StatusTooManyRequests && e.Code != http.StatusServiceUnavailable {
		return 0, false
	}
	value := e.header("retry-after")
	if seconds, err := strconv.ParseUint(strings.TrimPrefix(value, "+"), 10, 32); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	date, err := http.ParseTime(value)
	if err != nil || c.Now == nil {
		return 0, false
	}
	wait := date.Sub(c.Now())
	return wait, wait > 0
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	if c.pause != nil {
		return c.pause(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting to try again: %w", context.Cause(ctx))
	}
}
