package config

import (
	"fmt"
	"strconv"
	"strings"
)

// wrongDatetime is what is wrong with a date, a time, or both, in the words of
// Cargo's parser; empty if nothing is.
func wrongDatetime(raw string) string {
	d := &datetime{rest: raw}
	switch first := d.digits(); {
	case first != "" && strings.HasPrefix(d.rest, "-"):
		d.readDate(first)
		if d.wrong == "" && d.rest != "" {
			d.need(d.skip("Tt "), "date-time", "`T` between date and time")
			d.readTime(d.digits())
			d.readOffset()
		}
	case first != "" && strings.HasPrefix(d.rest, ":"):
		d.readTime(first)
	default:
		d.need(false, "datetime", "year or hour")
	}
	if d.wrong == "" && d.rest != "" {
		return "invalid datetime"
	}
	return d.wrong
}

// datetime is what is left to read of a date and a time, and the first thing
// that is wrong with it.
type datetime struct{ rest, wrong string }

// digits takes the digits that come next.
func (d *datetime) digits() string {
	rest := strings.TrimLeft(d.rest, decimals)
	digits := strings.TrimSuffix(d.rest, rest)
	d.rest = rest
	return digits
}

// skip takes one of the given bytes if it comes next.
func (d *datetime) skip(bytes string) bool {
	if d.rest == "" || strings.IndexByte(bytes, d.rest[0]) < 0 {
		return false
	}
	d.rest = d.rest[1:]
	return true
}

// need notes what was expected where it is not.
func (d *datetime) need(isThere bool, what, expected string) {
	if !isThere && d.wrong == "" {
		d.wrong = fmt.Sprintf("invalid %s, expected %s", what, expected)
	}
}

func (d *datetime) needTwoDigits(digits, what, name string) {
	d.need(len(digits) == 2, what, "a two-digit "+name)
}

func (d *datetime) needWithin(digits string, from, to int, what, name string) {
	n, _ := strconv.Atoi(digits)
	d.need(from <= n && n <= to, what, fmt.Sprintf("%s between %02d and %02d", name, from, to))
}

// readDate reads a date behind its year.
func (d *datetime) readDate(year string) {
	const what = "date"
	d.skip("-")
	month := d.digits()
	d.need(month != "", what, "month")
	d.need(d.skip("-"), what, "`-` (MM-DD)")
	day := d.digits()
	d.need(day != "", what, "day")

	d.need(len(year) == 4, what, "a four-digit year (YYYY)")
	d.needTwoDigits(month, what, "month (MM)")
	d.needTwoDigits(day, what, "day (DD)")

	d.needWithin(month, 1, 12, what, "month")
	d.needWithin(day, 1, lastDay(year, month), what, "day")
}

func lastDay(year, month string) int {
	y, _ := strconv.Atoi(year)
	switch month {
	case "04", "06", "09", "11":
		return 30
	case "02":
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// readMinute reads the minute behind an hour, which must be there.
func (d *datetime) readMinute(hour, what string) (minute string) {
	d.need(hour != "", what, "hour")
	d.need(d.skip(":"), what, "`:` (HH:MM)")
	minute = d.digits()
	d.need(minute != "", what, "minute")
	return minute
}

// readTime reads a time behind its hour.
func (d *datetime) readTime(hour string) {
	const what = "time"
	minute := d.readMinute(hour, what)
	second := "00"
	if d.skip(":") {
		second = d.digits()
		d.need(second != "", what, "second")
		if d.skip(".") {
			d.need(d.digits() != "", what, "nanosecond")
		}
	}

	d.needTwoDigits(hour, what, "hour (HH)")
	d.needTwoDigits(minute, what, "minute (MM)")
	d.needTwoDigits(second, what, "second (SS)")

	d.needWithin(hour, 0, 23, what, "hour")
	d.needWithin(minute, 0, 59, what, "minute")
	d.needWithin(second, 0, 60, what, "second")
}

// readOffset reads how far a time is from UTC.
func (d *datetime) readOffset() {
	const what = "offset"
	if d.rest == "" || d.skip("Zz") {
		return
	}
	d.need(d.skip("+-"), what, "`Z`, +OFFSET, -OFFSET")
	hour := d.digits()
	minute := d.readMinute(hour, what)

	d.needTwoDigits(hour, what, "hour (HH)")
	d.needTwoDigits(minute, what, "minute (MM)")

	d.needWithin(hour, 0, 23, what, "hours")
	d.needWithin(minute, 0, 59, what, "minutes")
}
