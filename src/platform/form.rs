//! A form that holds a secret.

use crate::address::form_pieces;
use zeroize::Zeroizing;

/// The fields as a form's body, `application/x-www-form-urlencoded`; their names need no encoding.
pub(super) fn body<const N: usize>(fields: [(&str, &str); N]) -> Zeroizing<Vec<u8>> {
    // A form writes a byte as at most three, so this has room for the whole and no copy is left behind by one that grows.
    let room = fields
        .iter()
        .map(|(name, value)| name.len() + 2 + 3 * value.len());
    let mut body = Zeroizing::new(Vec::with_capacity(room.sum()));
    for (name, value) in fields {
        if !body.is_empty() {
            body.push(b'&');
        }
        body.extend_from_slice(name.as_bytes());
        body.push(b'=');
        for piece in form_pieces(value) {
            body.extend_from_slice(piece.as_bytes());
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_encoded_in_one_piece() {
        let fields = [("grant", "x"), ("id", "app"), ("secret", "a+b&c=d é")];
        assert_eq!(
            body(fields).as_slice(),
            b"grant=x&id=app&secret=a%2Bb%26c%3Dd+%C3%A9"
        );
        let longest = "&".repeat(1024);
        let body = body([("id", &longest), ("secret", &longest)]);
        assert_eq!(body.len(), 3 * 2048 + "id=&secret=".len());
        assert!(body.capacity() == body.len() + 1, "it has grown");
    }
}
