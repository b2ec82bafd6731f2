# What go-md2man leaves undone.

# These characters can be copied into a shell.
s/\\-/-/g
s/-/\\-/g
s/'/\\(aq/g
s/~/\\(ti/g

# No word is divided, which the title and the end of an example allow again, and
# lines are not filled up with spaces.
/^\.nh$/d
/^\.TH/a\
.nh\
.ad l

# Examples are indented. Other empty lines show twice in some formatters.
/^\.EX/,/^\.EE/!{
/^$/d
}
/^\.EX/i\
.PP\
.RS 4
/^\.EE/a\
.nh\
.RE
