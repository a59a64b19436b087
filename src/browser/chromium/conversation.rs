//! What is said to the browser when: every page is watched from its first moment, the link is opened in the first one
//! as soon as that stands, and a paused request gets its answer. Events go in, bytes for the pipe come out.

use super::intercept::{Fate, decide};
use super::protocol::{Command, Event};
use crate::address::{LoopbackAddress, WebAddress};
use std::time::{Duration, Instant};

/// How long no page may be there before the person is taken to have closed the browser. A page that another one
/// replaces is gone for an instant.
const GONE: Duration = Duration::from_millis(700);

/// How long pages must have stopped loading before they are taken to wait for the person: longer than a page's script
/// takes to find out that there is a session.
const AT_REST: Duration = Duration::from_secs(3);

/// What a visit is about.
#[derive(Clone, Debug)]
pub struct Errand {
    /// What is opened.
    pub link: WebAddress,
    /// Where its page posts to.
    pub acs: WebAddress,
    /// Where that post is led instead.
    pub listener: LoopbackAddress,
}

/// How far a visit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The browser starts.
    Starting,
    /// The link is open, and pages come and go.
    Open,
    /// Its pages have loaded and nothing happens any more. Said only by a browser without a window.
    AtRest,
    /// Every page is gone.
    Closed,
}

#[derive(Debug)]
struct Page {
    session: String,
    /// The page's name, which is also that of its main frame.
    name: String,
    is_loading: bool,
}

/// A visit as the browser tells it.
#[derive(Debug)]
pub(super) struct Conversation {
    errand: Errand,
    /// Whether it should be noticed that nothing happens any more.
    watches_loading: bool,
    last_id: u64,
    pages: Vec<Page>,
    introduced: bool,
    /// The number of the command whose answer opens the link, and the session it is opened in.
    before_opening: Option<(u64, String)>,
    /// The number of the command that opened the link.
    opening: Option<u64>,
    is_open: bool,
    changed: Instant,
    trouble: Option<String>,
}

impl Conversation {
    pub(super) fn new(errand: Errand, watches_loading: bool, now: Instant) -> Self {
        Self {
            errand,
            watches_loading,
            last_id: 0,
            pages: Vec::new(),
            introduced: false,
            before_opening: None,
            opening: None,
            is_open: false,
            changed: now,
            trouble: None,
        }
    }

    /// The first words.
    pub(super) fn begin(&mut self) -> Vec<Vec<u8>> {
        vec![
            self.say(Command::Introduce, None).1,
            self.say(Command::AnnouncePages, None).1,
        ]
    }

    /// The last word.
    pub(super) fn close(&mut self) -> Vec<u8> {
        self.say(Command::Close, None).1
    }

    /// Whether the browser has answered at all.
    pub(super) fn is_introduced(&self) -> bool {
        self.introduced
    }

    /// What went wrong in the browser, said once.
    pub(super) fn take_trouble(&mut self) -> Option<String> {
        self.trouble.take()
    }

    pub(super) fn stage(&self, now: Instant) -> Stage {
        let since = now.saturating_duration_since(self.changed);
        if !self.is_open {
            Stage::Starting
        } else if self.pages.is_empty() {
            if since < GONE {
                Stage::Open
            } else {
                Stage::Closed
            }
        } else if self.watches_loading
            && since >= AT_REST
            && self.pages.iter().all(|page| !page.is_loading)
        {
            Stage::AtRest
        } else {
            Stage::Open
        }
    }

    /// Takes an event, and gives what is to be answered.
    pub(super) fn hear(&mut self, event: Event, now: Instant) -> Vec<Vec<u8>> {
        match event {
            Event::Answered { id, problem } => self.answered(id, problem, now),
            Event::Attached { session, page } => self.attached(session, page, now),
            Event::Detached { session } => {
                self.pages.retain(|page| page.session != session);
                self.changed = now;
                Vec::new()
            }
            Event::Paused { session, paused } => {
                let page = self.pages.iter().find(|page| page.session == session);
                let fate = page.map_or(Fate::GoesOn, |page| {
                    decide(&paused, &page.name, &self.errand.acs)
                });
                let listener = self.errand.listener.clone();
                let request = &paused.request;
                let command = match fate {
                    Fate::ToListener => Command::Redirect {
                        request,
                        address: listener.as_str(),
                    },
                    Fate::GoesOn => Command::LetGo { request },
                };
                vec![self.say(command, Some(&session)).1]
            }
            Event::Loading {
                session,
                frame,
                begins,
            } => {
                let mut pages = self.pages.iter_mut();
                if let Some(page) = pages.find(|page| page.session == session && page.name == frame)
                {
                    page.is_loading = begins;
                    self.changed = now;
                }
                Vec::new()
            }
            Event::Other => Vec::new(),
        }
    }

