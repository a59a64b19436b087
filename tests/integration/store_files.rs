//! Kept tokens and token files, among everything that can stand in their way.
#![cfg(unix)]

use super::support::skip::skipped;
use anyp_saml::address::WebAddress;
use anyp_saml::secret::Secret;
use anyp_saml::store::{
    About, Kept, Key, Method, StoreError, TokenStore, Unsafe, open_trusted, prepare_token_file,
    write_token_file,
};
use anyp_saml::token::AccessToken;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const STRANGER: u32 = 54_321;

/// A state directory in a directory of its own.
struct World {
    directory: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn store(&self) -> TokenStore {
        TokenStore::open(&self.path("state"))
    }

    fn tokens(&self) -> PathBuf {
        self.path("state/tokens")
    }

    fn kept_file(&self) -> PathBuf {
        self.store().path(&key())
    }

    fn save(&self, token: &str) -> Result<(), StoreError> {
        self.store().save(&key(), &kept(token))
    }

    fn loaded(&self) -> Option<String> {
        let kept = self.store().load(&key()).unwrap();
        kept.map(|kept| kept.token.expose().to_owned())
    }

    /// The names in the tokens' directory but the lock's.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.tokens()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name != ".lock").collect();
        names.sort();
        names
    }
}

fn key() -> Key {
    Key::new("default").unwrap()
}

fn token(text: &str) -> AccessToken {
    AccessToken::parse(Secret::new(text.to_owned())).unwrap()
}

