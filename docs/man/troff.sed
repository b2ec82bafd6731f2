# Finishes what go-md2man wrote.

# Readers can copy these characters into a shell.
s/\\-/-/g
s/-/\\-/g
s/'/\\(aq/g
s/~/\\(ti/g

# Do not hyphenate words or justify lines. The title and the end of an example
# turn hyphenation on again.
/^\.nh$/d
/^\.TH/a\
.nh\
.ad l

# Indent examples. Remove other empty lines, which some formatters show twice.
/^\.EX/,/^\.EE/!{
/^$/d
}
/^\.EX/i\
.PP\
.RS 4
/^\.EE/a\
.nh\
.RE
