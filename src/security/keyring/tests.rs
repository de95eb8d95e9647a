use super::*;

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("orrery-keyring-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    folder
}

#[test]
fn opens_what_it_sealed_also_after_a_restart_and_a_rotation() {
    let folder = folder("rotate");
    let first = Keyring::open_or_create(&folder).unwrap();
    let old = first.seal("variable/a", b"old").unwrap();
    Keyring::rotate(&folder).unwrap();
    let second = Keyring::open_or_create(&folder).unwrap();
    let new = second.seal("variable/a", b"new").unwrap();
    assert_eq!(second.open("variable/a", &old).unwrap(), b"old");
    assert_eq!(second.open("variable/a", &new).unwrap(), b"new");
    // The first keyring was read before the rotation and does not know the new key.
    assert!(matches!(
        first.open("variable/a", &new),
        Err(SecurityError::UnknownKey { number: 2 })
    ));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn refuses_another_context_and_every_changed_byte() {
    let folder = folder("context");
    let ring = Keyring::open_or_create(&folder).unwrap();
    let sealed = ring.seal("variable/a", b"secret").unwrap();
    assert!(!sealed.windows(6).any(|part| part == b"secret"));
    assert!(ring.open("variable/b", &sealed).is_err());
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(ring.open("variable/a", &changed).is_err(), "byte {at}");
        assert!(
            ring.open("variable/a", &sealed[..at]).is_err(),
            "cut at {at}"
        );
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn refuses_files_that_others_can_read_and_a_missing_master_key() {
    let folder = folder("modes");
    Keyring::open_or_create(&folder).unwrap();
    let master = folder.join("master.key");
    fs::set_permissions(&master, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(
        Keyring::open_or_create(&folder),
        Err(SecurityError::TooOpen { .. })
    ));
    fs::remove_file(&master).unwrap();
    assert!(matches!(
        Keyring::open_or_create(&folder),
        Err(SecurityError::MasterKeyMissing { .. })
    ));
    fs::remove_dir_all(folder).unwrap();
}