fn kept(text: &str) -> Kept {
    let plane = WebAddress::parse("https://anypoint.mulesoft.com").unwrap();
    let signed_in_at = "2026-01-15T12:00:00Z".parse().unwrap();
    let about = About {
        username: Some("ada".into()),
        email: None,
        user_id: Some("u-1".into()),
        organization_id: Some("o-1".into()),
        organization_name: Some("Acme".into()),
        ..About::new(Method::Saml, plane, signed_in_at)
    };
    let token = token(text);
    Kept { token, about }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn is_root() -> bool {
    let root =
        File::open("/proc/self/status").is_ok() && fs::metadata("/proc/self").unwrap().uid() == 0;
    if !root {
        skipped("only root can give files to another user");
    }
    root
}

/// What is unsafe, and where.
#[track_caller]
fn unsafe_at<T>(result: Result<T, StoreError>) -> (PathBuf, Unsafe) {
    match result {
        Err(StoreError::Unsafe { path, problem }) => (path, problem),
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("no error"),
    }
}

#[test]
fn a_token_is_kept_in_a_file_and_directories_that_are_the_users_alone() {
    let world = World::new();
    assert_eq!(world.loaded(), None);
    assert!(!world.path("state").exists(), "reading makes no directory");
    world.save("one").unwrap();
    assert_eq!(world.loaded().as_deref(), Some("one"));
    assert_eq!(mode(&world.kept_file()), 0o600);
    assert_eq!(mode(&world.tokens()), 0o700);
    assert_eq!(mode(&world.path("state")), 0o700);
    assert_eq!(world.names(), ["profile-default.json"]);
}

#[test]
fn a_store_is_made_ready_before_there_is_a_token() {
    let world = World::new();
    world.store().prepare(&key()).unwrap();
    assert_eq!(mode(&world.tokens()), 0o700);
    assert!(world.names().is_empty());
    set_mode(&world.tokens(), 0o777);
    assert_eq!(
        unsafe_at(world.store().prepare(&key())),
        (world.tokens(), Unsafe::Writable(0o777))
    );
}

#[test]
fn a_look_at_a_store_makes_nothing_and_finds_what_is_in_its_way() {
    let world = World::new();
    assert!(!world.store().look(&key()).unwrap());
    assert!(!world.path("state").exists());
    world.save("one").unwrap();
    assert!(world.store().look(&key()).unwrap());
    assert_eq!(world.names(), ["profile-default.json"]);
    set_mode(&world.tokens(), 0o777);
    assert_eq!(
        unsafe_at(world.store().look(&key())),
        (world.tokens(), Unsafe::Writable(0o777))
    );
    for (directory, mode) in [(world.tokens(), 0o500), (world.path("state"), 0o700)] {
        set_mode(&directory, mode);
    }
    match world.store().look(&key()) {
        Err(error) => assert!(error.to_string().contains("cannot write to"), "{error}"),
        Ok(_) => eprintln!("skipped: root writes everywhere"),
    }
    set_mode(&world.tokens(), 0o700);
}

#[test]
fn a_second_token_takes_a_new_file_whatever_the_old_ones_mode_was() {
    let world = World::new();
    world.save("one").unwrap();
    let file = world.kept_file();
    set_mode(&file, 0o666);
    let mut reader = File::open(&file).unwrap();
    let inode = fs::metadata(&file).unwrap().ino();
    fs::hard_link(&file, world.path("another-name")).unwrap();
    world.save("two").unwrap();
    assert_eq!(world.loaded().as_deref(), Some("two"));
    assert_eq!(mode(&file), 0o600);
    assert_ne!(fs::metadata(&file).unwrap().ino(), inode);
    assert_eq!(fs::metadata(&file).unwrap().nlink(), 1);
    // Who had the old file open, or under another name, has the old token still and learns nothing of the new one.
    let old = std::io::read_to_string(&mut reader).unwrap();
    assert!(old.contains("one") && !old.contains("two"));
    assert!(
        !fs::read_to_string(world.path("another-name"))
            .unwrap()
            .contains("two")
    );
}

/// Runs one of the tests below in a process of its own, started by `sh` after `preparation`.
fn in_a_child(test: &str, preparation: &str, directory: &Path) {
    let script = format!("{preparation}; exec \"$0\" --exact store_files::{test} --nocapture");
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env("ANYP_SAML_TEST_CHILD", directory)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn as_a_child() -> Option<PathBuf> {
    std::env::var_os("ANYP_SAML_TEST_CHILD").map(PathBuf::from)
}

#[test]
fn child_that_keeps_a_token_and_writes_a_token_file() {
    let Some(directory) = as_a_child() else {
        return;
    };
    let store = TokenStore::open(&directory.join("a/b/state"));
    for text in ["one", "two"] {
        store.save(&key(), &kept(text)).unwrap();
        write_token_file(&directory.join("token"), &token(text)).unwrap();
    }
    assert_eq!(store.load(&key()).unwrap().unwrap().token.expose(), "two");
}

#[test]
fn no_umask_changes_a_mode() {
    for umask in ["000", "022", "077", "777"] {
        let world = World::new();
        in_a_child(
            "child_that_keeps_a_token_and_writes_a_token_file",
            &format!("umask {umask}"),
            world.directory.path(),
        );
        for directory in ["a", "a/b", "a/b/state", "a/b/state/tokens"] {
            assert_eq!(
                mode(&world.path(directory)),
                0o700,
                "umask {umask}, {directory}"
            );
        }
        for file in [
            "token",
            "a/b/state/tokens/profile-default.json",
            "a/b/state/tokens/.lock",
        ] {
            assert_eq!(mode(&world.path(file)), 0o600, "umask {umask}, {file}");
        }
    }
}

#[test]
fn child_that_cannot_write() {
    let Some(directory) = as_a_child() else {
        return;
    };
    let store = TokenStore::open(&directory.join("state"));
    let error = store.save(&key(), &kept("two")).unwrap_err();
    assert!(
        error.to_string().contains("profile-default.json"),
        "{error}"
    );
    let error = write_token_file(&directory.join("token"), &token("two")).unwrap_err();
    assert!(
        matches!(error, StoreError::Io { doing: "write", .. }),
        "{error}"
    );
}

#[test]
fn where_nothing_can_be_written_the_old_token_is_whole() {
    let world = World::new();
    world.save("one").unwrap();
    write_token_file(&world.path("token"), &token("one")).unwrap();
    // A file may have no bytes here: to a writer the same as a full disk.
    in_a_child(
        "child_that_cannot_write",
        "trap '' XFSZ; ulimit -f 0",
        world.directory.path(),
    );
    assert_eq!(world.loaded().as_deref(), Some("one"));
    assert_eq!(fs::read_to_string(world.path("token")).unwrap(), "one\n");
    assert_eq!(world.names(), ["profile-default.json"]);
    assert_eq!(
        fs::read_dir(world.directory.path()).unwrap().count(),
        2,
        "nothing is left over"
    );
}

#[test]
fn what_is_not_a_file_of_the_users_own_is_refused_and_left_alone() {
    type Plant = fn(&Path, &Path);
    let plants: [(&str, Plant, Unsafe); 5] = [
        (
            "symlink",
            |place, victim| symlink(victim, place).unwrap(),
            Unsafe::Symlink,
        ),
        (
            "dangling symlink",
            |place, _| symlink("nowhere", place).unwrap(),
            Unsafe::Symlink,
        ),
        (
            "directory",
            |place, _| fs::create_dir(place).unwrap(),
            Unsafe::Directory,
        ),
        (
            "fifo",
            |place, _| {
                assert!(
                    Command::new("mkfifo")
                        .arg(place)
                        .status()
                        .unwrap()
                        .success()
                )
            },
            Unsafe::NotRegular,
        ),
        (
            "socket",
            |place, _| drop(UnixListener::bind(place).unwrap()),
            Unsafe::NotRegular,
        ),
    ];
    for (name, plant, problem) in plants {
        let world = World::new();
        let victim = world.path("victim");
        fs::write(&victim, "precious").unwrap();
        world.save("one").unwrap();
        fs::remove_file(world.kept_file()).unwrap();
        for place in [world.kept_file(), world.path("token")] {
            plant(&place, &victim);
        }
        assert_eq!(
            unsafe_at(world.save("two")),
            (world.kept_file(), problem),
            "{name}"
        );
        let written = write_token_file(&world.path("token"), &token("two"));
        assert_eq!(unsafe_at(written), (world.path("token"), problem), "{name}");
        let prepared = prepare_token_file(&world.path("token"));
        assert_eq!(
            unsafe_at(prepared),
            (world.path("token"), problem),
            "{name}"
        );
        assert_eq!(unsafe_at(world.store().load(&key())).1, problem, "{name}");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious", "{name}");
        assert_eq!(
            world.names(),
            ["profile-default.json"],
            "{name}: nothing is left over"
        );
    }
}

#[test]
fn another_users_files_and_directories_are_refused() {
    if !is_root() {
        return;
    }
    let stranger = Unsafe::Owner(STRANGER);
    for place in [
        "state/tokens/profile-default.json",
        "state/tokens",
        "state",
        "",
    ] {
        let world = World::new();
        world.save("one").unwrap();
        let place = if place.is_empty() {
            world.directory.path().to_owned()
        } else {
            world.path(place)
        };
        chown(&place, Some(STRANGER), None).unwrap();
        assert_eq!(unsafe_at(world.save("two")), (place.clone(), stranger));
        assert_eq!(unsafe_at(world.store().load(&key())), (place, stranger));
    }
    let world = World::new();
    let file = world.path("token");
    fs::write(&file, "").unwrap();
    chown(&file, Some(STRANGER), None).unwrap();
    assert_eq!(
        unsafe_at(write_token_file(&file, &token("one"))),
        (file, stranger)
    );
}

#[test]
fn a_directory_that_others_may_write_to_is_refused_unless_it_is_sticky() {
    for (permissions, refused) in [
        (0o700, false),
        (0o711, false),
        (0o755, false),
        (0o1777, false),
        (0o1770, false),
        (0o702, true),
        (0o777, true),
        (0o2777, true),
    ] {
        let world = World::new();
        fs::create_dir(world.path("parent")).unwrap();
        set_mode(&world.path("parent"), permissions);
        let store = TokenStore::open(&world.path("parent/state"));
        let saved = store.save(&key(), &kept("one"));
        let prepared = prepare_token_file(&world.path("parent/token"));
        let written = write_token_file(&world.path("parent/token"), &token("one"));
        if refused {
            let expected = (world.path("parent"), Unsafe::Writable(permissions));
            assert_eq!(unsafe_at(saved), expected);
            assert_eq!(unsafe_at(prepared), expected);
            assert_eq!(unsafe_at(written), expected);
        } else {
            saved.unwrap();
            prepared.unwrap();
            written.unwrap();
        }
    }
}

/// Whether this user's group has nobody else in it, by the files of the system.
#[cfg(target_os = "linux")]
fn has_a_private_group() -> bool {
    let id =
        |what| String::from_utf8(Command::new("id").arg(what).output().unwrap().stdout).unwrap();
    let (user, group) = (id("-un"), id("-g"));
    let fields = |line: &str, range: std::ops::Range<usize>| -> Vec<String> {
        line.split(':').map(str::to_owned).collect::<Vec<_>>()[range].to_vec()
    };
    let read = |path| fs::read_to_string(path).unwrap();
    let users: Vec<_> = read("/etc/passwd")
        .lines()
        .filter(|line| fields(line, 3..4) == [group.trim()])
        .map(|line| fields(line, 0..1).concat())
        .collect();
    let members: Vec<_> = read("/etc/group")
        .lines()
        .filter(|line| fields(line, 2..3) == [group.trim()])
        .map(|line| fields(line, 3..4).concat())
        .collect();
    users == [user.trim()] && members == [""]
}

#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_only_the_users_private_group_may_write_to_is_the_users_own() {
    if !has_a_private_group() {
        return skipped("this user has no private group");
    }
    for permissions in [0o770, 0o775, 0o2775] {
        // As `mkdir -p ~/.local/state` makes them with a umask of 002.
        let world = World::new();
        fs::create_dir_all(world.path("parent/state/tokens")).unwrap();
        for directory in ["parent", "parent/state", "parent/state/tokens"] {
            set_mode(&world.path(directory), permissions);
        }
        let store = TokenStore::open(&world.path("parent/state"));
        store.save(&key(), &kept("one")).unwrap();
        assert_eq!(mode(&world.path("parent/state/tokens")), 0o700);
        write_token_file(&world.path("parent/token"), &token("one")).unwrap();
        assert_eq!(mode(&world.path("parent/token")), 0o600);
        // And what is downloaded there has mode 0664.
        let metadata = world.path("parent/idp-metadata.xml");
        fs::write(&metadata, "x").unwrap();
        set_mode(&metadata, 0o664);
        open_trusted(&metadata).unwrap();
    }
}

#[test]
fn a_directory_that_another_group_may_write_to_is_refused() {
    if !is_root() {
        return;
    }
    for place in ["parent", "parent/state/tokens"] {
        let world = World::new();
        fs::create_dir_all(world.path("parent/state/tokens")).unwrap();
        let place = world.path(place);
        chown(&place, None, Some(STRANGER)).unwrap();
        set_mode(&place, 0o770);
        let store = TokenStore::open(&world.path("parent/state"));
        assert_eq!(
            unsafe_at(store.save(&key(), &kept("one"))),
            (place, Unsafe::Writable(0o770))
        );
    }
}

#[test]
fn a_file_is_believed_only_where_the_way_to_it_is_the_users_or_roots() {
    if !is_root() {
        return;
    }
    type Spoil = fn(&Path);
    let spoils: [(Spoil, Unsafe); 2] = [
        (
            |place| chown(place, Some(STRANGER), None).unwrap(),
            Unsafe::Owner(STRANGER),
        ),
        (
            |place| {
                chown(place, None, Some(STRANGER)).unwrap();
                set_mode(place, 0o770);
            },
            Unsafe::Writable(0o770),
        ),
    ];
    for (spoil, problem) in spoils {
        for place in ["parent", "parent/own", "parent/own/idp.xml"] {
            let world = World::new();
            fs::create_dir_all(world.path("parent/own")).unwrap();
            let file = world.path("parent/own/idp.xml");
            fs::write(&file, "x").unwrap();
            symlink("parent/own/idp.xml", world.path("link")).unwrap();
            open_trusted(&world.path("link")).unwrap();
            spoil(&world.path(place));
            for path in [&file, &world.path("link")] {
                assert_eq!(unsafe_at(open_trusted(path)), (world.path(place), problem));
            }
        }
    }
    let world = World::new();
    fs::write(world.path("idp.xml"), "x").unwrap();
    symlink("idp.xml", world.path("link")).unwrap();
    std::os::unix::fs::lchown(world.path("link"), Some(STRANGER), None).unwrap();
    assert_eq!(
        unsafe_at(open_trusted(&world.path("link"))),
        (world.path("link"), Unsafe::Owner(STRANGER))
    );
}

#[test]
fn the_tokens_directory_is_closed_to_others_or_refused() {
    let world = World::new();
    world.save("one").unwrap();
    set_mode(&world.tokens(), 0o755);
    assert_eq!(world.loaded().as_deref(), Some("one"));
    assert_eq!(mode(&world.tokens()), 0o700);
    for permissions in [0o702, 0o1777] {
        set_mode(&world.tokens(), permissions);
        assert_eq!(
            unsafe_at(world.save("two")),
            (world.tokens(), Unsafe::Writable(permissions))
        );
    }
}

#[test]
fn links_on_the_way_are_followed_when_they_are_the_users_own() {
    let world = World::new();
    for directory in ["real", "real/deep"] {
        fs::create_dir(world.path(directory)).unwrap();
    }
    symlink(world.path("real/deep"), world.path("absolute")).unwrap();
    symlink("absolute/../deep", world.path("relative")).unwrap();
    for name in ["absolute", "relative"] {
        let store = TokenStore::open(&world.path(name));
        store.save(&key(), &kept(name)).unwrap();
        assert!(world.path("real/deep/tokens/profile-default.json").exists());
        write_token_file(&world.path(name).join("token"), &token(name)).unwrap();
        assert_eq!(
            fs::read_to_string(world.path("real/deep/token")).unwrap(),
            format!("{name}\n")
        );
    }
    symlink("loop", world.path("loop")).unwrap();
    let looped = write_token_file(&world.path("loop/token"), &token("one"));
    assert_eq!(unsafe_at(looped), (world.path("loop"), Unsafe::SymlinkLoop));
    if is_root() {
        std::os::unix::fs::lchown(world.path("absolute"), Some(STRANGER), None).unwrap();
        let led = write_token_file(&world.path("absolute/token"), &token("one"));
        assert_eq!(
            unsafe_at(led),
            (world.path("absolute"), Unsafe::Owner(STRANGER))
        );
    }
}

#[test]
fn the_tokens_directory_itself_is_no_link() {
    let world = World::new();
    for directory in ["state", "elsewhere"] {
        fs::create_dir(world.path(directory)).unwrap();
    }
    symlink(world.path("elsewhere"), world.tokens()).unwrap();
    assert_eq!(
        unsafe_at(world.save("one")),
        (world.tokens(), Unsafe::Symlink)
    );
    assert_eq!(
        unsafe_at(world.store().load(&key())),
        (world.tokens(), Unsafe::Symlink)
    );
    fs::remove_file(world.tokens()).unwrap();
    fs::write(world.tokens(), "").unwrap();
    assert_eq!(
        unsafe_at(world.save("one")),
        (world.tokens(), Unsafe::NotDirectory)
    );
    assert_eq!(fs::read_dir(world.path("elsewhere")).unwrap().count(), 0);
}

#[test]
fn a_directory_swapped_for_a_link_ten_thousand_times_never_leads_elsewhere() {
    let world = World::new();
    fs::create_dir(world.path("elsewhere")).unwrap();
    world.save("first").unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..10_000 {
                // Each may fail when the store was faster and made the directory anew.
                let _ = fs::rename(world.tokens(), world.path("aside"));
                let _ = symlink(world.path("elsewhere"), world.tokens());
                let _ = fs::remove_file(world.tokens());
                let _ = fs::rename(world.path("aside"), world.tokens());
            }
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            // Fails whenever the directory is missing or a link just then.
            let _ = world.save("again");
            assert_eq!(fs::read_dir(world.path("elsewhere")).unwrap().count(), 0);
        }
    });
}

