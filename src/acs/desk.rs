//! The desk between the server's threads, which bring requests, and the login, which judges what was posted.

use super::page::Page;
use super::request::{self, RequestError, Rules, Trace};
use crate::loopback::{self, Request, Response};
use crate::saml::PostedResponse;
use std::collections::{BTreeSet, VecDeque};
use std::mem;
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Where the browser waits for the verdict: a constant, whatever was posted.
const DONE: &str = "/done";

/// How long `/done` is held for a verdict before the browser is asked to come again.
const DONE_HELD: Duration = Duration::from_secs(3);

/// How many may be held at once. One browser is one; more would only take the server's places.
const MOST_HELD: usize = 4;

/// How long a post waits to be judged, which takes milliseconds.
const JUDGED_WITHIN: Duration = Duration::from_secs(20);

/// How far the login is.
#[derive(Debug)]
enum Stage {
    Waiting,
    /// The person is asked about a post, whose page waits meanwhile. Others go on being brought.
    Asking,
    Taken,
    Concluded(Page),
    Closed,
}

#[derive(Debug)]
struct State {
    stage: Stage,
    /// Posts that kept the rules for requests, and wait to be judged.
    posts: VecDeque<Post>,
    /// Those that did not, and were not told yet.
    refused: Vec<RequestError>,
    /// The kinds of what no navigation sent and was told.
    told: BTreeSet<&'static str>,
    bad_posts: usize,
    held: usize,
    verdict_shown: bool,
}

/// A post that waits to be judged.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) response: PostedResponse,
    pub(super) other_user: Option<u32>,
    judged: SyncSender<Judgement>,
}

#[derive(Debug)]
enum Judgement {
    Taken,
    Refused(Page),
}

/// What happened since the login looked last.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) refused: Vec<RequestError>,
    pub(super) bad_posts: usize,
    pub(super) post: Option<Post>,
}

#[derive(Debug)]
pub(super) struct Desk {
    rules: Rules,
    state: Mutex<State>,
    changed: Condvar,
}

/// The server's side.
impl Desk {
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            rules,
            state: Mutex::new(State {
                stage: Stage::Waiting,
                posts: VecDeque::new(),
                refused: Vec::new(),
                told: BTreeSet::new(),
                bad_posts: 0,
                held: 0,
                verdict_shown: false,
            }),
            changed: Condvar::new(),
        }
    }

    pub(super) fn answer(&self, request: Request) -> Response {
        if let Err(error) = request::check_host(&request, &self.rules) {
            // Whoever asks by another name learns nothing, not even that this is a sign-in.
            return Response::empty(error.status());
        }
        match (request.method.as_str(), request.path()) {
            ("GET", DONE) => self.done(&request),
            ("GET", "/favicon.ico") => Response::empty(204),
            _ => match request::check(&request, &self.rules) {
                Ok(response) => {
                    let other_user = loopback::other_user(request.peer, request.local);
                    // Its body is not needed while the response waits.
                    drop(request);
                    self.posted(response, other_user)
                }
                Err(error) => self.refused(error),
            },
        }
    }

    fn posted(&self, response: PostedResponse, other_user: Option<u32>) -> Response {
        let (judged, judgement) = mpsc::sync_channel(1);
        {
            let mut state = self.state();
            if !matches!(state.stage, Stage::Waiting | Stage::Asking) {
                return after(&state.stage);
            }
            state.posts.push_back(Post {
                response,
                other_user,
                judged,
            });
        }
        self.changed.notify_all();
        match judgement.recv_timeout(JUDGED_WITHIN) {
            Ok(Judgement::Taken) => see_other(),
            Ok(Judgement::Refused(page)) => page.response(),
            // Another post was taken meanwhile, or the login is over.
            Err(_) => after(&self.state().stage),
        }
    }

    fn refused(&self, error: RequestError) -> Response {
        let response = match &error {
            RequestError::Path => Page::nothing_here(error.status()).response(),
            RequestError::Method(_) => Page::awaiting_post().response().with("Allow", "POST"),
            _ => Page::refused(error.status(), error.rule()).response(),
        };
        let mut state = self.state();
        let is_news = match error.trace() {
            Trace::None => false,
            // A page can send any number of these without anybody's seeing it.
            Trace::Told => state.told.insert(error.code()),
            Trace::Counted => {
                state.bad_posts += 1;
                // Those beyond the limit end the login and need not be told one by one.
                state.bad_posts <= super::MOST_BAD_POSTS + 1
            }
        };
        if is_news {
            state.refused.push(error);
            drop(state);
            self.changed.notify_all();
        }
        response
    }

    fn done(&self, request: &Request) -> Response {
        // Neither another user nor a script shows the verdict to the person who waits for it.
        let is_shown = request::check_fetch(request).is_ok()
            && loopback::other_user(request.peer, request.local).is_none();
        let mut state = self.state();
        if matches!(state.stage, Stage::Taken) && state.held < MOST_HELD {
            state.held += 1;
            state = self.wait(state, Instant::now() + DONE_HELD, |state| {
                matches!(state.stage, Stage::Taken)
            });
            state.held -= 1;
        }
        match &state.stage {
            Stage::Waiting => Page::nothing_here(404).response(),
            Stage::Taken | Stage::Asking => Page::checking().response().with("Refresh", "1"),
            Stage::Closed => Page::ended().response(),
            Stage::Concluded(page) => {
                let response = page.response();
                state.verdict_shown |= is_shown;
                drop(state);
                self.changed.notify_all();
                response
            }
        }
    }
}

