//! The head of a request, read strictly (RFC 9112) and purely.
//!
//! Where that standard lets a recipient be lenient (a bare line feed, a folded line, several `Content-Length`), two
//! readers may see two requests. Here such a head is refused; no browser sends one.

use super::{Field, Limits};

/// A head that keeps all the rules.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) fields: Vec<Field>,
    pub(super) content_length: usize,
    pub(super) expects_continue: bool,
}

/// Why the gate answers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A control character, a bare CR or LF, or a byte outside ASCII.
    Character,
    /// Not `METHOD /target HTTP/1.1`.
    RequestLine,
    /// Another version than HTTP/1.1.
    Version,
    /// A target longer than [`Limits::target_bytes`].
    TargetTooLong,
    /// A header line that is no `name: value`, or folded.
    Field,
    /// More than [`Limits::head_bytes`] or [`Limits::fields`].
    HeadTooLarge,
    /// None or several `Host` (RFC 9112 section 3.2 asks for the 400).
    Host,
    /// A body with `Transfer-Encoding`.
    TransferEncoding,
    /// Both ways to tell the length of the body.
    TwoLengths,
    /// A `Content-Length` that is no number, or more than one.
    ContentLength,
    /// A method that brings a body, without `Content-Length`.
    LengthRequired,
    /// A body longer than [`Limits::body_bytes`].
    BodyTooLarge,
    /// `Upgrade` to another protocol.
    Upgrade,
    /// `Expect` of anything but `100-continue`.
    Expectation,
    /// The head or the body took too long.
    Time,
    /// The connection ended within the head or the body.
    Ended,
    /// All places are taken by others who are being served.
    Busy,
    /// The server behind the gate did not answer.
    Inner,
}

impl Refusal {
    /// The status code.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::Character
            | Self::RequestLine
            | Self::Field
            | Self::Host
            | Self::TwoLengths
            | Self::ContentLength
            | Self::Upgrade
            | Self::Ended => 400,
            Self::Time => 408,
            Self::LengthRequired => 411,
            Self::BodyTooLarge => 413,
            Self::TargetTooLong => 414,
            Self::Expectation => 417,
            Self::HeadTooLarge => 431,
            Self::TransferEncoding => 501,
            Self::Busy | Self::Inner => 503,
            Self::Version => 505,
        }
    }

    /// The reason in words: constants, so that nothing of a stranger's is ever echoed.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Character => "the request's head holds a character that must not be there",
            Self::RequestLine => "the request line is not METHOD /path HTTP/1.1",
            Self::Version => "only HTTP/1.1 is spoken here",
            Self::TargetTooLong => "the request's address is too long",
            Self::Field => "a header line is not well-formed",
            Self::HeadTooLarge => "the request's head is too large",
            Self::Host => "there must be exactly one Host header",
            Self::TransferEncoding => "Transfer-Encoding is not taken; send Content-Length",
            Self::TwoLengths => "Transfer-Encoding and Content-Length exclude each other",
            Self::ContentLength => "there must be one Content-Length, a plain number",
            Self::LengthRequired => "Content-Length is missing",
            Self::BodyTooLarge => "the request's body is too large",
            Self::Upgrade => "no other protocol is spoken here",
            Self::Expectation => "only the expectation 100-continue can be met",
            Self::Time => "the request took too long to arrive",
            Self::Ended => "the request ended before it was complete",
            Self::Busy => "all places are taken; try again",
            Self::Inner => "the request could not be served; try again",
        }
    }
}

/// Looks for the end of the head in `bytes`, of which those before `seen` were looked at before. Gives the length of
/// the head with its empty line, or nothing as long as that has not come.
///
/// Forbidden bytes are refused as soon as they are there, so that a client that speaks TLS is not waited for.
pub(super) fn find_end(
    bytes: &[u8],
    seen: usize,
    limits: &Limits,
) -> Result<Option<usize>, Refusal> {
    let bytes = &bytes[..bytes.len().min(limits.head_bytes)];
    for at in seen.saturating_sub(1)..bytes.len() {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        match bytes[at] {
            // A CR that is the last byte so far is looked at again with the byte that follows it.
            b'\r' if bytes.get(at + 1).is_none_or(|next| *next == b'\n') => {}
            b'\n' if before == Some(&b'\r') => {
                if bytes[..=at].ends_with(b"\r\n\r\n") {
                    return Ok(Some(at + 1));
                }
            }
            b'\t' | b' '..=b'~' => {}
            _ => return Err(Refusal::Character),
        }
    }
    if bytes.len() < limits.head_bytes {
        return Ok(None);
    }
    // A head whose first line does not end is one long address.
    Err(if bytes.contains(&b'\n') {
        Refusal::HeadTooLarge
    } else {
        Refusal::TargetTooLong
    })
}

