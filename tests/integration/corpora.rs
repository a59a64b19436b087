//! Responses of others, from two corpora outside the repository: `ANYP_SAML_VECTORS` (297 attacks and real responses
//! with their verdicts) and `ANYP_SAML_SAMPLES` (responses of identity providers that run today). Most of what is in
//! them belongs to others, so they are named by environment variables and never copied.

use super::attacks::{Outcomes, judge, posted, read, rules};
use super::support::skip::skipped;
use anyp_saml::saml::{Expected, Rule, Trust, Verdict, metadata};
use anyp_saml::time::{SignedDuration, Timestamp};
use anyp_saml::xmldsig::TrustedKey;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A corpus, or `None` where this machine has none; the CI must have it.
fn corpus(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable);
    if path.is_none() {
        skipped(&format!("{variable} is not set"));
    }
    path.map(PathBuf::from)
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&read(path)).unwrap()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {value}"))
}

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

fn keys(certificate: &Path) -> Vec<TrustedKey> {
    TrustedKey::from_pem(&read(certificate))
        .unwrap_or_else(|error| panic!("{}: {error}", certificate.display()))
}

#[test]
fn every_vector_comes_to_its_verdict_for_its_reason() {
    let Some(corpus) = corpus("ANYP_SAML_VECTORS") else {
        return;
    };
    let manifest = json(&corpus.join("manifest.json"));
    let vectors = manifest["vectors"].as_array().unwrap();
    let mut wrong = Vec::new();
    for vector in vectors {
        for legacy in [false, true] {
            if let Err(difference) = hold_vector(&corpus, vector, legacy) {
                wrong.push(format!(
                    "{} (legacy: {legacy}): {difference}",
                    text(vector, "id")
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        vectors.len(),
        wrong.join("\n")
    );
    assert_eq!(vectors.len(), 297);
}

/// With any one rule taken out of the list some vector would be accepted, so no rule is there for nothing.
#[test]
fn every_rule_alone_keeps_some_vector_out() {
    let Some(corpus) = corpus("ANYP_SAML_VECTORS") else {
        return;
    };
    let manifest = json(&corpus.join("manifest.json"));
    let mut needed: BTreeSet<&str> = rules().into_iter().map(Rule::code).collect();
    for code in ONLY_WARN.iter().chain(&ELSEWHERE) {
        assert!(needed.remove(code), "{code}");
    }
    for vector in manifest["vectors"].as_array().unwrap() {
        if let [alone] = outcomes(&corpus, vector, false).refusals.as_slice() {
            needed.remove(alone);
        }
    }
    assert!(needed.is_empty(), "no vector needs {needed:?}");
}

/// Rules that refuse nothing.
const ONLY_WARN: [&str; 10] = [
    "CERT-DATES",
    "ENC-SKIPPED",
    "ISSUEINSTANT-FAR",
    "ISSUER-FORMAT",
    "KEY-KNOWN",
    "ONE-TIME-USE",
    "PROXY-RESTRICTION",
    "SC-ADDRESS",
    "SIG-KEYINFO",
    "SIG-ORDER",
];

/// Rules that no vector breaks alone. `attacks.rs` has a signed response that each of them alone refuses, but for the
/// last three: the first two are the parser's, and two signatures in one element are refused by `xmldsig` as well.
const ELSEWHERE: [&str; 14] = [
    "ASSERT-NESTED",
    "CONDITION-UNKNOWN",
    "ID-DUP",
    "ID-POLLUTION",
    "NAMEID",
    "SC-METHOD",
    "SC-NB",
    "SESSION-NOA",
    "SIG-COMMENT",
    "SIG-POSITION",
    "USER",
    "XML-LIMIT",
    "XML-VERSION",
    "SIG-MULTI",
];

/// What a vector comes to with or without legacy algorithms.
fn outcomes(corpus: &Path, vector: &Value, legacy: bool) -> Outcomes {
    let parameters = &vector["params"];
    let trust = Trust {
        keys: texts(&vector["certs"])
            .iter()
            .flat_map(|certificate| keys(&corpus.join(certificate)))
            .collect(),
        learn: false,
        allow_legacy_algorithms: legacy,
    };
    let expected = Expected {
        issuer: Some(text(parameters, "issuer").to_owned()),
        audience: Some(text(parameters, "audience").to_owned()),
        recipient: Some(text(parameters, "acs").to_owned()),
        user: None,
        clock_skew: SignedDuration::from_secs(parameters["skew_seconds"].as_i64().unwrap()),
    };
    let now = text(parameters, "at").parse().unwrap();
    // The responses of others answer requests; that is not what they are here for.
    let ignored: &[Rule] = match text(parameters, "in_response_to") {
        "ignored" => &[Rule::InResponseTo, Rule::ConfirmationInResponseTo],
        _ => &[],
    };
    let bytes = read(&corpus.join(text(vector, "file")));
    let posted = posted(&bytes, text(vector, "encoding") == "base64");
    judge(posted, &trust, &expected, now, ignored)
}

fn hold_vector(corpus: &Path, vector: &Value, legacy: bool) -> Result<(), String> {
    let found = outcomes(corpus, vector, legacy);
    let layer = if legacy { "allow_legacy" } else { "default" };
    let expect = &vector["expect"];
    let wanted = text(expect, &format!("overall_{layer}"));
    let warnings = texts(&expect["warnings"]);
    let verdict = match wanted {
        "accept" if warnings.contains(&"ENC-SKIPPED") => Verdict::Unverified,
        "accept" => Verdict::Accepted,
        "warn-unverified" => Verdict::Unverified,
        "reject" => Verdict::Refused,
        other => panic!("{other}"),
    };
    let mut reasons = texts(&expect["signature_layer"][format!("codes_{layer}")]);
    reasons.extend(texts(&expect["rules"]["codes"]));
    if found.verdict != verdict {
        return Err(format!(
            "{:?}, not {wanted}; {:?} instead of {reasons:?}",
            found.verdict, found.refusals
        ));
    }
    if verdict == Verdict::Refused {
        let first = found.refusals[0];
        if !reasons.contains(&first) {
            return Err(format!("{:?} instead of {reasons:?}", found.refusals));
        }
        return Ok(());
    }
    let untold = warnings
        .iter()
        .find(|warning| !found.warnings.contains(&code_of_warning(warning)));
    match untold {
        Some(warning) => Err(format!("no warning {warning} among {:?}", found.warnings)),
        None => Ok(()),
    }
}

/// One warning of the manifest has words instead of a code.
fn code_of_warning(warning: &str) -> &str {
    match warning {
        "certificate expired" => Rule::CertificateDates.code(),
        code => code,
    }
}

#[test]
fn every_sample_of_a_running_identity_provider_comes_to_what_its_index_says() {
    let Some(corpus) = corpus("ANYP_SAML_SAMPLES") else {
        return;
    };
    let index = json(&corpus.join("index.json"));
    let samples = index.as_array().unwrap();
    for sample in samples {
        for legacy in [false, true] {
            hold_sample(&corpus, sample, legacy);
        }
    }
    assert_eq!(samples.len(), 29);
}

fn hold_sample(corpus: &Path, sample: &Value, legacy: bool) {
    let file = corpus.join(text(sample, "file"));
    let now: Timestamp = text(sample, "issued").parse().unwrap();
    let provider = metadata::parse(&read(&file.with_file_name("metadata.xml")), None, now).unwrap();
    let certificates = keys(&corpus.join(text(sample, "certificate")));
    assert_eq!(
        provider.keys,
        certificates,
        "metadata and certificate of {}",
        file.display()
    );
    assert_eq!(provider.entity_id, text(sample, "issuer"));

    let expected = Expected {
        issuer: Some(provider.entity_id),
        audience: sample["audience"].as_str().map(str::to_owned),
        recipient: Some(text(sample, "destination").to_owned()),
        user: None,
        clock_skew: Expected::CLOCK_SKEW,
    };
    let trust = Trust {
        keys: provider.keys,
        learn: false,
        allow_legacy_algorithms: legacy,
    };
    let found = judge(posted(&read(&file), false), &trust, &expected, now, &[]);
    let encrypted = sample["encrypted"].as_bool().unwrap();
    let is_legacy = sample["signature"].as_str() == Some("rsa-sha1");
    let (verdict, refusal) = match text(sample, "expect") {
        "signature valid" if is_legacy && !legacy => (Verdict::Refused, Some("SIG-ALG")),
        "signature valid" if encrypted => (Verdict::Unverified, None),
        "signature valid" => (Verdict::Accepted, None),
        "signature valid; refuse: InResponseTo is not empty" => (Verdict::Refused, Some("IRT")),
        "refuse: unsigned" => (Verdict::Refused, Some("SIG-NONE")),
        "refuse: response signature does not verify (signed before encryption)" => {
            (Verdict::Refused, Some("SIG-DIGEST"))
        }
        "not checkable: encrypted and unsigned outside" => (Verdict::Unverified, None),
        other => panic!("{other}"),
    };
    let first = found.refusals.first().copied();
    assert_eq!(
        (found.verdict, first),
        (verdict, refusal),
        "{}",
        file.display()
    );
}
