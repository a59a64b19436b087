//! Opening the identity provider's page.
