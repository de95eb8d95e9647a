//! Which Airflows can be run.

use crate::Error;

/// The first version whose protocol we speak.
const FIRST: [u32; 3] = [3, 0, 6];
/// The first minor version that we do not know.
const END: [u32; 3] = [3, 4, 0];

/// Refuses what is not supported.
///
/// # Errors
/// [`Error::Version`].
pub fn supported(text: &str) -> Result<(), Error> {
    let wrong = || Error::Version(text.to_owned());
    let parts: Result<Vec<u32>, _> = text.split('.').map(str::parse).collect();
    let version: [u32; 3] = parts
        .ok()
        .and_then(|parts| parts.try_into().ok())
        .ok_or_else(wrong)?;
    if (FIRST..END).contains(&version) {
        Ok(())
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_versions() {
        for good in ["3.0.6", "3.1.0", "3.1.8", "3.2.99", "3.3.2"] {
            assert!(supported(good).is_ok(), "{good}");
        }
        for bad in [
            "3.0.5", "2.11.0", "3.4.0", "3.3", "3.3.2rc1", "", "4.0.0", "-3.3.2",
        ] {
            assert!(supported(bad).is_err(), "{bad}");
        }
    }
}
