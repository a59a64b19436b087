//! What can be asked of the platform, and what it can be made to say.

use crate::loopback::Response;
use serde_json::{Value, json};

/// What can be asked of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// The exchange of a response for a token, at either of its addresses.
    Exchange,
    /// Username and password for a token.
    Login,
    /// A connected app's credentials for a token.
    ConnectedApp,
    /// The end of a user's session.
    Logout,
    /// The end of a connected app's token.
    Revoke,
    /// `/accounts/api/me`.
    Me,
    /// `/accounts/api/users/me`.
    UsersMe,
    /// An organization.
    Organization,
    /// The environments of an organization.
    Environments,
    /// Anything else.
    Other,
}

/// What a route says in place of what it should.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Exactly this.
    Fixed(Response),
    /// Nothing, until the platform ends.
    Hang,
}

impl Answer {
    /// A status with a short JSON message.
    pub fn status(status: u16) -> Self {
        Self::json(
            status,
            &json!({ "status": status, "message": "a test wants this" }),
        )
    }

    /// A JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::Fixed(json_response(status, body))
    }

    /// A redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::Fixed(Response::empty(status).with("Location", location))
    }
}

const JSON: &str = "application/json; charset=utf-8";

/// A JSON body.
pub(super) fn json_response(status: u16, body: &Value) -> Response {
    Response::new(status, JSON, body.to_string())
}