#[test]
fn what_others_could_have_read_or_written_is_not_taken_for_a_token() {
    let world = World::new();
    world.save("one").unwrap();
    let file = world.kept_file();
    for permissions in [0o640, 0o604, 0o620, 0o666] {
        set_mode(&file, permissions);
        assert_eq!(
            unsafe_at(world.store().load(&key())),
            (file.clone(), Unsafe::Readable(permissions))
        );
    }
    set_mode(&file, 0o400);
    assert_eq!(world.loaded().as_deref(), Some("one"));
}

#[test]
fn a_file_that_is_not_ours_to_understand_is_named_and_replaced_by_the_next_login() {
    let world = World::new();
    world.save("one").unwrap();
    let file = world.kept_file();
    let whole = fs::read_to_string(&file).unwrap();
    let load = |content: &str| {
        fs::write(&file, content).unwrap();
        world.store().load(&key()).unwrap_err()
    };
    assert!(matches!(load(""), StoreError::Broken { .. }));
    assert!(matches!(
        load(&whole[..whole.len() - 9]),
        StoreError::Broken { .. }
    ));
    assert!(matches!(
        load("{\"version\": 2}"),
        StoreError::Newer { version: 2, .. }
    ));
    let error = load(&format!("{whole}{}", " ".repeat(64 * 1024)));
    assert!(matches!(
        error,
        StoreError::Unsafe {
            problem: Unsafe::TooLarge,
            ..
        }
    ));
    assert!(
        error.to_string().contains(file.to_str().unwrap()),
        "{error}"
    );
    world.save("two").unwrap();
    assert_eq!(world.loaded().as_deref(), Some("two"));
}

