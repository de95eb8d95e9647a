//! The keyring: data keys that seal values, themselves wrapped by the master key of the data
//! folder.
//!
//! `keys/master.key` holds 32 random bytes in base64. `keys/keyring` holds one line for each data
//! key, oldest first: its number and the key wrapped by the master key. New values use the last
//! one, so that a key can be changed without touching what is sealed already.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use aes_gcm::{
    Aes256Gcm, Key, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use base64::{Engine, engine::general_purpose::STANDARD};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
/// The first byte of everything sealed: how the rest is laid out.
const FORMAT: u8 = 1;
/// Format, key number, nonce.
const HEADER_BYTES: usize = 1 + 4 + NONCE_BYTES;
const WRAP_CONTEXT: &[u8] = b"orrery data key";

/// Seals and opens values.
pub struct Keyring {
    keys: Vec<(u32, Aes256Gcm)>,
}

impl Keyring {
    /// Opens the keyring below `folder`, and makes it where there is none.
    ///
    /// # Errors
    /// When a file cannot be read or written, is readable by others, or is damaged.
    pub fn open_or_create(folder: &Path) -> Result<Self, SecurityError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|cause| SecurityError::io(folder, cause))?;
        let (master_path, ring_path) = (folder.join("master.key"), folder.join("keyring"));
        match (master_path.exists(), ring_path.exists()) {
            (false, false) => create(&master_path, &ring_path)?,
            (true, true) => {}
            // The master key is written first, so a ring without one was orphaned by hand.
            (false, true) => return Err(SecurityError::MasterKeyMissing { path: master_path }),
            (true, false) => add_key(&master_path, &ring_path, 1)?,
        }
        let master = cipher(
            &decode(&read_private(&master_path)?, &master_path)?,
            &master_path,
        )?;
        let mut keys = Vec::new();
        for line in read_private(&ring_path)?.lines() {
            let damaged = || SecurityError::Damaged {
                path: ring_path.clone(),
            };
            let (number, wrapped) = line.split_once(' ').ok_or_else(damaged)?;
            let number: u32 = number.parse().map_err(|_| damaged())?;
            let wrapped = decode(wrapped, &ring_path)?;
            let (nonce, text) = wrapped.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
            let payload = Payload {
                msg: text,
                aad: WRAP_CONTEXT,
            };
            let key = master
                .decrypt(&nonce_of(nonce)?, payload)
                .map_err(|_| damaged())?;
            keys.push((number, cipher(&key, &ring_path)?));
        }
        if keys.is_empty() {
            return Err(SecurityError::Damaged { path: ring_path });
        }
        Ok(Self { keys })
    }

    /// Adds a data key, which seals from the next opening of the keyring on.
    ///
    /// # Errors
    /// As for [`Self::open_or_create`].
    pub fn rotate(folder: &Path) -> Result<(), SecurityError> {
        let ring = Self::open_or_create(folder)?;
        let next = ring.keys.last().map_or(1, |(number, _)| number + 1);
        add_key(&folder.join("master.key"), &folder.join("keyring"), next)
    }

    /// Seals `plain` for `context` (such as `variable/NAME`), which must be named again to open it.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, SecurityError> {
        let (number, cipher) = self
            .keys
            .last()
            .ok_or(SecurityError::UnknownKey { number: 0 })?;
        let mut sealed = vec![FORMAT];
        sealed.extend_from_slice(&number.to_be_bytes());
        let nonce = random::<NONCE_BYTES>()?;
        sealed.extend_from_slice(&nonce);
        let payload = Payload {
            msg: plain,
            aad: context.as_bytes(),
        };
        let text = cipher
            .encrypt(&nonce_of(&nonce)?, payload)
            .map_err(|_| SecurityError::Seal)?;
        sealed.extend_from_slice(&text);
        Ok(sealed)
    }

    /// Opens what [`Self::seal`] gave for the same context.
    ///
    /// # Errors
    /// When the key is unknown, or the value was sealed for another context or changed since.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, SecurityError> {
        let (header, text) = sealed
            .split_at_checked(HEADER_BYTES)
            .ok_or(SecurityError::Open)?;
        let (format, rest) = header.split_first().ok_or(SecurityError::Open)?;
        let (number, nonce) = rest.split_first_chunk::<4>().ok_or(SecurityError::Open)?;
        if *format != FORMAT {
            return Err(SecurityError::Open);
        }
        let number = u32::from_be_bytes(*number);
        let known = self.keys.iter().find(|(known, _)| *known == number);
        let (_, cipher) = known.ok_or(SecurityError::UnknownKey { number })?;
        let payload = Payload {
            msg: text,
            aad: context.as_bytes(),
        };
        cipher
            .decrypt(&nonce_of(nonce)?, payload)
            .map_err(|_| SecurityError::Open)
    }
}

