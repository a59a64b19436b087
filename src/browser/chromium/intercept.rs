//! Which request of a page is the awaited post. Pure: what the browser says of a paused request goes in, what shall
//! become of it comes out.

use crate::address::WebAddress;

/// A request that waits in the browser, as the browser describes it. What it carries is not part of this: the browser
/// itself takes that along to the listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Paused {
    /// The browser's name for it.
    pub(super) request: String,
    /// The frame that it is for.
    pub(super) frame: String,
    /// What the answer is for: `Document` is a page.
    pub(super) resource: String,
    /// The method.
    pub(super) method: String,
    /// The address, without a fragment.
    pub(super) address: String,
}

/// What becomes of a paused request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Answered with a redirect to the listener, which takes the post along.
    ToListener,
    /// Not ours: it goes on as if nobody had looked.
    GoesOn,
}

/// Takes exactly the post of a whole page to the platform's ACS (scheme, host, port and path; no query), and nothing
/// else. A look-alike address, a frame inside a page or a script's request is left alone: whatever its page is up to, it
/// is not the sign-in that the person sees.
pub(super) fn decide(paused: &Paused, main_frame: &str, acs: &WebAddress) -> Fate {
    let is_awaited = paused.method == "POST"
        && paused.resource == "Document"
        && paused.frame == main_frame
        && WebAddress::parse(&paused.address).is_ok_and(|address| address == *acs);
    if is_awaited {
        Fate::ToListener
    } else {
        Fate::GoesOn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACS: &str =
        "https://anypoint.mulesoft.com/accounts/login/acme/providers/0c3e-22/receive-id";

    fn fate(change: impl FnOnce(&mut Paused)) -> Fate {
        let mut paused = Paused {
            request: "interception-job-1.0".into(),
            frame: "MAIN".into(),
            resource: "Document".into(),
            method: "POST".into(),
            address: ACS.into(),
        };
        change(&mut paused);
        decide(&paused, "MAIN", &WebAddress::parse(ACS).unwrap())
    }

    #[test]
    fn the_post_of_a_whole_page_to_the_acs_is_taken() {
        assert_eq!(fate(|_| ()), Fate::ToListener);
        let with_port = ACS.replace(".com/", ".com:443/");
        assert_eq!(fate(|paused| paused.address = with_port), Fate::ToListener);
        let capitals = ACS.replace("anypoint", "ANYPOINT");
        assert_eq!(fate(|paused| paused.address = capitals), Fate::ToListener);
    }

    #[test]
    fn another_address_is_left_alone() {
        for address in [
            ACS.replace("https", "http"),
            ACS.replace(".com/", ".com:8443/"),
            ACS.replace(".com/", ".com.evil.example/"),
            ACS.replace("anypoint.", "eu1.anypoint."),
            ACS.replace("https://", "https://user@"),
            ACS.replace("acme", "acme2"),
            ACS.replace("acme", "Acme"),
            ACS.replace("receive-id", "receive-i%64"),
            ACS.replace("receive-id", "receive-id/"),
            ACS.replace("receive-id", "receive-id/../receive"),
            format!("{ACS}?x=1"),
            format!("{ACS}?"),
            format!("{ACS}#x"),
            format!("https://evil.example/?u={ACS}"),
            format!("blob:{ACS}"),
            format!("data:text/html,{ACS}"),
            String::new(),
        ] {
            let shown = address.clone();
            assert_eq!(
                fate(|paused| paused.address = address),
                Fate::GoesOn,
                "{shown}"
            );
        }
    }

    #[test]
    fn what_is_not_the_post_of_a_whole_page_is_left_alone() {
        for method in ["GET", "PUT", "OPTIONS", "HEAD", "post", ""] {
            assert_eq!(
                fate(|paused| paused.method = method.into()),
                Fate::GoesOn,
                "{method}"
            );
        }
        for resource in ["XHR", "Fetch", "Ping", "Image", "Other", "document", ""] {
            assert_eq!(
                fate(|paused| paused.resource = resource.into()),
                Fate::GoesOn,
                "{resource}"
            );
        }
        for frame in ["CHILD", "", "MAIN2"] {
            assert_eq!(
                fate(|paused| paused.frame = frame.into()),
                Fate::GoesOn,
                "{frame}"
            );
        }
    }
}
