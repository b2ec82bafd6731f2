package config

import (
	"bytes"
	"io"
	"os"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/internal/filelock"
)

// grace is how long a reader without a lock has to notice the end of the file
// after it has read the rest.
const grace = 10 * time.Millisecond

// replace makes a file that holds before hold after; it is [ErrChanged] if it
// holds something else.
//
// Cargo reads its files without a lock, and any of these steps may be the last
// of a process or of the machine. So the order is such that the file holds
// after each step all of the old or all of the new document, at most with line
// ends behind it:
//
//   - Where the system can do that, nobody can open the file from here on, and
//     nobody has it open.
//   - What it holds is compared with before.
//   - The space for the new document is reserved, so that a full disk shows
//     before anything is touched.
//   - If something is only added at the end, and its space is reserved, that is
//     all that is written: until the new length is known, on the disk too, the
//     old document is there. Without the space the write could be cut short, and
//     a process that is killed then would leave half a token.
//   - Any other file that must grow does so with line ends, and they reach the
//     disk. If the write below made it grow, a reader between the new content
//     and the new length would see half a token, and a lost machine could come
//     back with it.
//   - One write replaces everything, with line ends up to the old length, and
//     reaches the disk.
//   - A file that must shrink is cut. Were it cut before the content is on the
//     disk, a lost machine could come back with the start of the old document.
func replace(f *os.File, before, after []byte) error {
	size := max(len(before), len(after))
	end, alone := filelock.Lease(f)
	defer end()
	if err := holds(f, before); err != nil {
		return err
	}
	sure, err := reserve(f, int64(size))
	if err != nil {
		// What lies behind the file's end is given back.
		f.Truncate(int64(len(before)))
		return err
	}
	if alone && sure && bytes.HasPrefix(after, before) {
		return lengthen(f, len(before), after[len(before):])
	}
	if size > len(before) {
		if err := lengthen(f, len(before), padded(nil, size-len(before))); err != nil {
			return err
		}
		if !alone {
			time.Sleep(grace)
		}
	}
	if err := overwrite(f, padded(after, size)); err != nil {
		restore(f, before, size)
		return err
	}
	if size == len(after) {
		return nil
	}
	if err := f.Truncate(int64(len(after))); err != nil {
		restore(f, before, size)
		return err
	}
	return nil
}

// holds is [ErrChanged] unless a file holds what it is thought to. A program that
// knows nothing of locks may have written it since it was read.
func holds(f *os.File, content []byte) error {
	part := make([]byte, min(len(content)+1, 1<<15))
	defer clear(part)
	for at := 0; ; {
		n, err := f.ReadAt(part, int64(at))
		if err != nil && err != io.EOF {
			return err
		}
		rest, isThere := bytes.CutPrefix(content[at:], part[:n])
		switch {
		case !isThere:
			return ErrChanged
		case err == nil:
			at += n
		case len(rest) > 0:
			return ErrChanged
		default:
			return nil
		}
	}
}

// lengthen writes something behind the end of a file; if that fails, the file is as
// it was.
func lengthen(f *os.File, end int, tail []byte) error {
	_, err := f.WriteAt(tail, int64(end))
	if err == nil {
		err = sync(f)
	}
	if err != nil {
		f.Truncate(int64(end))
	}
	return err
}

func overwrite(f *os.File, content []byte) error {
	defer clear(content)
	if _, err := f.WriteAt(content, 0); err != nil {
		return err
	}
	return sync(f)
}

// restore undoes a change that failed half-way.
func restore(f *os.File, before []byte, size int) {
	content := padded(before, size)
	defer clear(content)
	if _, err := f.WriteAt(content, 0); err != nil {
		// To cut now could cut what is new.
		return
	}
	f.Truncate(int64(len(before)))
	sync(f)
}

// padded returns content with line ends up to the given size.
func padded(content []byte, size int) []byte {
	out := bytes.Repeat([]byte("\n"), size)
	copy(out, content)
	return out
}