#[test]
fn one_profiles_damage_hides_no_other() {
    let world = World::new();
    let store = world.store();
    assert!(store.list().unwrap().is_empty());
    for profile in ["b", "a", "A", ".."] {
        store
            .save(
                &Key::new(profile).unwrap(),
                &kept(profile.replace('.', "x").as_str()),
            )
            .unwrap();
    }
    fs::write(store.path(&Key::new("b").unwrap()), "{").unwrap();
    fs::write(world.tokens().join("notes.txt"), "").unwrap();
    let listed = store.list().unwrap();
    let seen: Vec<_> = listed
        .iter()
        .map(|(key, about)| (key.profile(), about.is_ok()))
        .collect();
    let expected = [("..", true), ("A", true), ("a", true), ("b", false)];
    assert_eq!(seen, expected);
}

#[test]
fn forgetting_removes_the_file_in_any_state_and_what_a_killed_writer_left() {
    let world = World::new();
    let store = world.store();
    assert!(!store.remove(&key()).unwrap());
    assert!(
        !world.path("state").exists(),
        "forgetting makes no directory"
    );
    world.save("one").unwrap();
    fs::write(world.kept_file(), "damaged").unwrap();
    fs::write(world.tokens().join(".anyp-saml-new-0123"), "half a token").unwrap();
    assert!(store.remove(&key()).unwrap());
    assert!(!store.remove(&key()).unwrap());
    assert!(world.names().is_empty());
    // A link in its place is removed itself, and not what it leads to.
    fs::write(world.path("victim"), "precious").unwrap();
    symlink(world.path("victim"), world.kept_file()).unwrap();
    assert!(store.remove(&key()).unwrap());
    assert_eq!(
        fs::read_to_string(world.path("victim")).unwrap(),
        "precious"
    );
}

