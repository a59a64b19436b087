//! The HTTP client. Alone owns reqwest and rustls.