fn create(master_path: &Path, ring_path: &Path) -> Result<(), SecurityError> {
    write_private(
        master_path,
        &format!("{}\n", STANDARD.encode(random::<KEY_BYTES>()?)),
        false,
    )?;
    add_key(master_path, ring_path, 1)
}

fn add_key(master_path: &Path, ring_path: &Path, number: u32) -> Result<(), SecurityError> {
    let master = cipher(
        &decode(&read_private(master_path)?, master_path)?,
        master_path,
    )?;
    let (key, nonce) = (random::<KEY_BYTES>()?, random::<NONCE_BYTES>()?);
    let payload = Payload {
        msg: &key,
        aad: WRAP_CONTEXT,
    };
    let mut wrapped = nonce.to_vec();
    let text = master
        .encrypt(&nonce_of(&nonce)?, payload)
        .map_err(|_| SecurityError::Seal)?;
    wrapped.extend_from_slice(&text);
    write_private(
        ring_path,
        &format!("{number} {}\n", STANDARD.encode(wrapped)),
        true,
    )
}

fn random<const N: usize>() -> Result<[u8; N], SecurityError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| SecurityError::Seal)?;
    Ok(bytes)
}

fn cipher(key: &[u8], path: &Path) -> Result<Aes256Gcm, SecurityError> {
    let damaged = |_| SecurityError::Damaged {
        path: path.to_owned(),
    };
    let key: Key<Aes256Gcm> = <[u8; KEY_BYTES]>::try_from(key).map_err(damaged)?.into();
    Ok(Aes256Gcm::new(&key))
}

fn nonce_of(bytes: &[u8]) -> Result<Nonce<aes_gcm::aead::consts::U12>, SecurityError> {
    Ok(<[u8; NONCE_BYTES]>::try_from(bytes)
        .map_err(|_| SecurityError::Open)?
        .into())
}

fn decode(text: &str, path: &Path) -> Result<Vec<u8>, SecurityError> {
    STANDARD
        .decode(text.trim())
        .map_err(|_| SecurityError::Damaged {
            path: path.to_owned(),
        })
}

fn read_private(path: &Path) -> Result<String, SecurityError> {
    let mode = fs::metadata(path).map_err(|cause| SecurityError::io(path, cause))?;
    if mode.permissions().mode() & 0o077 != 0 {
        return Err(SecurityError::TooOpen {
            path: path.to_owned(),
        });
    }
    fs::read_to_string(path).map_err(|cause| SecurityError::io(path, cause))
}

/// Synced before anything is sealed with it: a value must never outlive its key.
fn write_private(path: &Path, text: &str, append: bool) -> Result<(), SecurityError> {
    let write = || {
        let mut options = fs::OpenOptions::new();
        options
            .create(true)
            .append(append)
            .write(true)
            .truncate(!append)
            .mode(0o600);
        let mut file = options.open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::File::open(path.parent().unwrap_or(path))?.sync_all()
    };
    write().map_err(|cause| SecurityError::io(path, cause))
}

/// What can go wrong with keys and sealed values.
#[derive(Debug, thiserror::Error)]
pub enum SecurityError {
    /// A file of the keyring cannot be read or written.
    #[error("SEC-001: cannot use `{path}`: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A file of the keyring is readable by others.
    #[error("SEC-002: `{path}` can be read by others; run: chmod 600 {path}")]
    TooOpen {
        /// The file.
        path: PathBuf,
    },
    /// A file of the keyring is not what was written.
    #[error("SEC-003: `{path}` is damaged; put back the copy from your backup")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The master key is gone.
    #[error("SEC-004: `{path}` is missing; put back the copy from your backup")]
    MasterKeyMissing {
        /// The file.
        path: PathBuf,
    },
    /// A value was sealed with a key that is not in the keyring.
    #[error("SEC-005: sealed with key {number}, which is not in this keyring")]
    UnknownKey {
        /// The key's number.
        number: u32,
    },
    /// A value does not open.
    #[error("SEC-006: a sealed value does not open: changed, cut off or moved from elsewhere")]
    Open,
    /// A value cannot be sealed.
    #[error("SEC-007: cannot seal: the system gives no randomness")]
    Seal,
}

impl SecurityError {
    fn io(path: &Path, cause: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            cause,
        }
    }
}

#[cfg(test)]
mod tests;