#[test]
fn many_writers_and_readers_see_whole_tokens_only() {
    let world = World::new();
    world.save("first").unwrap();
    thread::scope(|scope| {
        for writer in 0..8 {
            let world = &world;
            scope.spawn(move || {
                for round in 0..10 {
                    world
                        .save(&format!("{writer}-{round}-{}", "x".repeat(4000)))
                        .unwrap();
                }
            });
        }
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let token = world.loaded().unwrap();
                    assert!(token == "first" || token.len() == 4004, "{}", token.len());
                }
            });
        }
    });
    assert_eq!(world.names(), ["profile-default.json"]);
}

#[test]
fn a_writer_waits_for_another_one_but_not_for_ever() {
    let world = World::new();
    world.save("one").unwrap();
    let lock = File::options()
        .write(true)
        .open(world.tokens().join(".lock"))
        .unwrap();
    lock.lock().unwrap();
    assert!(matches!(world.save("two"), Err(StoreError::Busy { .. })));
    // Readers do not wait: what they open is whole.
    assert_eq!(world.loaded().as_deref(), Some("one"));
    lock.unlock().unwrap();
    world.save("two").unwrap();
    assert_eq!(world.loaded().as_deref(), Some("two"));
}

#[test]
fn a_token_file_holds_the_token_and_a_new_line() {
    let world = World::new();
    let file = world.path("token");
    fs::write(&file, "something long that was there before").unwrap();
    set_mode(&file, 0o644);
    write_token_file(&file, &token("8c4b-1")).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "8c4b-1\n");
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn a_token_file_is_made_ready_without_a_trace() {
    let world = World::new();
    let file = world.path("token");
    prepare_token_file(&file).unwrap();
    assert_eq!(fs::read_dir(world.directory.path()).unwrap().count(), 0);
    fs::write(&file, "kept until there is a token").unwrap();
    prepare_token_file(&file).unwrap();
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "kept until there is a token"
    );
    assert_eq!(fs::read_dir(world.directory.path()).unwrap().count(), 1);
    let missing = prepare_token_file(&world.path("missing/token"));
    assert!(matches!(missing, Err(StoreError::Io { doing: "open", .. })));
}

