//! What a browser posts: any body, held against the rules for requests.
#![no_main]

use anyp_saml::acs::request::{RelayState, Rules, check};
use anyp_saml::address::LoopbackAddress;
use anyp_saml::loopback::Request;
use libfuzzer_sys::fuzz_target;
use std::net::SocketAddr;

fuzz_target!(|body: &[u8]| {
    let address = LoopbackAddress::parse("http://127.0.0.1:35417/saml/acs").unwrap();
    let rules = Rules::new(&address, Vec::new(), RelayState::Off);
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let request = Request {
        method: "POST".into(),
        target: "/saml/acs".into(),
        headers: vec![
            field("Host", "127.0.0.1:35417"),
            field("Content-Type", "application/x-www-form-urlencoded"),
        ],
        body: body.to_vec().into(),
        peer,
        local: peer,
    };
    match check(&request, &rules) {
        // One line of base64 alone, which is what goes on to the platform.
        Ok(posted) => assert!(
            posted
                .base64()
                .bytes()
                .all(|byte| { byte.is_ascii_alphanumeric() || b"+/=".contains(&byte) })
        ),
        Err(error) => assert!(!error.to_string().chars().any(char::is_control)),
    }
});
