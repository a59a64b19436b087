//! What the tests of the whole program share: an empty world to run it in, the demo beside it, a browser that is an
//! HTTP client, and peers that misbehave.

pub mod browser;
#[cfg(unix)]
pub mod chromium;
pub mod clients;
pub mod firefox;
pub mod hostile;
pub mod peer;
pub mod port;
#[cfg(target_os = "linux")]
pub mod processes;
pub mod scene;
pub mod secrets;
pub mod skip;
pub mod window;
pub mod world;

pub use browser::Browser;
pub use port::free_port;
pub use scene::Scene;
pub use world::World;
