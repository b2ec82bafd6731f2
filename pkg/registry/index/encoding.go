package index

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strings"
)

// decode undoes the encodings of a body, which are those that were offered.
func decode(body io.Reader, headers []string) (io.Reader, error) {
	encodings := strings.Split(strings.Join(headers, ","), ",")
	for i := len(encodings) - 1; i >= 0; i-- {
		var err error
		switch strings.ToLower(strings.TrimSpace(encodings[i])) {
		case "", "identity", "none":
			continue
		case "gzip", "x-gzip":
			body, err = gzip.NewReader(body)
		case "deflate":
			body, err = inflate(body)
		default:
			return nil, &transferError{
				errBadEncoding,
				"Unrecognized content encoding type. libcurl understands deflate, gzip content encodings.", nil,
			}
		}
		if err != nil {
			return nil, badEncoding(err)
		}
		body = &decodingReader{body}
	}
	return body, nil
}

// inflate decodes what is called deflate: a zlib stream, or, from servers that
// took the name at its word, what is in one.
func inflate(body io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(body)
	head, err := buffered.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(buffered)
	}
	return flate.NewReader(buffered), nil
}

// decodingReader tells what is wrong with an encoding from what is wrong with
// the transfer.
type decodingReader struct{ r io.Reader }

func (d *decodingReader) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	switch err.(type) {
	case flate.CorruptInputError, flate.InternalError:
		err = badEncoding(err)
	}
	if err == gzip.ErrChecksum || err == gzip.ErrHeader || err == zlib.ErrChecksum || err == zlib.ErrHeader {
		err = badEncoding(err)
	}
	return n, err
}

func badEncoding(err error) error {
	return &transferError{errBadEncoding, "Error while processing content unencoding: incorrect header check", err}
}
