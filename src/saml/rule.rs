//! The rules by name, each with its code and its section of the standard.

use std::fmt;

/// A rule for a SAML response that nobody asked for (IdP-initiated, HTTP POST binding).
///
/// The variants stand in the order in which the rules are checked. [`Rule::code`] is the rule's short name for people
/// and scripts, [`Rule::section`] says where the standard writes it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // Each variant is described by `Rule::says`, beside its section.
pub enum Rule {
    // The posted value.
    Base64,
    Size,
    // XML.
    XmlEncoding,
    XmlVersion,
    XmlDoctype,
    XmlInstruction,
    XmlDepth,
    XmlLimit,
    XmlWellFormed,
    NamespaceAbsolute,
    // The document.
    Root,
    Version,
    IdPollution,
    IdMissing,
    IdDuplicate,
    CommentInText,
    AssertionNested,
    AssertionCount,
    // The signatures.
    SignaturePosition,
    SignatureMultiple,
    SignatureNone,
    SignatureOrder,
    SignatureComment,
    SignatureChildren,
    SignatureCanonicalization,
    SignatureAlgorithm,
    ReferenceCount,
    ReferenceUri,
    Transforms,
    DigestAlgorithm,
    EmptyDigest,
    Digest,
    KeyInfo,
    SignatureKey,
    SignatureValue,
    KeyKnown,
    CertificateDates,
    // The response.
    IssueInstant,
    IssueInstantFar,
    Status,
    Destination,
    InResponseTo,
    Issuer,
    IssuerFormat,
    // The assertion.
    Encrypted,
    NameId,
    User,
    ConfirmationNone,
    ConfirmationMethod,
    ConfirmationData,
    ConfirmationRecipient,
    ConfirmationNotOnOrAfter,
    ConfirmationNotBefore,
    ConfirmationInResponseTo,
    ConfirmationAddress,
    Conditions,
    NotBefore,
    NotOnOrAfter,
    Audience,
    ConditionUnknown,
    OneTimeUse,
    ProxyRestriction,
    AuthnStatement,
    SessionNotOnOrAfter,
}

