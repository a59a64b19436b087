//! Who else may write: the one rule for every file and directory that is kept in, written to or believed.

use super::walk::mode;
use rustix::fs::{Mode, Stat};
use std::os::fd::OwnedFd;

/// Whether anybody but the user and root may write to an open file or directory. What the user's private group may do,
/// the user alone may do: Ubuntu, Fedora and others give each user such a group, and a umask of 002 with it.
pub(super) fn may_write(file: &OwnedFd, stat: &Stat) -> bool {
    let mode = mode(stat);
    mode.contains(Mode::WOTH)
        || (mode.contains(Mode::WGRP) && !private_group::alone_may_write(file, stat.st_gid))
}

#[cfg(target_os = "linux")]
mod private_group {
    use rustix::fs::{OFlags, fgetxattr, openat};
    use rustix::io::Errno;
    use std::fs::File;
    use std::io::Read as _;
    use std::os::fd::OwnedFd;

    const USERS: &str = "/etc/passwd";
    const GROUPS: &str = "/etc/group";

    /// The most bytes read of either. A larger one is not read at all, and then no group is private.
    const LIMIT: u64 = 1024 * 1024;

    /// Whether the group bits of a file or directory that has this group open it to no other user.
    pub(super) fn alone_may_write(file: &OwnedFd, group: u32) -> bool {
        group == rustix::process::getegid().as_raw() && is_ours(group) && !has_acl(file)
    }

    fn is_ours(group: u32) -> bool {
        let user = rustix::process::geteuid().as_raw();
        match (read(USERS), read(GROUPS)) {
            (Some(users), Some(groups)) => is_private(group, user, &users, &groups),
            _ => false,
        }
    }

    fn read(path: &str) -> Option<String> {
        let mut text = String::new();
        let mut file = File::open(path).ok()?.take(LIMIT + 1);
        file.read_to_string(&mut text).ok()?;
        (text.len() as u64 <= LIMIT).then_some(text)
    }

