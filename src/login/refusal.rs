//! What a refused response means in words, and what to do next: said by the page in the browser and at the terminal.

use crate::saml::Rule;

/// What happened, as the end of a sentence that begins with "the response was refused: ".
pub fn meaning(rule: Rule) -> &'static str {
    use Rule::*;
    match rule {
        Base64 => "it is not base64",
        Size => "it is larger than 1 MiB",
        XmlEncoding | XmlVersion | XmlDoctype | XmlInstruction | XmlDepth | XmlLimit
        | XmlWellFormed | NamespaceAbsolute | CommentInText => {
            "its XML is not what an identity provider writes"
        }
        Root => "it is no SAML response",
        Version => "it is not SAML 2.0",
        IdPollution | IdMissing | IdDuplicate => "its identifiers are missing or ambiguous",
        AssertionNested | AssertionCount => "it does not hold exactly one assertion",
        SignaturePosition | SignatureMultiple | SignatureOrder | SignatureComment
        | SignatureChildren | ReferenceCount | ReferenceUri | Transforms => {
            "its signature is not built as SAML prescribes"
        }
        SignatureNone => "it is not signed",
        SignatureCanonicalization | SignatureAlgorithm | DigestAlgorithm => {
            "it is signed with an algorithm that is not accepted"
        }
        EmptyDigest | Digest => "it was changed after it was signed",
        SignatureKey => "it is signed with a key that is too weak or of an unknown kind",
        SignatureValue | KeyInfo | KeyKnown | CertificateDates => {
            "it is not signed with a known key of the identity provider"
        }
        IssueInstant | IssueInstantFar => "its time of issue cannot be read",
        Status => "the identity provider reports a failure instead of a sign-in",
        Destination | ConfirmationRecipient => "it is addressed to another receiver",
        InResponseTo | ConfirmationInResponseTo => {
            "it answers a request that this program did not make"
        }
        Issuer | IssuerFormat => "it comes from another identity provider than the expected one",
        Encrypted => "its assertion is encrypted",
        NameId => "it does not name the user",
        User => "it signs in another user than the expected one",
        ConfirmationNone | ConfirmationMethod | ConfirmationData | ConfirmationAddress => {
            "its subject is not confirmed for a sign-in with a browser"
        }
        ConfirmationNotOnOrAfter | NotOnOrAfter => "it is no longer valid",
        ConfirmationNotBefore | NotBefore => "it is not valid yet",
        Conditions | ConditionUnknown | OneTimeUse | ProxyRestriction => {
            "its conditions cannot be kept"
        }
        Audience => "it is meant for another audience than the configured one",
        AuthnStatement => "it does not say how the user signed in",
        SessionNotOnOrAfter => "the session at the identity provider has ended",
    }
}

/// What to do next, as one sentence.
pub fn cure(rule: Rule) -> &'static str {
    use Rule::*;
    match rule {
        Base64 | Size | Root => "Copy the whole value of the field SAMLResponse, and nothing else.",
        XmlEncoding | XmlVersion | XmlDoctype | XmlInstruction | XmlDepth | XmlLimit
        | XmlWellFormed | NamespaceAbsolute | CommentInText | IdPollution | IdMissing
        | IdDuplicate | AssertionNested | SignaturePosition | SignatureMultiple
        | SignatureComment | SignatureChildren | ReferenceCount | ReferenceUri | Transforms
        | EmptyDigest | Digest => {
            "If this came from your identity provider, something on the way changed it, or its signing settings are \
             unusual: show your administrator the rule named here. Otherwise somebody else posted it: sign in again."
        }
        Version => "Set the application to SAML 2.0 at the identity provider.",
        AssertionCount => {
            "Set the identity provider to send one assertion; a failed sign-in sends none, so try to sign in again first."
        }
        SignatureNone => {
            "Ask your identity provider's administrator to sign the response, the assertion or both."
        }
        SignatureCanonicalization => {
            "Ask your identity provider's administrator for exclusive canonicalization (xml-exc-c14n)."
        }
        SignatureAlgorithm | DigestAlgorithm | SignatureKey => {
            "Ask your identity provider's administrator for RSA-SHA256 with a 2048-bit key or better. Until then \
             --allow-legacy-algorithms accepts SHA-1 and RSA-1024, at your own risk."
        }
        SignatureOrder | SignatureValue | KeyInfo | KeyKnown | CertificateDates => {
            "If your identity provider has changed its key, fetch its metadata again for --idp-metadata; otherwise \
             this came from somebody else."
        }
        IssueInstantFar
        | ConfirmationNotOnOrAfter
        | NotOnOrAfter
        | ConfirmationNotBefore
        | NotBefore => {
            "Sign in again. If it happens every time, set this machine's clock right, or allow for the difference \
             with --clock-skew."
        }
        Status => {
            "Sign in again; if it stays, ask your administrator whether you are assigned to the application."
        }
        Destination | ConfirmationRecipient => {
            "Have exactly the expected address registered as ACS URL (reply URL) at the identity provider, or give the \
             registered one: the platform's with --acs-url, a loopback address with --listen."
        }
        InResponseTo | ConfirmationInResponseTo => {
            "Start from the identity provider's own link (IdP-initiated) with --idp-url, not from a page of Anypoint \
             Platform, which cannot exchange such a response. Some identity providers fill it in on their own: that \
             setting must be off."
        }
        Issuer | IssuerFormat => {
            "Compare the issuer, letter for letter, with the one configured at Anypoint Platform, and give it with \
             --issuer. Where nothing names one, an earlier login has learned it, which \
             anyp-saml logout --identity-provider forgets."
        }
        Encrypted => {
            "Ask for an assertion that is not encrypted, or go on: the platform can read it."
        }
        NameId => "Ask your identity provider's administrator to send a NameID.",
        User => {
            "Sign out at the identity provider and in again as the expected user, or change --expect-user."
        }
        ConfirmationNone | ConfirmationMethod | ConfirmationData | ConfirmationAddress
        | IssueInstant | Conditions | ConditionUnknown | OneTimeUse | ProxyRestriction
        | AuthnStatement => {
            "Show your identity provider's administrator the rule named here: this is no response of the Web Browser \
             SSO profile."
        }
        Audience => {
            "Compare --audience with the audience configured at the identity provider and at Anypoint Platform: they \
             must be the same, letter for letter."
        }
        SessionNotOnOrAfter => "Sign out at the identity provider and in again.",
    }
}
