//! The account behind a token, and how long its organization lets a session live.

use super::wire::{self, AnswerProblem, Asked, PlatformError, Reason};
use super::{Platform, is_plain_name};
use crate::address::WebAddress;
use crate::http::{Answer, HttpRequest, Method};
use crate::time::SignedDuration;
use crate::token::AccessToken;
use serde_json::Value;

/// The most bytes of an account: users of large companies are members of hundreds of business groups.
const MAX_ANSWER: usize = 1024 * 1024;

/// The longest text taken for a name or an id. A longer one is nobody's, and what is kept of it could not be read again.
const MAX_TEXT: usize = 1000;

/// The longest session timeout believed, in minutes (30 days). The platform's own settings end far below.
const MAX_SESSION_TIMEOUT: i64 = 30 * 24 * 60;

/// Who a token belongs to. The texts are the platform's, letter for letter: `foreign::brief` before anybody reads
/// them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user's id at the platform.
    pub user_id: String,
    /// The name the user signs in with.
    pub username: String,
    /// First and last name, as far as the platform knows them.
    pub full_name: Option<String>,
    /// The user's email address.
    pub email: Option<String>,
    /// The organization that the user signed in to.
    pub organization: Organization,
    /// The business groups that the user is a member of, the root organization among them, in the platform's order.
    pub business_groups: Vec<BusinessGroup>,
}

/// Whose a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A user's.
    User(Account),
    /// A connected app's, in nobody's name.
    App(App),
}

/// A connected app. The texts are the platform's, as those of [`Account`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its id.
    pub client_id: String,
    /// Its name.
    pub name: Option<String>,
    /// The organization that it belongs to, where the platform says so.
    pub organization_id: Option<String>,
}

/// The organization that a user signed in to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its id, fit to stand in an address.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its domain: the part of the platform's addresses that names it.
    pub domain: Option<String>,
}

/// A part of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusinessGroup {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Whether it is the organization itself.
    pub is_root: bool,
}

impl Platform {
    /// Asks whose token it is, where only a user's will do.
    ///
    /// # Errors
    /// As of [`Platform::holder`].
    pub fn account(&self, token: &AccessToken) -> Result<Account, PlatformError> {
        match self.holder(token)? {
            Holder::User(account) => Ok(account),
            Holder::App(_) => Err(PlatformError::Answer {
                asked: Asked::Account,
                problem: AnswerProblem::Field("user"),
            }),
        }
    }

    /// Asks whose token it is.
    ///
    /// # Errors
    /// [`PlatformError`]; a [`Reason::Unauthorized`] means that the token has ended.
    pub fn holder(&self, token: &AccessToken) -> Result<Holder, PlatformError> {
        let asked = Asked::Account;
        let answer = self.get(
            asked,
            &self.plane.address().at(["accounts", "api", "me"]),
            token,
        )?;
        holder(&wire::json(asked, &answer.body)?)
            .map_err(|problem| PlatformError::Answer { asked, problem })
    }

