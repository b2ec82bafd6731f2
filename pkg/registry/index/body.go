package index

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"unicode/utf8"
)

// longestBody bounds what is read of an answer, before and after it is decoded.
const longestBody = 8 << 20

// readBody reads and decodes the body of an answer. That of a redirection
// which is followed is of no interest. Of one that is no success only the
// beginning is of use, and no more is read.
func (t *transport) readBody(ctx context.Context, answer *http.Response, encodings []string, followed bool) ([]byte, error) {
	counted := &countingReader{r: answer.Body, length: answer.ContentLength, received: &t.received}
	if followed {
		_, err := io.Copy(io.Discard, counted)
		if err != nil && !isTooLong(err) {
			return nil, asTransferError(ctx, err)
		}
		return nil, nil
	}
	decoded, err := decode(counted, encodings)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(decoded, longestBody+1))
	if err == nil && len(body) > longestBody {
		body, err = body[:longestBody], tooLong()
	}
	if isTooLong(err) && answer.StatusCode != http.StatusOK {
		return wholeRunes(body), nil
	}
	if err != nil {
		return nil, asTransferError(ctx, err)
	}
	return body, nil
}

func tooLong() *transferError {
	return &transferError{errTooLong, fmt.Sprintf("more than %d bytes", longestBody), nil}
}

func isTooLong(err error) bool {
	var known *transferError
	return errors.As(err, &known) && known.code == errTooLong
}

// wholeRunes cuts off a character whose end is missing.
func wholeRunes(text []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if start := text[len(text)-i:]; utf8.RuneStart(start[0]) && !utf8.FullRune(start) {
			return text[:len(text)-i]
		}
	}
	return text
}

// countingReader counts and bounds a body as it comes over the network, and
// says when it breaks off.
type countingReader struct {
	r         io.Reader
	n, length int64
	received  *atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.received.Add(int64(n))
	switch {
	case c.n > longestBody:
		err = tooLong()
	case err == io.ErrUnexpectedEOF && c.length < 0:
		err = &transferError{errPartialFile, "transfer closed with outstanding read data remaining", err}
	case err == io.ErrUnexpectedEOF:
		err = &transferError{errPartialFile, fmt.Sprintf("end of response with %d bytes missing", c.length-c.n), err}
	}
	return n, err
}
