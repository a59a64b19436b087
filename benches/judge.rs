//! What the checks cost: responses judged per second, how that grows with their size, and how much of it is the RSA
//! verification that nobody can do without.
//!
//! `cargo bench --bench judge` prints it; nothing is asserted, since machines differ.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use anyp_saml::demo::identity_provider::{IdentityProvider, IdpSettings};
use anyp_saml::demo::response::ResponseOptions;
use anyp_saml::saml::{Expected, PostedResponse, Trust, validate};
use anyp_saml::time::{self, Timestamp};
use anyp_saml::xmldsig::TrustedKey;
use std::hint::black_box;
use std::time::{Duration, Instant};

const ACS: &str = "http://127.0.0.1:49321/acs";

fn main() {
    // As Microsoft Entra ID sends one for a user in many groups.
    let xml = std::fs::read_to_string("tests/fixtures/entra.xml").unwrap();
    let pem = std::fs::read("tests/fixtures/entra.pem").unwrap();
    let keys = TrustedKey::from_pem(&pem).unwrap();
    let now = "2026-01-15T12:00:00Z".parse().unwrap();
    let whole = judged(xml.as_bytes(), &keys, None, now);
    let rsa = rsa(&pem);
    println!(
        "RSA-2048, {} bytes: {:.0} a second, {whole:?} each, of which RSA {rsa:?} ({:.0} %)",
        xml.len(),
        1.0 / whole.as_secs_f64(),
        100.0 * rsa.as_secs_f64() / whole.as_secs_f64(),
    );

    let provider = IdentityProvider::start(IdpSettings::posting_to(ACS)).unwrap();
    let keys = [TrustedKey::from_certificate_der(provider.certificate_der()).unwrap()];
    for kibibytes in [10, 30, 100, 300, 1020] {
        // What makes real responses large is groups; one takes 189 bytes here.
        let groups = (0..kibibytes * 1024 / 189 - 18)
            .map(|group| ("group".to_owned(), format!("{group:0100}")));
        let options = ResponseOptions {
            attributes: groups.collect(),
            ..ResponseOptions::default()
        };
        let xml = provider.issue(&options).unwrap();
        let each = judged(xml.as_bytes(), &keys, Some(provider.issuer()), time::now());
        let per_kilobyte = each / u32::try_from(xml.len() / 1000).unwrap();
        println!(
            "P-256, {} bytes: {each:?} each, {per_kilobyte:?} for a kilobyte",
            xml.len()
        );
    }
}

/// The time that one judgement takes: the best of five rounds.
fn judged(xml: &[u8], keys: &[TrustedKey], issuer: Option<&str>, now: Timestamp) -> Duration {
    let posted = PostedResponse::recognise(xml).unwrap();
    let trust = Trust {
        keys: keys.to_vec(),
        ..Trust::default()
    };
    let expected = Expected {
        issuer: issuer.map(str::to_owned),
        audience: None,
        recipient: Some(ACS.to_owned()),
        user: None,
        clock_skew: Expected::CLOCK_SKEW,
    };
    best(|| {
        let valid = validate(black_box(&posted), &trust, &expected, now);
        black_box(valid.unwrap());
    })
}

/// The time of one RSA verification, by the crate that does it. That of a signature that does not hold is the same.
fn rsa(pem: &[u8]) -> Duration {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use x509_cert::der::Decode;
    let text = String::from_utf8_lossy(pem);
    let lines = text.lines().filter(|line| !line.starts_with('-'));
    let der = anyp_saml::encoding::decode_base64(&lines.collect::<String>()).unwrap();
    let certificate = x509_cert::Certificate::from_der(&der).unwrap();
    let info = certificate.tbs_certificate().subject_public_key_info();
    let key = info.subject_public_key.as_bytes().unwrap().to_vec();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
    best(|| {
        black_box(key.verify(b"message", black_box(&[1; 256]))).unwrap_err();
    })
}

fn best(mut run: impl FnMut()) -> Duration {
    let mut round = || {
        let (start, mut count) = (Instant::now(), 0);
        while count == 0 || start.elapsed() < Duration::from_millis(300) {
            run();
            count += 1;
        }
        start.elapsed() / count
    };
    (0..5).map(|_| round()).min().unwrap()
}
