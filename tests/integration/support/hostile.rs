//! Texts that have broken quoting, escaping or a terminal somewhere, and a few that nobody would think of.

/// None of them holds a NUL, which no variable can hold.
pub const HOSTILE: [&str; 35] = [
    "8c4ba5b5-6e15-4a54-9d9c-000000000001",
    "",
    " ",
    "  spaces at both ends  ",
    "'",
    "''",
    "it's 'quoted' ''twice''",
    "\"",
    "\"\"\"",
    "$(touch /tmp/anyp-saml-was-here)",
    "`touch /tmp/anyp-saml-was-here`",
    "';touch /tmp/anyp-saml-was-here;'",
    "\"$(touch /tmp/anyp-saml-was-here)\"",
    "${HOME} $HOME $$ $! !! !$ !x $'\\n'",
    "\\",
    "\\'\\\\'",
    "trailing backslash\\",
    "\\n \\x41 \\u0041 \\0101 \\c",
    "a\nb\n\nc",
    "\n",
    "carriage\rreturn\r\n",
    "tab\there",
    "* ? [a-z] {a,b} ~ ~root =ls",
    "; id & id && id | id > /dev/null < /dev/null << x #",
    "# no comment",
    "-n",
    "-n -e --help",
    "%s %n %PATH% ^ !PATH! ^^ &",
    "@args (id) <(id) {id} r#'x'# $nu",
    "<a>&amp;&'\"]]><!-- --> @{x} #{x}",
    "\u{1b}[31m\u{1b}]0;title\u{7}\u{8}\u{7f}",
    "\u{9b}31m \u{85} \u{a0}",
    "\u{202e}\u{2028}\u{2029}\u{feff}\u{200b}\u{2066}",
    "‘a’ ‚b‛ “c” ä € 😀 e\u{301}",
    "\u{f600}\u{f8ff}\u{fdd0}\u{e000}",
];

/// One more, that is longer than any line or buffer of a shell.
pub fn long() -> String {
    "it's $HOME \"x\" \\ ".repeat(6000)
}