/// Reads a head that [`find_end`] found, with its empty line.
pub(super) fn parse(bytes: &[u8], limits: &Limits) -> Result<Head, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::Character)?;
    let text = text.strip_suffix("\r\n\r\n").ok_or(Refusal::Ended)?;
    let mut lines = text.split("\r\n");
    let (method, target) = request_line(lines.next().unwrap_or_default(), limits)?;
    let mut fields = Vec::new();
    for line in lines {
        if fields.len() == limits.fields {
            return Err(Refusal::HeadTooLarge);
        }
        fields.push(field(line)?);
    }
    let values = |name: &str| -> Vec<&str> {
        fields
            .iter()
            .filter(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value): &Field| value.as_str())
            .collect()
    };
    if values("Host").len() != 1 {
        return Err(Refusal::Host);
    }
    if !values("Upgrade").is_empty() {
        return Err(Refusal::Upgrade);
    }
    let lengths = values("Content-Length");
    if !values("Transfer-Encoding").is_empty() {
        return Err(if lengths.is_empty() {
            Refusal::TransferEncoding
        } else {
            Refusal::TwoLengths
        });
    }
    let content_length = match lengths.as_slice() {
        [] if matches!(method.as_str(), "POST" | "PUT" | "PATCH") => {
            return Err(Refusal::LengthRequired);
        }
        [] => 0,
        [one] => length(one, limits)?,
        _ => return Err(Refusal::ContentLength),
    };
    let expects_continue = match values("Expect").as_slice() {
        [] => false,
        [one] if one.eq_ignore_ascii_case("100-continue") => true,
        _ => return Err(Refusal::Expectation),
    };
    Ok(Head {
        method,
        target,
        fields,
        content_length,
        expects_continue,
    })
}

/// RFC 9112 section 3, with the target in origin form alone: the others are for proxies.
fn request_line(line: &str, limits: &Limits) -> Result<(String, String), Refusal> {
    let mut parts = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refusal::RequestLine);
    };
    if !is_token(method) || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Refusal::RequestLine);
    }
    match version.strip_prefix("HTTP/").map(str::as_bytes) {
        Some(b"1.1") => {}
        Some([major, b'.', minor]) if major.is_ascii_digit() && minor.is_ascii_digit() => {
            return Err(Refusal::Version);
        }
        _ => return Err(Refusal::RequestLine),
    }
    if target.len() > limits.target_bytes {
        return Err(Refusal::TargetTooLong);
    }
    if !target.starts_with('/') {
        return Err(Refusal::RequestLine);
    }
    Ok((method.to_owned(), target.to_owned()))
}

