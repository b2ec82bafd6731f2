package index

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
)

// defaultLowSpeed is how many bytes per second are too slow, as for Cargo.
const defaultLowSpeed = int64(10)

// timeout returns how long a connection may take to be made, and a transfer to
// be too slow; 0 is for ever.
func (c *Client) timeout(settings config.HTTP) time.Duration {
	seconds := int64(30)
	if settings.Timeout != nil {
		seconds = *settings.Timeout
	} else if text, ok := c.Config.Env("HTTP_TIMEOUT"); ok {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
			seconds = n
		}
	}
	return time.Duration(min(seconds, 1<<31)) * time.Second
}

// bound limits the time that a request may take with all its redirections,
// however steadily something arrives.
func (t *transport) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	longest := min(max(20*t.timeout, time.Minute), time.Hour)
	if t.timeout == 0 {
		longest = time.Hour
	}
	return context.WithTimeoutCause(ctx, longest, &transferError{
		errTimeout,
		fmt.Sprintf("Operation timed out after %d milliseconds", longest.Milliseconds()), context.DeadlineExceeded,
	})
}

// watchSpeed cancels a transfer that is too slow for too long. It watches from
// the moment there is a connection.
func (t *transport) watchSpeed(ctx context.Context, connected <-chan struct{}) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	if t.timeout == 0 || t.lowSpeed == 0 {
		return ctx, func() { cancel(nil) }
	}
	go func() {
		select {
		case <-connected:
		case <-ctx.Done():
			return
		}
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		last := t.received.Load()
		for slow := time.Duration(0); slow < t.timeout; {
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
			now := t.received.Load()
			if slow += time.Second; now-last >= t.lowSpeed {
				slow = 0
			}
			last = now
		}
		cancel(&transferError{errTimeout, fmt.Sprintf("Operation too slow. Less than %d bytes/sec transferred the last %d seconds",
			t.lowSpeed, int(t.timeout.Seconds())), context.DeadlineExceeded})
	}()
	return ctx, func() { cancel(nil) }
}
