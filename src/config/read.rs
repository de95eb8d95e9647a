//! From found values to typed ones, all mistakes collected.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};

use toml::Value;

use super::layers::{Found, Layers, Mistakes};

/// Reads keys and remembers what is wrong with them.
pub struct Reader<'a> {
    layers: &'a Layers,
    mistakes: Vec<String>,
}

impl<'a> Reader<'a> {
    /// Begins with the mistakes that the layers have already.
    pub fn new(layers: &'a Layers) -> Self {
        Self {
            layers,
            mistakes: layers.mistakes.clone(),
        }
    }

    /// A text.
    pub fn text(&mut self, key: &str) -> String {
        let text = self.value(key, "a text in quotes", |value| {
            value.as_str().map(str::to_owned)
        });
        text.unwrap_or_default()
    }

    /// A list of texts.
    pub fn texts(&mut self, key: &str) -> Vec<String> {
        let list = |value: &Value| {
            let texts = value
                .as_array()?
                .iter()
                .map(|item| item.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()
        };
        self.value(key, "a list of texts", list).unwrap_or_default()
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &str) -> bool {
        self.value(key, "true or false", Value::as_bool)
            .unwrap_or_default()
    }

    /// A whole number from `min` up to what fits.
    pub fn whole<T: TryFrom<i64> + Default>(&mut self, key: &str, min: i64) -> T {
        let fits = |value: &Value| T::try_from(value.as_integer().filter(|n| *n >= min)?).ok();
        self.value(key, &format!("a whole number, {min} at least"), fits)
            .unwrap_or_default()
    }

    /// One of some texts.
    pub fn choice(&mut self, key: &str, choices: &[&str]) -> String {
        let one = |value: &Value| {
            value
                .as_str()
                .filter(|text| choices.contains(text))
                .map(str::to_owned)
        };
        self.value(key, &format!("one of: {}", choices.join(", ")), one)
            .unwrap_or_default()
    }

    /// One of some numbers.
    pub fn choice_of_number(&mut self, key: &str, choices: &[u32]) -> u32 {
        let one = |value: &Value| {
            let number = u32::try_from(value.as_integer()?).ok()?;
            choices.contains(&number).then_some(number)
        };
        self.value(key, &format!("one of: {choices:?}"), one)
            .unwrap_or_default()
    }

    /// An address and port on this machine alone.
    pub fn loopback(&mut self, key: &str) -> SocketAddr {
        let fallback = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let text = self.text(key);
        // `localhost` is looked up in /etc/hosts alone; other names are refused by what they
        // resolve to.
        let parsed = text.parse().ok().or_else(|| {
            let local = text.starts_with("localhost:");
            local
                .then(|| text.to_socket_addrs().ok()?.find(SocketAddr::is_ipv4))
                .flatten()
        });
        let address: Option<SocketAddr> = parsed;
        match address {
            Some(address) if address.ip().is_loopback() => address,
            Some(_) => {
                self.complain(
                    key,
                    "a loopback address, such as 127.0.0.1:8080, since there is no sign-in yet",
                );
                fallback
            }
            None => {
                self.complain(key, "an address and port, such as 127.0.0.1:8080");
                fallback
            }
        }
    }

    /// The end: what was wrong, if anything.
    pub fn finish(self) -> Result<(), Mistakes> {
        if self.mistakes.is_empty() {
            Ok(())
        } else {
            Err(Mistakes(self.mistakes))
        }
    }

    fn value<T>(
        &mut self,
        key: &str,
        wanted: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self
            .layers
            .values
            .get(key)
            .and_then(|found| read(&found.value));
        if value.is_none() {
            self.complain(key, wanted);
        }
        value
    }

    fn complain(&mut self, key: &str, wanted: &str) {
        let (value, origin) = match self.layers.values.get(key) {
            Some(Found { value, origin }) => (value.to_string(), origin.to_string()),
            None => ("nothing".to_owned(), "default.toml".to_owned()),
        };
        self.mistakes.push(format!(
            "{origin}: `{key}` is {value}, and must be {wanted}"
        ));
    }
}
