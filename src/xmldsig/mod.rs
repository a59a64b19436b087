//! XML signatures (XML-DSig) as SAML allows them, verified with keys that are known beforehand.

pub mod c14n;