    fn attached(&mut self, session: String, name: String, now: Instant) -> Vec<Vec<u8>> {
        let acs = self.errand.acs.clone();
        let address = acs.as_str();
        let (id, pause) = self.say(Command::Pause { address }, Some(&session));
        let mut words = vec![pause];
        if self.watches_loading {
            words.push(self.say(Command::WatchLoading, Some(&session)).1);
        }
        words.push(self.say(Command::Run, Some(&session)).1);
        if self.before_opening.is_none() {
            self.before_opening = Some((id, session.clone()));
        }
        self.pages.push(Page {
            session,
            name,
            is_loading: false,
        });
        self.changed = now;
        words
    }

    fn answered(&mut self, id: u64, problem: Option<String>, now: Instant) -> Vec<Vec<u8>> {
        self.introduced = true;
        match &self.before_opening {
            // Only now is it certain that the post would be caught.
            Some((before, session)) if *before == id && !self.is_open => {
                if problem.is_some() {
                    self.trouble = problem;
                    return Vec::new();
                }
                let (link, session) = (self.errand.link.clone(), session.clone());
                let address = link.as_str();
                let (id, open) = self.say(Command::Open { address }, Some(&session));
                self.opening = Some(id);
                self.is_open = true;
                self.changed = now;
                vec![open]
            }
            _ => {
                // "Aborted" is a page that another one overtook, such as the one that posts.
                let aborted = |problem: &String| problem == "net::ERR_ABORTED";
                if self.opening == Some(id) && !problem.as_ref().is_some_and(aborted) {
                    self.trouble = problem;
                }
                Vec::new()
            }
        }
    }

    fn say(&mut self, command: Command<'_>, session: Option<&str>) -> (u64, Vec<u8>) {
        self.last_id += 1;
        (self.last_id, command.written(self.last_id, session))
    }
}

#[cfg(test)]
mod tests {
    use super::super::intercept::Paused;
    use super::*;
    use serde_json::Value;

    const ACS: &str = "https://anypoint.mulesoft.com/accounts/login/acme/providers/1/receive-id";
    const LISTENER: &str = "http://127.0.0.1:9/secret/acs";

    struct Browser {
        conversation: Conversation,
        start: Instant,
    }

    impl Browser {
        fn new(watches_loading: bool) -> Self {
            let errand = Errand {
                link: WebAddress::parse("https://idp.example/start").unwrap(),
                acs: WebAddress::parse(ACS).unwrap(),
                listener: LoopbackAddress::parse(LISTENER).unwrap(),
            };
            let start = Instant::now();
            let mut conversation = Conversation::new(errand, watches_loading, start);
            conversation.begin();
            Self {
                conversation,
                start,
            }
        }

        /// Says something after so many milliseconds, and gives the methods, sessions and numbers of the answers.
        fn says(&mut self, after: u64, event: Event) -> Vec<(String, String, u64)> {
            let now = self.start + Duration::from_millis(after);
            let words = self.conversation.hear(event, now);
            let read = |word: &Vec<u8>| {
                let message: Value =
                    serde_json::from_slice(word.strip_suffix(b"\0").unwrap()).unwrap();
                let text = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
                (
                    text("method"),
                    text("sessionId"),
                    message["id"].as_u64().unwrap(),
                )
            };
            words.iter().map(read).collect()
        }

        fn stage(&self, after: u64) -> Stage {
            self.conversation
                .stage(self.start + Duration::from_millis(after))
        }

        /// A page is there, and everything it was told went well.
        fn opens(&mut self, page: &str) {
            let told = self.says(0, attached(page));
            self.says(0, answered(told[0].2, None));
        }
    }

    fn attached(page: &str) -> Event {
        Event::Attached {
            session: format!("S{page}"),
            page: page.into(),
        }
    }

    fn detached(page: &str) -> Event {
        Event::Detached {
            session: format!("S{page}"),
        }
    }

    fn answered(id: u64, problem: Option<&str>) -> Event {
        Event::Answered {
            id,
            problem: problem.map(str::to_owned),
        }
    }