/// RFC 9112 section 5. A folded line begins with white space, which no name does.
fn field(line: &str) -> Result<Field, Refusal> {
    let (name, value) = line.split_once(':').ok_or(Refusal::Field)?;
    if !is_token(name) {
        return Err(Refusal::Field);
    }
    Ok((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
}

/// Digits alone: no sign, no list. A number too long for the machine is too long for us.
fn length(value: &str, limits: &Limits) -> Result<usize, Refusal> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::ContentLength);
    }
    match value.parse() {
        Ok(length) if length <= limits.body_bytes => Ok(length),
        _ => Err(Refusal::BodyTooLarge),
    }
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits::DEFAULT;

    fn read(head: &str) -> Result<Head, Refusal> {
        match find_end(head.as_bytes(), 0, &LIMITS)? {
            Some(end) => parse(&head.as_bytes()[..end], &LIMITS),
            None => Err(Refusal::Ended),
        }
    }

    #[test]
    fn a_plain_head_is_read() {
        let head = read(
            "POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\nX-A:\r\nX-B: \t b c\t \r\nEXPECT: 100-Continue\r\n\r\nrest",
        )
        .unwrap();
        assert_eq!(
            (head.method.as_str(), head.target.as_str()),
            ("POST", "/a?b")
        );
        assert_eq!((head.content_length, head.expects_continue), (12, true));
        assert_eq!(head.fields[2], ("X-A".into(), String::new()));
        assert_eq!(head.fields[3], ("X-B".into(), "b c".into()));
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        use Refusal as R;
        for (head, refusal) in [
            ("\r\n\r\n", R::RequestLine),
            ("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", R::RequestLine),
            ("GET /\r\n\r\n", R::RequestLine),
            ("GET  / HTTP/1.1\r\nHost: x\r\n\r\n", R::RequestLine),
            ("GET / HTTP/1.1 \r\nHost: x\r\n\r\n", R::RequestLine),
            ("GET /\tx HTTP/1.1\r\nHost: x\r\n\r\n", R::RequestLine),
            ("GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", R::RequestLine),
            ("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", R::RequestLine),
            ("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", R::RequestLine),
            ("G@T / HTTP/1.1\r\nHost: x\r\n\r\n", R::RequestLine),
            ("GET / http/1.1\r\nHost: x\r\n\r\n", R::RequestLine),
            ("GET / HTTP/1.0\r\nHost: x\r\n\r\n", R::Version),
            ("GET / HTTP/0.9\r\nHost: x\r\n\r\n", R::Version),
            ("PRI * HTTP/2.0\r\n\r\n", R::Version),
            ("GET / HTTP/1.1\nHost: x\n\n", R::Character),
            ("GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", R::Character),
            (
                "GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n",
                R::Character,
            ),
            ("GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", R::Character),
            (
                "GET / HTTP/1.1\r\nHost: x\r\nA: b\u{1b}c\r\n\r\n",
                R::Character,
            ),
            (
                "GET / HTTP/1.1\r\nHost: x\r\nA: b\u{7f}c\r\n\r\n",
                R::Character,
            ),
            ("GET / HTTP/1.1\r\nHost: ü\r\n\r\n", R::Character),
            ("GET /ü HTTP/1.1\r\nHost: x\r\n\r\n", R::Character),
            ("\u{16}\u{3}\u{1}", R::Character),
            ("GET / HTTP/1.1\r\n\r\n", R::Host),
            ("GET / HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n", R::Host),
            ("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", R::Field),
            ("GET / HTTP/1.1\r\n Host: x\r\n\r\n", R::Field),
            ("GET / HTTP/1.1\r\nHost : x\r\n\r\n", R::Field),
            ("GET / HTTP/1.1\r\nHost: x\r\nA\r\n\r\n", R::Field),
            ("GET / HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n", R::Field),
            ("POST / HTTP/1.1\r\nHost: x\r\n\r\n", R::LengthRequired),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
                R::TransferEncoding,
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\ntransfer-encoding: identity\r\n\r\n",
                R::TransferEncoding,
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
                R::TwoLengths,
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                R::ContentLength,
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
                R::ContentLength,
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n",
                R::ContentLength,
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n",
                R::ContentLength,
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                R::ContentLength,
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\n",
                R::ContentLength,
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n",
                R::ContentLength,
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1572865\r\n\r\n",
                R::BodyTooLarge,
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2147483648\r\n\r\n",
                R::BodyTooLarge,
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
                R::BodyTooLarge,
            ),
            (
                "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\n\r\n",
                R::Upgrade,
            ),
            (
                "GET / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\n\r\n",
                R::Expectation,
            ),
        ] {
            assert_eq!(read(head), Err(refusal), "{head:?}");
        }
    }

    #[test]
    fn upgrade_insecure_requests_is_another_header() {
        assert!(read("GET / HTTP/1.1\r\nHost: x\r\nUpgrade-Insecure-Requests: 1\r\n\r\n").is_ok());
    }

    #[test]
    fn sizes_are_held() {
        let target = |bytes: usize| {
            read(&format!(
                "GET /{} HTTP/1.1\r\nHost: x\r\n\r\n",
                "a".repeat(bytes - 1)
            ))
        };
        assert!(target(2048).is_ok());
        assert_eq!(target(2049), Err(Refusal::TargetTooLong));
        assert_eq!(target(20_000), Err(Refusal::TargetTooLong));
        let fields = |count: usize| {
            read(&format!(
                "GET / HTTP/1.1\r\nHost: x\r\n{}\r\n",
                "A: b\r\n".repeat(count - 1)
            ))
        };
        assert!(fields(64).is_ok());
        assert_eq!(fields(65), Err(Refusal::HeadTooLarge));
        let head = |bytes: usize| {
            let rest = bytes - "GET / HTTP/1.1\r\nHost: x\r\nA: \r\n\r\n".len();
            read(&format!(
                "GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n",
                "b".repeat(rest)
            ))
        };
        assert!(head(16 * 1024).is_ok());
        assert_eq!(head(16 * 1024 + 1), Err(Refusal::HeadTooLarge));
    }

    proptest! {
        #[test]
        fn the_end_is_the_same_however_the_bytes_arrive(bytes in "[ab:/ \r\n\t\u{0}]{0,40}", cut in 0usize..40) {
            let bytes = format!("GET / HTTP/1.1\r\nHost: x\r\n{bytes}\r\n\r\n").into_bytes();
            let cut = cut.min(bytes.len());
            let whole = find_end(&bytes, 0, &LIMITS);
            let parts = match find_end(&bytes[..cut], 0, &LIMITS) {
                Ok(None) => find_end(&bytes, cut, &LIMITS),
                other => other,
            };
            prop_assert_eq!(whole, parts);
        }

        #[test]
        fn no_head_makes_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(Some(end)) = find_end(&bytes, 0, &LIMITS) {
                let _ = parse(&bytes[..end], &LIMITS);
            }
        }
    }
}
