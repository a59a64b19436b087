//! Which browsers can be taken, and where they are.

use std::path::{Path, PathBuf};

/// Where such browsers are installed, the most common first. Absolute paths: nothing that somebody put into `PATH`.
#[cfg(target_os = "macos")]
const PLACES: [&str; 4] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/Applications/Brave Browser.app/Contents/MacOS/Brave Browser",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
#[cfg(all(unix, not(target_os = "macos")))]
const PLACES: [&str; 12] = [
    "/usr/bin/google-chrome-stable",
    "/usr/bin/google-chrome",
    "/opt/google/chrome/chrome",
    "/usr/bin/microsoft-edge-stable",
    "/usr/bin/microsoft-edge",
    "/usr/bin/brave-browser-stable",
    "/usr/bin/brave-browser",
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/local/bin/chrome",
    "/usr/local/bin/chromium",
    "/run/current-system/sw/bin/chromium",
];
/// Windows has no way to hand the pipe over that was tried.
#[cfg(not(unix))]
const PLACES: [&str; 0] = [];

/// The installed browser that would be taken.
pub fn installed() -> Option<PathBuf> {
    PLACES
        .iter()
        .map(PathBuf::from)
        .find(|place| place.is_file() && !is_confined(place))
}

/// An installed browser that cannot be taken, since it is a snap.
pub fn installed_as_snap() -> Option<PathBuf> {
    let snap = cfg!(target_os = "linux").then_some("/snap/bin/chromium");
    PLACES
        .iter()
        .copied()
        .chain(snap)
        .map(PathBuf::from)
        .find(|place| place.is_file() && is_confined(place))
}

/// Whether a program's name is that of a browser of this family.
pub fn is_of_the_family(program: &Path) -> bool {
    let name = program.file_name().unwrap_or_default();
    names_one_of_the_family(&name.to_string_lossy())
}

/// Whether a name, or what a browser says of its version, is that of a browser of this family.
pub fn names_one_of_the_family(text: &str) -> bool {
    let name = text.to_ascii_lowercase();
    ["chrom", "edge", "brave", "vivaldi"]
        .iter()
        .any(|known| name.contains(known))
}

/// Whether the program is a snap, or Ubuntu's script that starts one: those may neither enter a hidden directory of the
/// home, where the profile is, nor keep descriptors.
fn is_confined(program: &Path) -> bool {
    let leads_to_snap = program.canonicalize().is_ok_and(|target| {
        target.starts_with("/snap") || target.file_name().is_some_and(|name| name == "snap")
    });
    let is_script_of_ubuntu =
        program.ends_with("chromium-browser") && Path::new("/snap/bin/chromium").exists();
    leads_to_snap || is_script_of_ubuntu
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_of_the_family_are_known_by_their_names() {
        for name in [
            "/usr/bin/chromium",
            "google-chrome-stable",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "microsoft-edge",
            "brave-browser",
            "/home/ada/my chromium",
        ] {
            assert!(is_of_the_family(Path::new(name)), "{name}");
        }
        for name in ["firefox", "/usr/bin/safari", "/opt/chromium/epiphany", ""] {
            assert!(!is_of_the_family(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn every_place_is_absolute() {
        assert!(PLACES.iter().all(|place| Path::new(place).is_absolute()));
    }
}
