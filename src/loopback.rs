//! HTTP on the loopback, for strangers. Alone owns tiny_http.