    /// Whether a group has one user and no other, by the texts of `/etc/passwd` and `/etc/group`.
    ///
    /// A group or a user that they do not list comes from a directory service, which may know more members; so may
    /// one that a line calls in (`+`, or anything else that is not understood). Such a group is not private.
    fn is_private(group: u32, user: u32, users: &str, groups: &str) -> bool {
        // A user may have several names.
        let mut names = Vec::new();
        let mut is_primary = false;
        for entry in entries(users) {
            let [name, _, id, primary, ..] = entry[..] else {
                return false;
            };
            let (Ok(id), Ok(primary)) = (id.parse::<u32>(), primary.parse::<u32>()) else {
                return false;
            };
            if id == user {
                names.push(name);
                is_primary |= primary == group;
            } else if primary == group {
                return false;
            }
        }
        let mut is_listed = false;
        for entry in entries(groups) {
            let [_, _, id, members] = entry[..] else {
                return false;
            };
            match id.parse::<u32>() {
                Ok(id) if id == group => is_listed = true,
                Ok(_) => continue,
                Err(_) => return false,
            }
            let mut others = members
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty() && !names.contains(name));
            if others.next().is_some() {
                return false;
            }
        }
        is_primary && is_listed
    }

    /// The lines as their fields.
    fn entries(text: &str) -> impl Iterator<Item = Vec<&str>> {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| line.split(':').collect())
    }

    /// Whether an access control list may open it to others: the group bits are then the most that the list gives to
    /// anybody, and not what the group may do. What cannot be found out counts as a list.
    fn has_acl(file: &OwnedFd) -> bool {
        const ACL: &str = "system.posix_acl_access";
        let asked = match fgetxattr(file, ACL, &mut [0_u8; 0]) {
            // A directory that is held as a passage only is opened once more: such a descriptor tells no attributes.
            Err(Errno::BADF) => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
                openat(file, ".", flags, rustix::fs::Mode::empty())
                    .and_then(|directory| fgetxattr(directory, ACL, &mut [0_u8; 0]))
            }
            asked => asked,
        };
        !matches!(asked, Err(Errno::NODATA | Errno::NOTSUP))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        const USERS: &str = "root:x:0:0:root:/root:/bin/bash\n\
                             sync:x:4:65534:sync:/bin:/bin/sync\n\
                             ada:x:1000:1000:Ada,,,:/home/ada:/bin/bash\n\
                             tom:x:1001:100::/home/tom:/bin/sh\n";
        const GROUPS: &str = "root:x:0:\n# local\nusers:x:100:\nada:x:1000:\nteam:x:2000:ada,tom\n";

        #[test]
        fn a_group_is_private_when_its_user_is_its_only_member() {
            assert!(is_private(1000, 1000, USERS, GROUPS));
            assert!(is_private(0, 0, USERS, GROUPS));
            let named_again = GROUPS.replace("ada:x:1000:", "ada:x:1000:ada");
            assert!(is_private(1000, 1000, USERS, &named_again));
            let second_name = format!("{USERS}countess:x:1000:1000::/home/ada:/bin/sh\n");
            let both = GROUPS.replace("ada:x:1000:", "ada:x:1000:ada, countess");
            assert!(is_private(1000, 1000, &second_name, &both));
        }

        #[test]
        fn a_group_with_another_member_is_not_private() {
            for (members, why) in [
                ("ada:x:1000:tom", "a member"),
                ("ada:x:1000:ada,tom", "one more member"),
                ("ada:x:1000:\nalso:x:1000:tom", "under another name"),
                ("ada:x:1000:ghost", "one who may come back"),
            ] {
                let groups = GROUPS.replace("ada:x:1000:", members);
                assert!(!is_private(1000, 1000, USERS, &groups), "{why}");
            }
            let users = format!("{USERS}eve:x:1002:1000::/home/eve:/bin/sh\n");
            assert!(!is_private(1000, 1000, &users, GROUPS), "a primary group");
        }

        #[test]
        fn a_group_that_is_not_the_users_own_is_not_private() {
            assert!(!is_private(2000, 1000, USERS, GROUPS), "a group of several");
            assert!(
                !is_private(100, 1000, USERS, GROUPS),
                "another user's group"
            );
            let team = GROUPS.replace("ada,tom", "ada");
            assert!(!is_private(2000, 1000, USERS, &team), "made to be joined");
        }

        #[test]
        fn where_the_files_do_not_tell_no_group_is_private() {
            let unlisted = GROUPS.replace("ada:x:1000:\n", "");
            assert!(!is_private(1000, 1000, USERS, &unlisted), "no such group");
            let stranger = USERS.replace("ada:x:1000", "ada:x:3000");
            assert!(!is_private(1000, 1000, &stranger, GROUPS), "no such user");
            for line in ["+::::::", "+@staff", "+", "eve:x:1002", "eve:x:x:1000::/:"] {
                let users = format!("{USERS}{line}\n");
                assert!(!is_private(1000, 1000, &users, GROUPS), "{line}");
            }
            for line in ["+:::", "+", "eve:x:y:", "eve:x:1000"] {
                let groups = format!("{GROUPS}{line}\n");
                assert!(!is_private(1000, 1000, USERS, &groups), "{line}");
            }
            assert!(!is_private(0, 0, "", ""));
        }

        #[test]
        fn an_access_control_list_is_seen_on_a_file_and_on_a_passage() {
            let directory = tempfile::tempdir().unwrap();
            let passage = || {
                let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
                rustix::fs::open(directory.path(), flags, rustix::fs::Mode::empty()).unwrap()
            };
            let file = OwnedFd::from(File::create(directory.path().join("file")).unwrap());
            assert!(!has_acl(&passage()) && !has_acl(&file));
            // Version 2; owner rwx, user 54321 rwx, group none, mask rwx, others none.
            let mut list = 2_u32.to_le_bytes().to_vec();
            for (tag, rights, id) in [
                (1, 7, !0),
                (2, 7, 54_321),
                (4, 0, !0),
                (16, 7, !0),
                (32, 0, !0),
            ] {
                list.extend([tag, rights].into_iter().flat_map(u16::to_le_bytes));
                list.extend(u32::to_le_bytes(id));
            }
            for path in [directory.path().to_owned(), directory.path().join("file")] {
                let flags = rustix::fs::XattrFlags::empty();
                match rustix::fs::setxattr(&path, "system.posix_acl_access", &list, flags) {
                    Err(Errno::NOTSUP) => return,
                    set => set.unwrap(),
                }
            }
            assert!(has_acl(&passage()) && has_acl(&file));
        }
    }
}

/// Elsewhere the group bits are taken as they are: macOS has one group for all its users, and `/etc` lists few of them.
#[cfg(not(target_os = "linux"))]
mod private_group {
    use std::os::fd::OwnedFd;

    pub(super) fn alone_may_write(_: &OwnedFd, _: u32) -> bool {
        false
    }
}