#[test]
fn a_token_file_is_a_file_in_a_directory_that_exists() {
    let world = World::new();
    fs::create_dir(world.path("directory")).unwrap();
    let write = |path: &str| write_token_file(&world.path(path), &token("one")).unwrap_err();
    assert!(matches!(
        write("missing/token"),
        StoreError::Io { doing: "open", .. }
    ));
    assert!(!world.path("missing").exists());
    assert!(matches!(
        write("directory"),
        StoreError::Unsafe {
            problem: Unsafe::Directory,
            ..
        }
    ));
    for path in ["directory/", "directory/.", "directory/..", "new/"] {
        assert!(
            matches!(write(path), StoreError::NoFileName { .. }),
            "{path}"
        );
    }
    assert!(matches!(
        write_token_file(Path::new("/"), &token("one")),
        Err(StoreError::NoFileName { .. })
    ));
    let shared = write_token_file(Path::new("/dev/stdout"), &token("one"));
    assert!(matches!(shared, Err(StoreError::Unsafe { .. })));
}

#[test]
fn no_error_shows_a_token() {
    let world = World::new();
    world.save("visible-token-8c4b").unwrap();
    let file = world.kept_file();
    let whole = fs::read_to_string(&file).unwrap();
    for content in [
        whole.replace("visible-token-8c4b", "visible-token-8c4b'"),
        whole.replace("\"visible-token-8c4b\"", "\"visible-token-8c4b"),
        whole.replace("\"version\": 1", "\"version\": \"visible-token-8c4b\""),
        whole.replace("\"saml\"", "\"visible-token-8c4b\""),
    ] {
        fs::write(&file, content).unwrap();
        let error = world.store().load(&key()).unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("visible"),
            "{error:?}"
        );
    }
}