impl Rule {
    /// The short name, such as `SIG-DIGEST`.
    pub fn code(self) -> &'static str {
        self.facts().0
    }

    /// Where the rule is written. Core, Profiles and Bindings are the SAML 2.0 documents of 2005-03-15, E numbers their
    /// approved errata; "our rule" is stricter than the standard asks for, so that a response has one meaning only.
    pub fn section(self) -> &'static str {
        self.facts().1
    }

    /// What the rule demands, as a phrase.
    pub fn says(self) -> &'static str {
        self.facts().2
    }

    fn facts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Base64 => ("DEC-B64", "Bindings 3.5.4", "base64, and nothing but"),
            Self::Size => ("DEC-SIZE", "our rule", "at most 1 MiB"),

            Self::XmlEncoding => ("XML-ENCODING", "our rule; XML 1.0 4.3.3", "UTF-8"),
            Self::XmlVersion => ("XML-VERSION", "our rule; XML 1.0 2.8", "XML 1.0"),
            Self::XmlDoctype => (
                "XML-DOCTYPE",
                "our rule; XML 1.0 2.8",
                "no document type declaration, so no entities",
            ),
            Self::XmlInstruction => (
                "XML-PI",
                "our rule; XML 1.0 2.6",
                "no processing instructions",
            ),
            Self::XmlDepth => ("XML-DEPTH", "our rule", "elements nested within bounds"),
            Self::XmlLimit => (
                "XML-LIMIT",
                "our rule",
                "elements, attributes and namespaces within bounds",
            ),
            Self::XmlWellFormed => ("XML-WF", "XML 1.0 2.1, Namespaces 7", "well-formed XML"),
            Self::NamespaceAbsolute => (
                "NS-RELATIVE",
                "Canonical XML 1.0 1.3",
                "namespace names are absolute URIs",
            ),

            Self::Root => ("ROOT", "Core 3.3.3, Bindings 3.5", "a samlp:Response"),
            Self::Version => (
                "VERSION",
                "Core 3.2.2, 2.3.3",
                "Version 2.0 of response and assertion",
            ),
            Self::IdPollution => (
                "ID-POLLUTION",
                "our rule; Core 1.3.4",
                "identifiers are in ID attributes alone",
            ),
            Self::IdMissing => (
                "ID-MISSING",
                "Core 1.3.4, 3.2.2, 2.3.3",
                "response and assertion have an ID",
            ),
            Self::IdDuplicate => ("ID-DUP", "Core 1.3.4", "no ID twice"),
            Self::CommentInText => (
                "XML-COMMENT",
                "our rule; Core 1.3.1",
                "no comment inside a text",
            ),
            Self::AssertionNested => (
                "ASSERT-NESTED",
                "our rule; Core 3.3.3, 2.6.1",
                "assertions only right below the one response",
            ),
            Self::AssertionCount => (
                "ASSERT-COUNT",
                "our rule; Profiles 4.1.4.2",
                "exactly one assertion",
            ),

            Self::SignaturePosition => (
                "SIG-POSITION",
                "Core 5.4.1",
                "signatures only right below what they sign",
            ),
            Self::SignatureMultiple => ("SIG-MULTI", "Core 5.4.1", "one signature per element"),
            Self::SignatureNone => (
                "SIG-NONE",
                "Profiles 4.1.4.5, 4.1.3.5",
                "response or assertion is signed",
            ),
            Self::SignatureOrder => (
                "SIG-ORDER",
                "Core 3.2.2, 2.3.3 (schema)",
                "the signature follows the issuer",
            ),
            Self::SignatureComment => (
                "SIG-COMMENT",
                "our rule; Core 5.4.2",
                "no comment inside a signature",
            ),
            Self::SignatureChildren => (
                "SIG-CHILDREN",
                "Core 5.4.2, E91",
                "SignedInfo, SignatureValue, perhaps KeyInfo, and no more",
            ),
            Self::SignatureCanonicalization => (
                "SIG-C14N",
                "Core 5.4.3",
                "exclusive canonicalization of SignedInfo",
            ),
            Self::SignatureAlgorithm => (
                "SIG-ALG",
                "our rule; Core 5.4",
                "a signature algorithm that is known and strong",
            ),
            Self::ReferenceCount => ("SIG-REF-COUNT", "Core 5.4.2", "one Reference per signature"),
            Self::ReferenceUri => (
                "SIG-REF-URI",
                "Core 5.4.2",
                "the Reference names the ID of the signature's parent",
            ),
            Self::Transforms => (
                "SIG-TRANSFORM",
                "Core 5.4.4",
                "transforms: enveloped signature, exclusive canonicalization",
            ),
            Self::DigestAlgorithm => (
                "SIG-DIGEST-ALG",
                "our rule; Core 5.4",
                "a digest algorithm that is known and strong",
            ),
            Self::EmptyDigest => (
                "SIG-EMPTY-DIGEST",
                "our rule",
                "the digest is not that of nothing",
            ),
            Self::Digest => (
                "SIG-DIGEST",
                "Core 5.4, XML Signature 3.2.1",
                "what was signed is unchanged",
            ),
            Self::KeyInfo => (
                "SIG-KEYINFO",
                "Core 5.4.5",
                "the certificate sent along is a known one (never trusted for it)",
            ),
            Self::SignatureKey => (
                "SIG-KEY",
                "our rule; Core 5.4",
                "a key of a known kind, RSA of at least 2048 bits",
            ),
            Self::SignatureValue => (
                "SIG-VALUE",
                "Core 5.4, Profiles 4.1.4.3",
                "signed with a key of the identity provider",
            ),
            Self::KeyKnown => (
                "KEY-KNOWN",
                "our rule",
                "the key is known: from metadata, a certificate given by hand, or an earlier login",
            ),
            Self::CertificateDates => (
                "CERT-DATES",
                "our rule",
                "the certificate's dates include today (the key counts, not the dates)",
            ),

            Self::IssueInstant => (
                "ISSUEINSTANT",
                "Core 1.3.3, 3.2.2, 2.3.3",
                "a readable IssueInstant in response and assertion",
            ),
            Self::IssueInstantFar => (
                "ISSUEINSTANT-FAR",
                "our rule",
                "issued within 10 minutes of now",
            ),
            Self::Status => (
                "STATUS",
                "Core 3.2.2.1, 3.2.2.2, Profiles 4.1.4.3",
                "one StatusCode, and it is Success",
            ),
            Self::Destination => (
                "DESTINATION",
                "Core 3.2.2, Bindings 3.5.5.2",
                "Destination is where the response was posted to",
            ),
            Self::InResponseTo => (
                "IRT",
                "Profiles 4.1.5",
                "no InResponseTo: the response answers no request",
            ),
            Self::Issuer => (
                "ISSUER",
                "Core 2.2.5, 2.3.3, Profiles 4.1.4.2",
                "Issuer is the identity provider",
            ),
            Self::IssuerFormat => (
                "ISSUER-FORMAT",
                "Profiles 4.1.4.2",
                "Issuer has the format of an entity",
            ),

            Self::Encrypted => (
                "ENC-SKIPPED",
                "Core 2.3.4, 6",
                "the assertion can be read here",
            ),
            Self::NameId => (
                "NAMEID",
                "Core 2.2.3, 2.4.1",
                "the Subject has one NameID that is not empty",
            ),
            Self::User => ("USER", "our rule", "the user is the expected one"),
            Self::ConfirmationNone => (
                "SC-NONE",
                "Core 2.4.1, Profiles 4.1.4.2",
                "the Subject has a SubjectConfirmation",
            ),
            Self::ConfirmationMethod => (
                "SC-METHOD",
                "Profiles 4.1.4.2",
                "a SubjectConfirmation is of the bearer method",
            ),
            Self::ConfirmationData => (
                "SC-DATA",
                "Core 2.4.1.1, 2.4.1.2, Profiles 4.1.4.2",
                "it has one SubjectConfirmationData",
            ),
            Self::ConfirmationRecipient => (
                "SC-RECIPIENT",
                "Profiles 4.1.4.2, 4.1.4.3",
                "Recipient is where the response was posted to",
            ),
            Self::ConfirmationNotOnOrAfter => (
                "SC-NOA",
                "Profiles 4.1.4.2, 4.1.4.3",
                "it may still be delivered (NotOnOrAfter)",
            ),
            Self::ConfirmationNotBefore => ("SC-NB", "Profiles 4.1.4.2", "it has no NotBefore"),
            Self::ConfirmationInResponseTo => {
                ("SC-IRT", "Profiles 4.1.5", "it has no InResponseTo")
            }
            Self::ConfirmationAddress => (
                "SC-ADDRESS",
                "Profiles 4.1.4.3",
                "Address is the browser's (may be checked)",
            ),
            Self::Conditions => (
                "CONDITIONS",
                "Core 2.5.1, Profiles 4.1.4.2",
                "the assertion has one Conditions",
            ),
            Self::NotBefore => ("TIME-NB", "Core 2.5.1.2", "NotBefore has come"),
            Self::NotOnOrAfter => ("TIME-NOA", "Core 2.5.1.2", "NotOnOrAfter has not come"),
            Self::Audience => (
                "AUDIENCE",
                "Core 2.5.1.4, Profiles 4.1.4.2",
                "every AudienceRestriction names the audience",
            ),
            Self::ConditionUnknown => (
                "CONDITION-UNKNOWN",
                "Core 2.5.1.1",
                "every condition is a known one",
            ),
            Self::OneTimeUse => (
                "ONE-TIME-USE",
                "Core 2.5.1.5",
                "used once, and no copy is kept",
            ),
            Self::ProxyRestriction => (
                "PROXY-RESTRICTION",
                "Core 2.5.1.6",
                "no assertion is issued on the strength of this one",
            ),
            Self::AuthnStatement => (
                "AUTHN",
                "Core 2.7.2, Profiles 4.1.4.2",
                "an AuthnStatement with an AuthnContext",
            ),
            Self::SessionNotOnOrAfter => (
                "SESSION-NOA",
                "Core 2.7.2, Profiles 4.1.4.3",
                "the session has not ended (SessionNotOnOrAfter)",
            ),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_says_its_name_its_section_and_what_it_demands() {
        assert_eq!(Rule::ConditionUnknown.code(), "CONDITION-UNKNOWN");
        assert_eq!(Rule::ConditionUnknown.section(), "Core 2.5.1.1");
        assert_eq!(
            Rule::ConditionUnknown.says(),
            "every condition is a known one"
        );
        assert_eq!(Rule::ConditionUnknown.to_string(), "CONDITION-UNKNOWN");
    }
}
