//! Places that a token cannot be kept in: a login says which and what to do before anybody signs in, and the old token
//! stays whole. (What the store itself refuses is in `store_files`.)

use super::support::Scene;
use super::support::skip::skipped;
use super::support::world::{Ended, Running};
use anyp_saml::demo::response::ResponseOptions;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

const STRANGER: u32 = 54_321;

/// Somebody who has signed in once, with a token file.
struct Desk {
    scene: Scene,
}

impl Desk {
    fn set() -> Self {
        let desk = Self {
            scene: Scene::set(),
        };
        desk.log_in("").code(0);
        desk
    }

    fn kept(&self) -> PathBuf {
        self.tokens().join("profile-default.json")
    }

    fn tokens(&self) -> PathBuf {
        self.state().join("anyp-saml/tokens")
    }

    fn state(&self) -> PathBuf {
        self.scene.world.home().join(".local/state")
    }

    fn token_file(&self) -> PathBuf {
        self.scene.world.here().join("token")
    }

    /// A login with a response that is handed in, by a shell that has been prepared so.
    fn log_in(&self, preparation: &str) -> Ended {
        let file = self.token_file();
        let response = self.scene.world.home().with_file_name("tmp/response");
        fs::write(&response, self.scene.response(&ResponseOptions::default())).unwrap();
        let [file, response] = [&file, &response].map(|path| path.to_str().unwrap());
        let more = ["--response", response, "--token-file", file];
        let script = format!("set -e; {preparation}\nexec \"$0\" \"$@\"");
        let mut command = self.scene.world.foreign_command("/bin/sh");
        command
            .args(["-c", &script, env!("CARGO_BIN_EXE_anyp-saml")])
            .args(self.scene.arguments(&more));
        Running::new(command).end()
    }

    /// A second login fails, and says this, before the platform is asked for anything.
    #[track_caller]
    fn refuses(&self, preparation: &str, place: &Path, says: &[&str]) -> Ended {
        let ended = self.log_in(preparation).code(1);
        let ended = ended.says(&[place.to_str().unwrap(), "hint:"]).says(says);
        assert_eq!(self.scene.exchanges(), 1, "{ended}");
        ended
    }

    /// The first token is whole, in both places.
    #[track_caller]
    fn has_its_token(&self) {
        let token = format!("{}\n", self.scene.token());
        assert_eq!(self.scene.world.run(&["token"]).code(0).stdout, token);
        assert_eq!(fs::read_to_string(self.token_file()).unwrap(), token);
        assert_eq!(self.scene.exchanges(), 1);
        assert_eq!(self.scene.world.listing("here"), ["token"], "left over");
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[test]
fn with_an_open_umask_everything_that_is_written_is_the_users_alone() {
    let scene = Scene::set();
    let desk = Desk { scene };
    desk.log_in("umask 000").code(0);
    desk.has_its_token();
    let mut places = vec![desk.token_file()];
    let mut directories = vec![desk.scene.world.home().join(".local")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => directories.push(entry.path()),
                false => places.push(entry.path()),
            }
        }
        places.push(directory);
    }
    assert!(places.contains(&desk.kept()), "{places:?}");
    for place in places {
        let mode = fs::metadata(&place).unwrap().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", place.display());
    }
}

#[test]
fn a_link_a_fifo_and_a_directory_in_the_place_of_a_file() {
    type Plant = fn(&Path, &Path);
    let plants: [(Plant, [&str; 2]); 3] = [
        (
            |place, aside| symlink(aside, place).unwrap(),
            ["it is a symbolic link", "move it away"],
        ),
        (
            |place, _| {
                assert!(
                    Command::new("mkfifo")
                        .arg(place)
                        .status()
                        .unwrap()
                        .success()
                )
            },
            ["it is not a regular file", "Move it away"],
        ),
        (
            |place, _| fs::create_dir(place).unwrap(),
            ["it is a directory", "Move it away"],
        ),
    ];
    let desk = Desk::set();
    let aside = desk.scene.world.home().join("aside");
    for place in [desk.kept(), desk.token_file()] {
        for (plant, says) in plants {
            fs::rename(&place, &aside).unwrap();
            plant(&place, &aside);
            desk.refuses("", &place, &says);
            fs::remove_file(&place)
                .or_else(|_| fs::remove_dir(&place))
                .unwrap();
            fs::rename(&aside, &place).unwrap();
            desk.has_its_token();
        }
    }
}

#[test]
fn a_directory_of_another_users() {
    if !is_root() {
        return skipped("only root can give directories to another user");
    }
    let desk = Desk::set();
    for place in [desk.tokens(), desk.state(), desk.scene.world.here()] {
        chown(&place, Some(STRANGER), None).unwrap();
        let says = ["another user (uid 54321)", "XDG_STATE_HOME", "--token-file"];
        desk.refuses("", &place, &says);
        chown(&place, Some(0), None).unwrap();
        desk.has_its_token();
    }
}

#[test]
fn a_directory_that_may_not_be_written() {
    let desk = Desk::set();
    // Root may write everywhere, so it becomes somebody else who may not.
    let mut become_another = "";
    if is_root() {
        let all = desk.scene.world.home();
        let all = all.parent().unwrap();
        let given = Command::new("chown")
            .args(["-R", &STRANGER.to_string()])
            .arg(all)
            .status();
        assert!(given.unwrap().success());
        become_another = "exec setpriv --reuid 54321 --regid 54321 --clear-groups \"$0\" \"$@\"";
    }
    let hints = ["Permission denied", "XDG_STATE_HOME"];
    for place in [desk.tokens(), desk.scene.world.here()] {
        let before = place.metadata().unwrap().permissions();
        fs::set_permissions(&place, fs::Permissions::from_mode(0o500)).unwrap();
        desk.refuses(become_another, &place, &hints);
        fs::set_permissions(&place, before).unwrap();
    }
}

#[test]
fn a_file_that_may_have_no_bytes() {
    let desk = Desk::set();
    // To a writer the same as a full disk.
    let preparation = "trap '' XFSZ; ulimit -f 0";
    desk.refuses(preparation, &desk.kept(), &["Make room", "XDG_STATE_HOME"]);
    desk.has_its_token();
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_and_a_home_that_is_read_only() {
    if !is_root() {
        return skipped("only root can mount");
    }
    // Mounted for this shell alone, and gone with it.
    let full = "
        cp -a \"$HOME/.local/state\" \"$TMPDIR/state\"
        mount -t tmpfs -o size=128k,mode=700 none \"$HOME/.local/state\"
        cp -a \"$TMPDIR/state/.\" \"$HOME/.local/state\"
        cat /dev/zero >\"$HOME/.local/state/filler\" 2>/dev/null || true";
    let read_only = "
        mount --bind \"$HOME\" \"$HOME\"
        mount -o remount,bind,ro \"$HOME\"";
    for (mount, says, place) in [
        (full, ["No space left", "Make room"], "profile-default.json"),
        (
            read_only,
            ["Read-only file system", "that you may write to"],
            ".lock",
        ),
    ] {
        let mut desk = Desk::set();
        let script = format!("{mount}\n\"$0\" token\nexec \"$0\" \"$@\"");
        desk.scene.world = desk.scene.world.with("SCRIPT", &script);
        let alone = "exec unshare --mount sh -ec \"$SCRIPT\" \"$0\" \"$@\"";
        let ended = desk.refuses(alone, &desk.tokens().join(place), &says);
        // What is kept can be had there all the while.
        assert_eq!(ended.stdout, format!("{}\n", desk.scene.token()));
        desk.has_its_token();
    }
}
