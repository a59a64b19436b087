//! The assertion consumer service (SAML Profiles 4.1): the loopback listener that a response is posted to.
