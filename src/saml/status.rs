//! The status codes of SAML (Core 3.2.2.2), in words that a person who waits for a login can use.

/// What the top-level and second-level codes of Core 3.2.2.2 mean for a login, or `None` for a code that is not the
/// standard's. The text is a half sentence without a full stop.
pub fn meaning(code: &str) -> Option<&'static str> {
    let name = code.strip_prefix(PREFIX)?;
    Some(match name {
        "Success" => "the request succeeded",
        "Requester" => {
            "the identity provider blames the request: its link or application settings are wrong"
        }
        "Responder" => "the identity provider had an error of its own",
        "VersionMismatch" => "the identity provider does not speak this version of SAML",
        "AuthnFailed" => "the sign-in did not succeed",
        "InvalidAttrNameOrValue" => "an attribute in the request was not understood",
        "InvalidNameIDPolicy" => {
            "the identity provider cannot give a NameID of the format that the application asks for"
        }
        "NoAuthnContext" => {
            "the required way to sign in (such as MFA) was not used or is not offered"
        }
        "NoAvailableIDP" => "no identity provider of those asked for is available",
        "NoPassive" => "the identity provider would have had to ask the user something",
        "NoSupportedIDP" => "no identity provider of those asked for is supported",
        "PartialLogout" => "not every session was ended",
        "ProxyCountExceeded" => "the request passed through too many identity providers",
        "RequestDenied" => {
            "the identity provider denies the request: is the application assigned to the user?"
        }
        "RequestUnsupported" => "the identity provider does not support the request",
        "RequestVersionDeprecated" => "the request's version of SAML is no longer served",
        "RequestVersionTooHigh" => {
            "the request's version of SAML is too new for the identity provider"
        }
        "RequestVersionTooLow" => {
            "the request's version of SAML is too old for the identity provider"
        }
        "ResourceNotRecognized" => "the identity provider does not know the resource asked for",
        "TooManyResponses" => "the answer would have had too many parts",
        "UnknownAttrProfile" => "the identity provider does not know the attribute profile",
        "UnknownPrincipal" => {
            "the identity provider does not know the user, or not for this application"
        }
        "UnsupportedBinding" => "the identity provider cannot answer in the way that was asked for",
        _ => return None,
    })
}

/// The code without the part that all of them share.
pub(super) fn short(code: &str) -> &str {
    code.strip_prefix(PREFIX).unwrap_or(code)
}

const PREFIX: &str = "urn:oasis:names:tc:SAML:2.0:status:";

/// The only top-level code that lets a login go on.
pub(super) const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_the_standard_have_a_meaning_and_others_none() {
        assert_eq!(
            meaning("urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"),
            Some("the sign-in did not succeed")
        );
        let mut meanings: Vec<_> = [
            "Success",
            "Requester",
            "Responder",
            "VersionMismatch",
            "AuthnFailed",
            "InvalidAttrNameOrValue",
            "InvalidNameIDPolicy",
            "NoAuthnContext",
            "NoAvailableIDP",
            "NoPassive",
            "NoSupportedIDP",
            "PartialLogout",
            "ProxyCountExceeded",
            "RequestDenied",
            "RequestUnsupported",
            "RequestVersionDeprecated",
            "RequestVersionTooHigh",
            "RequestVersionTooLow",
            "ResourceNotRecognized",
            "TooManyResponses",
            "UnknownAttrProfile",
            "UnknownPrincipal",
            "UnsupportedBinding",
        ]
        .map(|name| meaning(&format!("{PREFIX}{name}")).expect(name))
        .into();
        meanings.sort_unstable();
        meanings.dedup();
        assert_eq!(meanings.len(), 23);
        assert_eq!(meaning("AuthnFailed"), None);
        assert_eq!(
            meaning("urn:oasis:names:tc:SAML:2.0:status:authnfailed"),
            None
        );
        assert_eq!(meaning("urn:example:status:Broken"), None);
    }

    #[test]
    fn a_code_is_shortened_only_where_it_is_the_standards() {
        assert_eq!(
            short("urn:oasis:names:tc:SAML:2.0:status:NoPassive"),
            "NoPassive"
        );
        assert_eq!(
            short("urn:example:status:Broken"),
            "urn:example:status:Broken"
        );
    }
}
