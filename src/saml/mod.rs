//! SAML 2.0 responses: decoding, and the rules of an unsolicited response.
