//! What the binary is, and how it starts.

use std::process::Command;

use kit::{Options, Server};

#[test]
fn is_linked_statically() {
    let bytes = std::fs::read(kit::binary()).unwrap();
    // An ELF file that needs a loader has a PT_INTERP segment with the loader's path.
    let needs_loader = bytes.windows(12).any(|part| part == b"/lib64/ld-li");
    assert!(!needs_loader, "the binary names a dynamic loader");
    let ldd = Command::new("ldd").arg(kit::binary()).output().unwrap();
    let said = String::from_utf8_lossy(&ldd.stdout) + String::from_utf8_lossy(&ldd.stderr);
    assert!(
        said.contains("statically linked") || said.contains("not a dynamic"),
        "{said}"
    );
}

#[test]
fn says_in_ten_lines_where_to_look() {
    let server = Server::start(&kit::binary(), &Options::default());
    let banner = server.banner();
    assert!(banner.lines().count() <= 10, "{banner}");
    assert!(banner.contains(&server.base), "{banner}");
    assert!(
        banner.contains("ready in ") && banner.contains("MiB"),
        "{banner}"
    );
    server.stop();
}

#[test]
fn two_servers_do_not_share_a_folder() {
    let server = Server::start(&kit::binary(), &Options::default());
    let second = kit::command(&kit::binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(server.folder.join("data"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(
        !second.status.success() && said.contains("NET-002"),
        "{said}"
    );
    server.stop();
}

#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start(&kit::binary(), &Options::default());
    let data = server.folder.join("data");
    for name in [
        "book.redb",
        "keys/master.key",
        "keys/keyring",
        "logs",
        "run",
    ] {
        let mode = std::fs::metadata(data.join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{name} has mode {mode:o}");
    }
    server.stop();
}
