//! What the page in the browser says: our own words and the platform's account, nothing of what was posted.

use super::refusal::{cure, meaning};
use super::{LoginError, SignedIn};
use crate::acs::Page;
use crate::platform::Plane;
use crate::saml::{Refused, Rule};

/// The verdict, for the page behind the post. `None` where no post was taken that a page could wait behind.
pub(super) fn verdict(result: Result<&SignedIn, &LoginError>) -> Option<Page> {
    match result {
        Ok(signed_in) => Some(welcome(signed_in)),
        Err(LoginError::Refused(refused)) => Some(with_rule(
            Page::failed(&sentence(refused), cure(refused.rule)),
            refused,
        )),
        Err(LoginError::Exchange(_) | LoginError::Platform(_)) => Some(Page::failed(
            "The response is valid, but the platform gave no token for it.",
            "",
        )),
        Err(LoginError::OtherKey { .. }) => {
            let sentence = format!("The response was refused: {}.", meaning(Rule::KeyKnown));
            Some(Page::failed(&sentence, cure(Rule::KeyKnown)))
        }
        Err(LoginError::OtherUser { .. } | LoginError::UserChanged { .. }) => {
            let sentence = format!("The response was refused: {}.", meaning(Rule::User));
            Some(Page::failed(&sentence, cure(Rule::User)))
        }
        Err(LoginError::InterruptedExchange) => {
            Some(Page::failed("The sign-in was ended in the terminal.", ""))
        }
        Err(_) => None,
    }
}

/// The answer to a post that is nobody's login.
pub(super) fn nobodys_login(refused: &Refused) -> Page {
    with_rule(Page::refused(400, &sentence(refused)), refused)
}

/// The answer to a response that nobody can tell from one of a stranger.
pub(super) fn unclaimed() -> Page {
    Page::refused(
        400,
        "The response was refused: nothing that can be read of it shows that it is yours.",
    )
}

fn welcome(signed_in: &SignedIn) -> Page {
    let kept = &signed_in.kept;
    let user = kept
        .about
        .username
        .as_deref()
        .unwrap_or("a user that the platform does not name");
    let organization = kept
        .about
        .organization_name
        .as_deref()
        .or(kept.about.organization_id.as_deref());
    let plane = Plane::at(&kept.about.plane).host();
    Page::signed_in(user, organization.unwrap_or(&plane))
}

fn sentence(refused: &Refused) -> String {
    format!("The response was refused: {}.", meaning(refused.rule))
}

/// The rule by its name, which is ours; what was found there is not, and stays in the terminal.
fn with_rule(mut page: Page, refused: &Refused) -> Page {
    page.details.push((
        "Rule".into(),
        format!("{}, {}", refused.rule.code(), refused.rule.section()),
    ));
    page
}
