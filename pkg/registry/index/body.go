package index

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// longestBody bounds what is read of an answer.
const longestBody = 8 << 20

// readBody reads and decodes the body of an answer.
func readBody(ctx context.Context, answer *http.Response) ([]byte, error) {
	counted := &countingReader{r: answer.Body}
	decoded, err := decode(counted, answer.Header.Values("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(decoded, longestBody+1))
	var known *transferError
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, asTransferError(ctx, err)
	case errors.As(err, &known):
		return nil, known
	case errors.Is(err, io.ErrUnexpectedEOF) && counted.failed:
		return nil, &transferError{errPartialFile, missing(answer, counted.n), err}
	case err != nil:
		return nil, asTransferError(ctx, err)
	case len(body) > longestBody:
		return nil, &transferError{errTooLong, fmt.Sprintf("more than %d bytes", longestBody), nil}
	}
	return body, nil
}

// missing says what is missing of an answer that broke off.
func missing(answer *http.Response, got int64) string {
	if answer.ContentLength < 0 {
		return "transfer closed with outstanding read data remaining"
	}
	return fmt.Sprintf("end of response with %d bytes missing", answer.ContentLength-got)
}

// countingReader counts what it reads and remembers whether that failed.
type countingReader struct {
	r      io.Reader
	n      int64
	failed bool
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.failed = true
		if strings.Contains(err.Error(), "invalid byte in chunk length") {
			err = &transferError{errReceive, "chunk hex-length char not a hex digit", err}
		}
	}
	return n, err
}