    fn loading(page: &str, frame: &str, begins: bool) -> Event {
        Event::Loading {
            session: format!("S{page}"),
            frame: frame.into(),
            begins,
        }
    }

    fn paused(page: &str, frame: &str) -> Event {
        Event::Paused {
            session: format!("S{page}"),
            paused: Paused {
                request: "R".into(),
                frame: frame.into(),
                resource: "Document".into(),
                method: "POST".into(),
                address: ACS.into(),
            },
        }
    }

    #[test]
    fn a_page_is_watched_before_it_runs_and_the_link_opened_once_it_is() {
        let mut browser = Browser::new(false);
        let told = browser.says(0, attached("A"));
        let methods: Vec<_> = told.iter().map(|(method, _, _)| method.as_str()).collect();
        assert_eq!(methods, ["Fetch.enable", "Runtime.runIfWaitingForDebugger"]);
        assert_eq!(browser.stage(0), Stage::Starting);
        let opened = browser.says(0, answered(told[0].2, None));
        assert_eq!(
            (opened[0].0.as_str(), opened[0].1.as_str()),
            ("Page.navigate", "SA")
        );
        assert_eq!(browser.stage(0), Stage::Open);
        let told = browser.says(0, attached("B"));
        assert_eq!(told[0].0, "Fetch.enable");
        assert!(
            browser.says(0, answered(told[0].2, None)).is_empty(),
            "it is opened once"
        );
    }

    #[test]
    fn the_link_stays_closed_where_the_post_would_not_be_caught() {
        let mut browser = Browser::new(false);
        let told = browser.says(0, attached("A"));
        assert!(browser.says(0, answered(told[0].2, Some("no"))).is_empty());
        assert_eq!(browser.stage(0), Stage::Starting);
        assert_eq!(browser.conversation.take_trouble().as_deref(), Some("no"));
    }

    #[test]
    fn the_post_is_led_away_in_any_page_and_a_frame_is_left_alone() {
        let mut browser = Browser::new(false);
        browser.opens("A");
        browser.opens("B");
        for (page, frame, method) in [
            ("A", "A", "Fetch.fulfillRequest"),
            ("B", "B", "Fetch.fulfillRequest"),
            ("A", "B", "Fetch.continueRequest"),
            ("A", "FRAME", "Fetch.continueRequest"),
            ("C", "C", "Fetch.continueRequest"),
        ] {
            let told = browser.says(0, paused(page, frame));
            assert_eq!(told[0].0, method, "{page} {frame}");
            assert_eq!(told[0].1, format!("S{page}"));
        }
    }

    #[test]
    fn a_browser_without_pages_is_closed_unless_another_comes_at_once() {
        let mut browser = Browser::new(false);
        browser.opens("A");
        browser.says(100, detached("A"));
        assert_eq!(browser.stage(200), Stage::Open);
        assert_eq!(browser.stage(1000), Stage::Closed);
        browser.says(300, attached("B"));
        assert_eq!(browser.stage(5000), Stage::Open);
    }

    #[test]
    fn pages_are_at_rest_when_none_has_loaded_for_a_while() {
        let mut browser = Browser::new(true);
        browser.opens("A");
        browser.says(100, loading("A", "A", true));
        assert_eq!(browser.stage(60_000), Stage::Open, "it still loads");
        browser.says(1000, loading("A", "A", false));
        browser.says(2000, loading("A", "FRAME", true));
        assert_eq!(browser.stage(3900), Stage::Open);
        assert_eq!(browser.stage(4000), Stage::AtRest);
        let mut windowed = Browser::new(false);
        windowed.opens("A");
        assert_eq!(windowed.stage(60_000), Stage::Open);
    }

    #[test]
    fn a_link_that_cannot_be_opened_is_trouble_and_one_overtaken_is_not() {
        for (problem, told) in [
            (Some("net::ERR_NAME_NOT_RESOLVED"), true),
            (Some("net::ERR_ABORTED"), false),
            (None, false),
        ] {
            let mut browser = Browser::new(false);
            let pause = browser.says(0, attached("A"))[0].2;
            let open = browser.says(0, answered(pause, None))[0].2;
            browser.says(0, answered(open, problem));
            assert_eq!(browser.conversation.take_trouble().is_some(), told);
            assert_eq!(browser.conversation.take_trouble(), None);
        }
    }
}
