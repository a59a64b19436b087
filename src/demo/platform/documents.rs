//! What the platform says of users and organizations, as JSON.

use super::{Holder, PlatformSettings};
use crate::demo::Person;
use serde_json::{Value, json};

/// The organization's id.
pub const ORGANIZATION_ID: &str = "5a2f1c9e-7d34-4b1a-8e52-6c1b7f0d9a10";
/// The organization's name, with a character that every format escapes in its own way.
pub const ORGANIZATION_NAME: &str = "Harbour & Hale";
/// The organization's domain.
pub const ORGANIZATION_DOMAIN: &str = "harbour-hale";

pub(super) fn me(holder: &Holder, settings: &PlatformSettings) -> Value {
    match holder {
        Holder::User(name, person) => json!({ "user": user(name, *person) }),
        Holder::App => json!({
            "client": {
                "client_id": settings.connected_app.0,
                "name": "Demo app",
                "redirect_uris": [],
                "grant_types": ["client_credentials"],
                "org_id": ORGANIZATION_ID,
            },
        }),
    }
}

/// The user as the platform describes one. A name that nobody here has gets an account on its first sign-in.
pub(super) fn user(name: &str, person: Option<Person>) -> Value {
    let (id, first, last, email) = match person {
        Some(person) => (
            person.id,
            person.first_name,
            person.last_name,
            person.email(),
        ),
        None => (
            "0b8a5a52-5f0e-4c52-9c43-3d6f0d0a1cff",
            "",
            "",
            String::new(),
        ),
    };
    json!({
        "id": id,
        "username": name,
        "firstName": first,
        "lastName": last,
        "email": email,
        "organizationId": ORGANIZATION_ID,
        "enabled": true,
        // anypoint-cli ends in a TypeError without it.
        "createdAt": "2024-03-18T09:26:53.000Z",
        "idprovider_id": "saml",
        "organization": organization(),
        "memberOfOrganizations": [
            { "id": ORGANIZATION_ID, "name": ORGANIZATION_NAME, "isRoot": true, "parentId": null },
            {
                "id": "5a2f1c9e-7d34-4b1a-8e52-6c1b7f0d9a11",
                "name": "Logistics",
                "isRoot": false,
                "parentId": ORGANIZATION_ID,
            },
        ],
    })
}

pub(super) fn organization() -> Value {
    json!({
        "id": ORGANIZATION_ID,
        "name": ORGANIZATION_NAME,
        "domain": ORGANIZATION_DOMAIN,
        "isFederated": true,
    })
}

pub(super) fn environments() -> Value {
    let environment = |id: &str, name: &str, kind: &str| {
        json!({
            "id": id,
            "name": name,
            "organizationId": ORGANIZATION_ID,
            "isProduction": kind == "production",
            "type": kind,
        })
    };
    json!({
        "data": [
            environment("7c0e4a31-1111-4b7e-a0b5-000000000001", "Design", "design"),
            environment("7c0e4a31-1111-4b7e-a0b5-000000000002", "Sandbox", "sandbox"),
            environment("7c0e4a31-1111-4b7e-a0b5-000000000003", "Production", "production"),
        ],
        "total": 3,
    })
}
