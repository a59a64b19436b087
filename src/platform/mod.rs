//! Anypoint Platform: the exchange of a response for a token, and the account behind a token.
