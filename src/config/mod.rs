//! What a login needs to know: from flags, the environment and a profile, every value with its origin.