/// The login's side.
impl Desk {
    /// What is new: at once when something is, else when something happens or the time has come.
    pub(super) fn news(&self, until: Instant) -> News {
        let mut state = self.wait(self.state(), until, |state| {
            state.posts.is_empty() && state.refused.is_empty()
        });
        News {
            refused: mem::take(&mut state.refused),
            bad_posts: state.bad_posts,
            post: state.posts.pop_front(),
        }
    }

    pub(super) fn refuse(&self, post: &Post, page: Page) {
        let mut state = self.state();
        if matches!(state.stage, Stage::Asking) {
            state.stage = Stage::Waiting;
        }
        state.bad_posts += 1;
        drop(state);
        // A failure is a browser that did not wait.
        let _ = post.judged.try_send(Judgement::Refused(page));
    }

    pub(super) fn ask(&self, post: &Post) {
        self.state().stage = Stage::Asking;
        let _ = post.judged.try_send(Judgement::Taken);
    }

    pub(super) fn take(&self, post: &Post) {
        self.enter(Stage::Taken);
        let _ = post.judged.try_send(Judgement::Taken);
    }

    pub(super) fn conclude(&self, page: Page) {
        self.enter(Stage::Concluded(page));
    }

    pub(super) fn close(&self) {
        self.enter(Stage::Closed);
    }

    /// Waits until the verdict was shown, if there is one.
    pub(super) fn wait_until_shown(&self, until: Instant) {
        let _state = self.wait(self.state(), until, |state| {
            matches!(state.stage, Stage::Concluded(_)) && !state.verdict_shown
        });
    }

    /// Posts that are not judged yet will not be any more: dropping them wakes who brought them.
    fn enter(&self, stage: Stage) {
        let mut state = self.state();
        state.stage = stage;
        state.posts.clear();
        drop(state);
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is whole by itself, so a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(
        &self,
        state: MutexGuard<'s, State>,
        until: Instant,
        condition: impl Fn(&State) -> bool,
    ) -> MutexGuard<'s, State> {
        let time = until.saturating_duration_since(Instant::now());
        self.changed
            .wait_timeout_while(state, time, |state| condition(state))
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

/// The answer to a post that is not judged itself.
fn after(stage: &Stage) -> Response {
    match stage {
        Stage::Taken | Stage::Asking | Stage::Concluded(_) => see_other(),
        Stage::Waiting | Stage::Closed => Page::ended().response(),
    }
}

/// 303, so that neither a reload nor "back" ever posts the response again, to whoever has the port by then.
fn see_other() -> Response {
    Response::empty(303).with("Location", DONE)
}
