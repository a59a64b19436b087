//! The list of checks, and what it is held against.
//!
//! There is one list, in three parts. Each part may look only at what the part before it has made sure of:
//! [`STRUCTURE`] at a parsed document, the signature rules at elements whose place is certain, [`RULES`] at what a
//! signature covers. [`validate`] stops at a part in which a check failed; [`inspect`] goes on to the end.

use super::binding::PostedResponse;
use super::case::{Case, Reading};
use super::error::Refused;
use super::report::{Check, Finding, Outcome, Report, SigningKey, Verdict};
use super::rule::Rule;
use super::signature::{self, Signatures};
use super::structure::{self, Structure};
use super::{conditions, message, subject};
use crate::time::{SignedDuration, Timestamp};
use crate::xml::{self, Limits, XmlError};
use crate::xmldsig::TrustedKey;

type StructureCheck = fn(&Structure<'_>) -> Finding;
type CaseCheck = fn(&Case<'_>) -> Finding;

/// Which element is which. Nothing is believed yet, and no key is used.
const STRUCTURE: &[(Rule, StructureCheck)] = &[
    // One response, of this version of SAML.
    (Rule::Root, structure::root),
    (Rule::Version, structure::version),
    // A name for everything that is signed, which only one element has.
    (Rule::IdPollution, structure::id_pollution),
    (Rule::IdMissing, structure::id_missing),
    (Rule::IdDuplicate, structure::id_duplicate),
    // One reading of every text, and one assertion.
    (Rule::CommentInText, structure::comment_in_text),
    (Rule::AssertionNested, structure::assertion_nested),
    (Rule::AssertionCount, structure::assertion_count),
    // A signature, where its place says what it signs.
    (Rule::SignaturePosition, structure::signature_position),
    (Rule::SignatureMultiple, structure::signature_multiple),
    (Rule::SignatureNone, structure::signature_none),
    (Rule::SignatureOrder, structure::signature_order),
];

/// What the response says. In [`validate`] all of the assertion that these see was signed: with a known key, or, where
/// one may be learned ([`Trust::learn`]), with the one that came along.
const RULES: &[(Rule, CaseCheck)] = &[
    // The message: fresh, a success, for us, asked for by nobody, from the identity provider.
    (Rule::IssueInstant, message::issue_instant),
    (Rule::IssueInstantFar, message::issue_instant_far),
    (Rule::Status, message::status),
    (Rule::Destination, message::destination),
    (Rule::InResponseTo, message::in_response_to),
    (Rule::Issuer, message::issuer),
    (Rule::IssuerFormat, message::issuer_format),
    // The user.
    (Rule::Encrypted, subject::encrypted),
    (Rule::NameId, subject::name_id),
    (Rule::User, subject::user),
    // One confirmation that lets its bearer use the assertion, here and now.
    (Rule::ConfirmationNone, subject::confirmation_none),
    (Rule::ConfirmationMethod, subject::confirmation_method),
    (Rule::ConfirmationData, subject::confirmation_data),
    (Rule::ConfirmationRecipient, subject::confirmation_recipient),
    (Rule::ConfirmationNotOnOrAfter, subject::confirmation_end),
    (Rule::ConfirmationNotBefore, subject::confirmation_start),
    (
        Rule::ConfirmationInResponseTo,
        subject::confirmation_request,
    ),
    (Rule::ConfirmationAddress, subject::confirmation_address),
    // When and for whom the assertion holds.
    (Rule::Conditions, conditions::conditions),
    (Rule::NotBefore, conditions::not_before),
    (Rule::NotOnOrAfter, conditions::not_on_or_after),
    (Rule::Audience, conditions::audience),
    (Rule::ConditionUnknown, conditions::condition_unknown),
    (Rule::OneTimeUse, conditions::one_time_use),
    (Rule::ProxyRestriction, conditions::proxy_restriction),
    // How the user signed in, and how long the session lasts.
    (Rule::AuthnStatement, conditions::authn_statement),
    (Rule::SessionNotOnOrAfter, conditions::session_end),
];

/// Whose signatures count. Without a key every signature is a stranger's.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// The identity provider's keys, from its metadata, given by hand, or learned in an earlier login.
    pub keys: Vec<TrustedKey>,
    /// Whether a signature that none of the keys made may be held against the certificate that came along in it. That
    /// shows whole what was signed and nothing of who signed it: such a response is [`Verdict::Unverified`], and its key
    /// is to be believed only when somebody else vouches for it.
    pub learn: bool,
    /// Whether SHA-1 and RSA below 2048 bits are taken as well; each use is a warning.
    pub allow_legacy_algorithms: bool,
}

/// What the configuration expects of a response. Every text is compared letter for letter (Core 1.3.1).
#[derive(Clone, Debug)]
pub struct Expected {
    /// The identity provider's entity id. `None`: not known; any is taken as long as response and assertion agree.
    pub issuer: Option<String>,
    /// The audience configured at the platform. `None`: not known; what is found is shown.
    pub audience: Option<String>,
    /// The address that the response was posted to: `Destination` and `Recipient` must be it. `None`: not known, as for
    /// a response that somebody looks at later; what is found is shown.
    pub recipient: Option<String>,
    /// The user (NameID) that this login is for. `None`: any. An encrypted user cannot be compared here: a warning
    /// says so, and the platform's answer is what to compare.
    pub user: Option<String>,
    /// How far the two clocks may be apart: 0 to 10 minutes, usually [`Expected::CLOCK_SKEW`].
    pub clock_skew: SignedDuration,
}

impl Expected {
    /// What other service providers allow: 3 minutes (E92 calls 3 to 5 minutes reasonable).
    pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(3);
}

/// A response that keeps every rule that can be checked here. Only [`validate`] makes one.
#[derive(Clone, Debug)]
pub struct ValidResponse {
    posted: PostedResponse,
    report: Report,
    assertion_id: Option<String>,
}

impl ValidResponse {
    /// The response as it was posted, for the exchange.
    pub fn posted(&self) -> &PostedResponse {
        &self.posted
    }

    /// The user (NameID), as the signature covers it; `None` when it is encrypted or absent. Shown only through
    /// [`crate::foreign`].
    pub fn subject(&self) -> Option<&str> {
        self.report.subject.as_deref()
    }

    /// The user as something to know again: the NameID, unless it says of itself that it is another one each time.
    pub fn lasting_subject(&self) -> Option<&str> {
        const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
        let lasts = self.report.subject_format.as_deref() != Some(TRANSIENT);
        self.subject().filter(|_| lasts)
    }

    /// The key that signed the response, where one did; known, or one that came along with it.
    pub fn key(&self) -> Option<&SigningKey> {
        self.report.key.as_ref()
    }

    /// The identity provider's entity id, as written. Shown only through [`crate::foreign`].
    pub fn issuer(&self) -> Option<&str> {
        self.report.issuer.as_deref()
    }

    /// Everything that was checked.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// [`Verdict::Accepted`], or [`Verdict::Unverified`] when the assertion is encrypted or its key is not known yet.
    pub fn verdict(&self) -> Verdict {
        self.report.verdict
    }

    /// The earliest end of the user's session that the identity provider sets (Core 2.7.2), where it sets one.
    pub fn session_not_on_or_after(&self) -> Option<Timestamp> {
        self.report.session_not_on_or_after
    }

    /// The ID of the assertion, to tell one that comes a second time (Profiles 4.1.4.5); `None` when it is encrypted.
    pub fn assertion_id(&self) -> Option<&str> {
        self.assertion_id.as_deref()
    }

    /// What a person should be told though it refuses nothing.
    pub fn warnings(&self) -> impl Iterator<Item = &Check> {
        self.report.warnings()
    }
}

/// Holds a response against the list of checks. The first that fails refuses it; the rest of its part is still looked
/// at, so that a person learns at once of everything that is wrong, and no later part is.
///
/// # Errors
/// [`Refused`] says which rule does not hold, and whether the response is signed all the same: then it is the user's
/// own.
pub fn validate(
    posted: &PostedResponse,
    trust: &Trust,
    expected: &Expected,
    now: Timestamp,
) -> Result<ValidResponse, Box<Refused>> {
    let (report, reading) = examine(posted, trust, expected, now, Until::Refusal);
    match report.refusal() {
        Some(refusal) => Err(Box::new(Refused {
            rule: refusal.rule,
            found: refusal.found.clone(),
            expected: refusal.expected.clone(),
            authenticated: report.signed,
            report,
        })),
        None => Ok(ValidResponse {
            posted: posted.clone(),
            assertion_id: reading
                .assertion()
                .and_then(|assertion| assertion.id.clone()),
            report,
        }),
    }
}

/// Holds a response against the same list of checks and shows all of them, whatever comes of them. What a response
/// says of itself is shown even where nobody signed it.
pub fn inspect(
    posted: &PostedResponse,
    trust: &Trust,
    expected: &Expected,
    now: Timestamp,
) -> Report {
    examine(posted, trust, expected, now, Until::TheEnd).0
}

/// The story that [`validate`] and [`inspect`] share.
fn examine(
    posted: &PostedResponse,
    trust: &Trust,
    expected: &Expected,
    now: Timestamp,
    until: Until,
) -> (Report, Reading) {
    let mut list = Checklist {
        checks: Vec::new(),
        until,
    };

    // What was posted. A `PostedResponse` is the proof that it is base64 and of bounded size.
    list.hold(Rule::Base64, Finding::pass("base64"));
    list.hold(
        Rule::Size,
        Finding::pass(format!("{} bytes", posted.xml().len())),
    );
    let document = match xml::parse(posted.xml(), &Limits::RESPONSE) {
        Ok(document) => document,
        Err(error) => {
            list.hold_xml(Some(&error));
            return list.end(false, Reading::Nothing, Seen::default());
        }
    };
    list.hold_xml(None);

    // Which element is which.
    let structure = Structure::of(&document);
    for (rule, check) in STRUCTURE {
        list.hold(*rule, check(&structure));
    }
    if list.ends_here() {
        return list.end(false, Reading::Nothing, Seen::default());
    }

    // Every signature there is.
    let signatures = Signatures::verify(&structure, trust);
    for rule in signature::RULES {
        list.hold(rule, signatures.finding(rule, now));
    }
    if list.ends_here() {
        return list.end(false, Reading::Nothing, Seen::default());
    }
    let key = signatures.key();
    let signed = key.as_ref().is_some_and(|key| key.known) && !list.failed();

    // Only now is anything read that names a user, and from the very bytes that were digested.
    let covered = match signatures.covered() {
        Ok(covered) => covered,
        Err(error) => {
            list.hold_xml(Some(&error));
            return list.end(false, Reading::Nothing, Seen::default());
        }
    };
    let case = Case {
        response: covered.response(&structure),
        response_signed: structure.is_signed(),
        reading: covered.reading(&structure),
        expected,
        now,
    };
    for (rule, check) in RULES {
        list.hold(*rule, check(&case));
    }
    let seen = Seen {
        issuer: case.issuer().map(str::to_owned),
        key,
    };
    list.end(signed, case.reading, seen)
}

/// What was seen of a response besides its assertion.
#[derive(Default)]
struct Seen {
    issuer: Option<String>,
    key: Option<SigningKey>,
}

/// How far [`examine`] goes.
#[derive(Clone, Copy, PartialEq)]
enum Until {
    /// To the end of the part in which a check failed.
    Refusal,
    TheEnd,
}

/// The list as it is worked through.
struct Checklist {
    checks: Vec<Check>,
    until: Until,
}

impl Checklist {
    fn hold(&mut self, rule: Rule, finding: Finding) {
        self.checks.push(finding.under(rule));
    }

    /// The parser stops at the first rule that is broken: those before it in the list may be broken as well, behind
    /// that place, so nothing is said of them.
    fn hold_xml(&mut self, error: Option<&XmlError>) {
        const XML: [Rule; 8] = [
            Rule::XmlEncoding,
            Rule::XmlVersion,
            Rule::XmlDoctype,
            Rule::XmlInstruction,
            Rule::XmlDepth,
            Rule::XmlLimit,
            Rule::XmlWellFormed,
            Rule::NamespaceAbsolute,
        ];
        match error {
            None => XML
                .iter()
                .for_each(|rule| self.hold(*rule, Finding::pass(""))),
            Some(error) => {
                let broken = XML.iter().find(|rule| rule.code() == error.code());
                let rule = broken.copied().unwrap_or(Rule::XmlWellFormed);
                self.hold(rule, Finding::fail(error.to_string(), ""));
            }
        }
    }

    fn failed(&self) -> bool {
        self.checks
            .iter()
            .any(|check| check.outcome == Outcome::Fail)
    }

    fn ends_here(&self) -> bool {
        self.until == Until::Refusal && self.failed()
    }

    fn end(mut self, signed: bool, reading: Reading, seen: Seen) -> (Report, Reading) {
        let verdict = match reading {
            _ if self.failed() => Verdict::Refused,
            Reading::Signed(_) if signed => Verdict::Accepted,
            // With a key that nobody knows yet.
            Reading::Signed(_) => Verdict::Unverified,
            Reading::Encrypted => Verdict::Unverified,
            // The rules above leave no way to here. Should one of them be lost one day, this refuses all the same.
            Reading::Unsigned(_) | Reading::Nothing => {
                let finding = Finding::fail("an assertion that no signature covers", "");
                self.hold(Rule::SignatureNone, finding);
                Verdict::Refused
            }
        };
        let name_id = reading.name_id();
        let report = Report {
            checks: self.checks,
            verdict,
            signed,
            key: seen.key,
            issuer: seen.issuer,
            subject: name_id.map(|name_id| name_id.name.clone()),
            subject_format: name_id.and_then(|name_id| name_id.format.clone()),
            usable_until: reading.usable_until(),
            session_not_on_or_after: reading.session_not_on_or_after(),
            attributes: reading
                .assertion()
                .map(|assertion| assertion.attributes.clone())
                .unwrap_or_default(),
        };
        (report, reading)
    }
}