    /// How long the organization lets a session live; `None` when the user may not know, or the platform does not say.
    ///
    /// # Errors
    /// [`PlatformError`]
    pub fn session_timeout(
        &self,
        token: &AccessToken,
        organization_id: &str,
    ) -> Result<Option<SignedDuration>, PlatformError> {
        // An id of another form cannot have come from `account`, and must not become part of an address.
        if !is_plain_name(organization_id) {
            return Ok(None);
        }
        let asked = Asked::Organization;
        let path = ["accounts", "api", "organizations", organization_id];
        match self.get(asked, &self.plane.address().at(path), token) {
            Ok(answer) => Ok(session_timeout(&wire::json(asked, &answer.body)?)),
            // The platform answers 401, too, to what a user has no right to.
            Err(PlatformError::Refused(refusal))
                if matches!(
                    refusal.reason,
                    Reason::Unauthorized | Reason::Forbidden | Reason::NotFound
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn get(
        &self,
        asked: Asked,
        address: &WebAddress,
        token: &AccessToken,
    ) -> Result<Answer, PlatformError> {
        let bearer = zeroize::Zeroizing::new(format!("Bearer {}", token.expose()));
        let answer = self.client.send(HttpRequest {
            method: Method::Get,
            address,
            headers: &[("authorization", &bearer), ("accept", "application/json")],
            body: None,
            limit: MAX_ANSWER,
        })?;
        wire::accepted(asked, address, token.expose(), answer)
    }
}

fn holder(answer: &Value) -> Result<Holder, AnswerProblem> {
    match (answer.get("client"), answer.get("user")) {
        (Some(client), None | Some(Value::Null)) if client.is_object() => Ok(Holder::App(App {
            client_id: text(client, "client_id").ok_or(AnswerProblem::Field("client_id"))?,
            name: text(client, "name"),
            organization_id: text(client, "org_id").filter(|id| is_plain_name(id)),
        })),
        _ => account(answer).map(Holder::User),
    }
}

fn account(answer: &Value) -> Result<Account, AnswerProblem> {
    // `/accounts/api/me` wraps the user, `/accounts/api/users/me` does not: an older edition may answer like that.
    let user = answer.get("user").unwrap_or(answer);
    let organization = user.get("organization").unwrap_or(&Value::Null);
    let organization_id = text(organization, "id").or_else(|| text(user, "organizationId"));
    let names = [text(user, "firstName"), text(user, "lastName")];
    let full_name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let groups = user.get("memberOfOrganizations").and_then(Value::as_array);
    Ok(Account {
        user_id: text(user, "id").ok_or(AnswerProblem::Field("id"))?,
        username: text(user, "username").ok_or(AnswerProblem::Field("username"))?,
        full_name: (!full_name.is_empty()).then_some(full_name),
        email: text(user, "email"),
        organization: Organization {
            id: organization_id
                .filter(|id| is_plain_name(id))
                .ok_or(AnswerProblem::Field("organizationId"))?,
            name: text(organization, "name"),
            domain: text(organization, "domain"),
        },
        business_groups: groups
            .into_iter()
            .flatten()
            .filter_map(business_group)
            .collect(),
    })
}

fn business_group(group: &Value) -> Option<BusinessGroup> {
    let says = |name: &str| group.get(name).and_then(Value::as_bool);
    Some(BusinessGroup {
        id: text(group, "id")?,
        name: text(group, "name"),
        is_root: says("isRoot").or_else(|| says("isMaster")).unwrap_or(false),
    })
}

/// Minutes, a whole number above zero. Anything else is not known rather than guessed.
fn session_timeout(organization: &Value) -> Option<SignedDuration> {
    let minutes = organization.get("sessionTimeout")?.as_i64()?;
    (1..=MAX_SESSION_TIMEOUT)
        .contains(&minutes)
        .then(|| SignedDuration::from_mins(minutes))
}

/// A field that is a text, and neither empty nor longer than any name.
fn text(value: &Value, name: &str) -> Option<String> {
    let text = value.get(name)?.as_str()?;
    (1..=MAX_TEXT)
        .contains(&text.len())
        .then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn me() -> Value {
        json!({
            "id": "u-1", "username": "ada", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@acme.example",
            "organizationId": "o-1",
            "organization": {"id": "o-1", "name": "Acme", "domain": "acme", "isFederated": true},
            "memberOfOrganizations": [
                {"id": "o-1", "name": "Acme", "isMaster": true},
                {"id": "o-2", "name": "Research", "isRoot": false, "parentId": "o-1"},
                {"name": "without an id"}, 7
            ]
        })
    }

    #[test]
    fn an_account_is_read_with_and_without_its_wrapper() {
        let account_of = |value: &Value| account(value).unwrap();
        let ada = account_of(&json!({"user": me()}));
        assert_eq!(ada, account_of(&me()));
        assert_eq!(
            (ada.user_id.as_str(), ada.username.as_str()),
            ("u-1", "ada")
        );
        assert_eq!(ada.full_name.as_deref(), Some("Ada Lovelace"));
        assert_eq!(ada.organization.domain.as_deref(), Some("acme"));
        let groups: Vec<_> = ada
            .business_groups
            .iter()
            .map(|group| (&*group.id, group.is_root))
            .collect();
        assert_eq!(groups, [("o-1", true), ("o-2", false)]);
    }

    #[test]
    fn a_text_that_is_longer_than_any_name_counts_as_absent() {
        let named = |length: usize| {
            let mut me = me();
            me["organization"]["name"] = "x".repeat(length).into();
            account(&me).unwrap().organization.name
        };
        assert_eq!(named(MAX_TEXT), Some("x".repeat(MAX_TEXT)));
        assert_eq!(named(MAX_TEXT + 1), None);
    }

    #[test]
    fn a_connected_app_is_told_from_a_user() {
        let app =
            json!({ "client_id": "c-1", "name": "Deployer", "org_id": "o-1", "redirect_uris": [] });
        let expected = App {
            client_id: "c-1".into(),
            name: Some("Deployer".into()),
            organization_id: Some("o-1".into()),
        };
        for answer in [
            json!({ "client": app }),
            json!({ "client": app, "user": null }),
        ] {
            assert_eq!(holder(&answer), Ok(Holder::App(expected.clone())));
        }
        // An app that acts for a user is that user.
        let both = holder(&json!({ "client": app, "user": me() })).unwrap();
        assert!(matches!(both, Holder::User(user) if user.username == "ada"));
        let bare = holder(&json!({ "client": { "client_id": "c", "org_id": "../x" } })).unwrap();
        assert!(matches!(bare, Holder::App(app) if app.organization_id.is_none()));
        for (answer, field) in [
            (json!({ "client": {} }), "client_id"),
            (json!({ "client": 7 }), "id"),
            (json!({}), "id"),
        ] {
            assert_eq!(
                holder(&answer),
                Err(AnswerProblem::Field(field)),
                "{answer}"
            );
        }
    }

    #[test]
    fn what_the_platform_leaves_out_is_not_invented() {
        let bare =
            account(&json!({"user": {"id": "u", "username": "n", "organizationId": "o"}})).unwrap();
        assert_eq!((bare.full_name, bare.email), (None, None));
        assert_eq!(
            (bare.organization.name, bare.organization.domain),
            (None, None)
        );
        assert!(bare.business_groups.is_empty());
    }

    #[test]
    fn an_account_without_a_user_or_an_organization_is_none() {
        for (value, field) in [
            (json!([]), "id"),
            (json!({"user": null}), "id"),
            (
                json!({"id": 7, "username": "n", "organizationId": "o"}),
                "id",
            ),
            (json!({"id": "u", "organizationId": "o"}), "username"),
            (json!({"id": "u", "username": "n"}), "organizationId"),
            (
                json!({"id": "u", "username": "n", "organizationId": "../x"}),
                "organizationId",
            ),
        ] {
            assert_eq!(account(&value), Err(AnswerProblem::Field(field)), "{value}");
        }
    }

    #[test]
    fn a_session_timeout_is_minutes_within_reason() {
        let timeout = |value: Value| session_timeout(&json!({"sessionTimeout": value}));
        assert_eq!(timeout(json!(60)), Some(SignedDuration::from_hours(1)));
        assert_eq!(timeout(json!(43200)), Some(SignedDuration::from_hours(720)));
        for value in [
            json!(0),
            json!(-1),
            json!(43201),
            json!(1e300),
            json!(1.5),
            json!("60"),
            json!(null),
            json!(u64::MAX),
        ] {
            assert_eq!(timeout(value.clone()), None, "{value}");
        }
        assert_eq!(session_timeout(&json!({})), None);
    }
}
