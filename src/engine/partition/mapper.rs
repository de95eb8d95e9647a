//! Mappers: which downstream keys a key is for.

use std::collections::BTreeSet;

use model::Json;

use super::clock::Clock;
use super::error::{ErrorKind, FanOutExceeded, MapError, Unmapped, value_error};
use super::temporal::Temporal;
use super::wait::{Status, WaitPolicy};
use super::window::{Decoded, Window};

/// A mapper, made by [`super::decode`].
#[derive(Clone, Debug, PartialEq)]
pub struct Mapper {
    pub(super) kind: Kind,
    pub(super) max_downstream_keys: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Identity,
    Fixed(String),
    Allowed(Vec<String>),
    Temporal(Temporal),
    Product {
        mappers: Vec<Mapper>,
        delimiter: String,
    },
    Chain(Vec<Mapper>),
    FanOut(Box<FanOut>),
    Rollup(Box<RollupParts>),
    /// Only Python knows it.
    Asked {
        mapper: Json,
        wait: WaitPolicy,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct FanOut {
    pub(super) upstream: Mapper,
    pub(super) window: Window,
    pub(super) downstream: Mapper,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct RollupParts {
    pub(super) upstream: Mapper,
    pub(super) window: Window,
    pub(super) wait: WaitPolicy,
}

/// What a mapper makes of a key. Upstream tells one key from a list of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Downstream {
    /// One key.
    One(String),
    /// Any number of keys.
    Many(Vec<String>),
}

impl Downstream {
    /// The keys.
    #[must_use]
    pub fn into_keys(self) -> Vec<String> {
        match self {
            Self::One(key) => vec![key],
            Self::Many(keys) => keys,
        }
    }
}

/// A mapper whose runs wait for many keys.
#[derive(Clone, Copy, Debug)]
pub struct Rollup<'a>(&'a RollupParts);

impl Rollup<'_> {
    /// All keys that the run of `downstream_key` waits for.
    ///
    /// # Errors
    /// When the key is not one that this mapper gives: such a run is never satisfied.
    pub fn expected(&self, downstream_key: &str) -> Result<BTreeSet<String>, MapError> {
        let RollupParts {
            upstream, window, ..
        } = self.0;
        let anchor = upstream.decode_downstream(downstream_key)?;
        let parts = window.parts(&anchor)?;
        Ok(parts.iter().map(|part| upstream.encode(part)).collect())
    }

    /// Whether the run of `downstream_key` has what it waits for, when the keys `come` have come.
    ///
    /// # Errors
    /// As [`Self::expected`].
    pub fn status(
        &self,
        downstream_key: &str,
        come: &BTreeSet<String>,
    ) -> Result<Status, MapError> {
        Ok(self.0.wait.status(come, &self.expected(downstream_key)?))
    }

    /// When it has enough.
    #[must_use]
    pub fn wait_policy(&self) -> WaitPolicy {
        self.0.wait
    }
}

impl Mapper {
    /// The mapper that changes nothing: what a dag has that names none.
    #[must_use]
    pub fn identity() -> Self {
        Self {
            kind: Kind::Identity,
            max_downstream_keys: None,
        }
    }

    /// The keys of the runs that an event with this key is for, no more than the mapper allows, or
    /// `cap` where it says nothing (`[scheduler] partition_mapper_max_downstream_keys`).
    ///
    /// # Errors
    /// When the key cannot be mapped, or gives too many: then nothing is queued for this dag.
    pub fn map(&self, key: &str, cap: usize) -> Result<Vec<String>, Unmapped> {
        let keys = self.to_downstream(key)?.into_keys();
        self.check(keys.len(), cap).map_err(Unmapped::TooMany)?;
        Ok(keys)
    }

    /// What an event with this key is for, however much it is.
    ///
    /// # Errors
    /// When the key is not one of this mapper's.
    pub fn to_downstream(&self, key: &str) -> Result<Downstream, MapError> {
        match &self.kind {
            Kind::Identity => Ok(Downstream::One(key.to_owned())),
            Kind::Fixed(fixed) => Ok(Downstream::One(fixed.clone())),
            Kind::Allowed(allowed) => {
                if allowed.iter().any(|of| of == key) {
                    return Ok(Downstream::One(key.to_owned()));
                }
                let told = format!("the key '{key}' is not one of {}", allowed.join(", "));
                Err(value_error(told))
            }
            Kind::Temporal(temporal) => temporal.to_downstream(key).map(Downstream::One),
            Kind::Product { mappers, delimiter } => product(mappers, delimiter, key),
            Kind::Chain(mappers) => chain(mappers, key),
            Kind::FanOut(parts) => parts.to_downstream(key).map(Downstream::Many),
            Kind::Rollup(parts) => parts.upstream.to_downstream(key),
            Kind::Asked { .. } => Err(value_error("only Python knows this mapper".to_owned())),
        }
    }

    /// The mapper as serialised, where it is one that only Python knows.
    #[must_use]
    pub fn asked(&self) -> Option<&Json> {
        if let Kind::Asked { mapper, .. } = &self.kind {
            return Some(mapper);
        }
        None
    }

    /// Whether keys that Python has given are no more than the mapper allows, or `cap`.
    ///
    /// # Errors
    /// When they are.
    pub fn check(&self, n_keys: usize, cap: usize) -> Result<(), FanOutExceeded> {
        let allowed = self.max_downstream_keys.unwrap_or(cap);
        if n_keys <= allowed {
            return Ok(());
        }
        Err(FanOutExceeded {
            produced: n_keys,
            cap: allowed,
            by_mapper: self.max_downstream_keys.is_some(),
        })
    }

    /// Whether a run for which Python has said what it needs has enough of that.
    #[must_use]
    pub fn status_of(&self, needs: &BTreeSet<String>, come: &BTreeSet<String>) -> Status {
        let wait = match &self.kind {
            Kind::Asked { wait, .. } => *wait,
            Kind::Identity
            | Kind::Fixed(_)
            | Kind::Allowed(_)
            | Kind::Temporal(_)
            | Kind::Product { .. }
            | Kind::Chain(_)
            | Kind::FanOut(_)
            | Kind::Rollup(_) => WaitPolicy::All,
        };
        wait.status(come, needs)
    }

    /// What the runs wait for, when this is a rollup. All other runs are made with the first event.
    #[must_use]
    pub fn rollup(&self) -> Option<Rollup<'_>> {
        if let Kind::Rollup(parts) = &self.kind {
            return Some(Rollup(parts));
        }
        None
    }

    /// Whether a run takes over the date of the run that made the event, since its key says none.
    #[must_use]
    pub fn carries_partition_date(&self) -> bool {
        matches!(self.kind, Kind::Identity)
    }

    /// The date that a downstream key is the name of; none where keys are no dates.
    pub(super) fn clock(&self, key: &str) -> Result<Option<Clock>, MapError> {
        match &self.kind {
            Kind::Identity | Kind::Fixed(_) | Kind::Allowed(_) | Kind::Asked { .. } => Ok(None),
            Kind::Temporal(temporal) => temporal.partition_date(key).map(Some),
            Kind::Product { mappers, delimiter } => product_clock(mappers, delimiter, key),
            Kind::Chain(mappers) => mappers.last().map_or(Ok(None), |last| last.clock(key)),
            Kind::FanOut(parts) => parts.downstream.clock(key),
            Kind::Rollup(parts) => parts.upstream.clock(key),
        }
    }

    /// Whether its keys are times, for windows of time.
    pub(super) fn is_of_time(&self) -> bool {
        matches!(self.kind, Kind::Temporal(_))
    }

    fn decode_downstream(&self, key: &str) -> Result<Decoded, MapError> {
        if let Kind::Temporal(temporal) = &self.kind {
            return temporal.decode_downstream(key).map(Decoded::Time);
        }
        Ok(Decoded::Text(key.to_owned()))
    }

    /// The key under which an upstream names a part of a window.
    fn encode(&self, part: &Decoded) -> String {
        match (part, &self.kind) {
            (Decoded::Time(at), Kind::Temporal(temporal)) => temporal.encode_upstream(at),
            (Decoded::Time(at), _) => at.isoformat(),
            (Decoded::Text(text), _) => text.clone(),
        }
    }

    /// The key under which a downstream names a part of a window.
    fn format(&self, part: &Decoded) -> Result<String, MapError> {
        match (part, &self.kind) {
            (Decoded::Time(at), Kind::Temporal(temporal)) => temporal.format(at),
            (Decoded::Time(at), _) => Ok(at.isoformat()),
            (Decoded::Text(text), Kind::Temporal(_)) => {
                let told =
                    format!("'{text}' is no time, and the downstream mapper is one of times");
                Err(ErrorKind::Attribute.error(told))
            }
            (Decoded::Text(text), _) => Ok(text.clone()),
        }
    }
}

impl FanOut {
    fn to_downstream(&self, key: &str) -> Result<Vec<String>, MapError> {
        let Downstream::One(formatted) = self.upstream.to_downstream(key)? else {
            let told = "a fan-out's upstream mapper must give one key, and not a list";
            return Err(ErrorKind::Type.error(told.to_owned()));
        };
        let anchor = self.upstream.decode_downstream(&formatted)?;
        let parts = self.window.parts(&anchor)?;
        parts
            .iter()
            .map(|part| self.downstream.format(part))
            .collect()
    }
}

fn product(mappers: &[Mapper], delimiter: &str, key: &str) -> Result<Downstream, MapError> {
    let parts: Vec<&str> = key.split(delimiter).collect();
    if parts.len() != mappers.len() {
        let (n, found) = (mappers.len(), parts.len());
        let told = format!("the key '{key}' has {found} parts, not {n}");
        return Err(value_error(told));
    }
    let mut keys = Vec::with_capacity(parts.len());
    for (mapper, part) in mappers.iter().zip(parts) {
        let Downstream::One(key) = mapper.to_downstream(part)? else {
            let told = "the mappers of a product must give one key each, and not lists";
            return Err(ErrorKind::Type.error(told.to_owned()));
        };
        keys.push(key);
    }
    Ok(Downstream::One(keys.join(delimiter)))
}

/// The date of the one part that has one.
fn product_clock(
    mappers: &[Mapper],
    delimiter: &str,
    key: &str,
) -> Result<Option<Clock>, MapError> {
    let parts: Vec<&str> = key.split(delimiter).collect();
    if parts.len() != mappers.len() {
        return Ok(None);
    }
    let mut found = Vec::new();
    for (mapper, part) in mappers.iter().zip(parts) {
        found.extend(mapper.clock(part)?);
    }
    Ok(found.pop().filter(|_| found.is_empty()))
}

fn chain(mappers: &[Mapper], key: &str) -> Result<Downstream, MapError> {
    let mut keys = vec![key.to_owned()];
    for mapper in mappers {
        let mut next = Vec::with_capacity(keys.len());
        for key in &keys {
            next.extend(mapper.to_downstream(key)?.into_keys());
        }
        keys = next;
    }
    Ok(match (keys.pop(), keys.is_empty()) {
        (Some(key), true) => Downstream::One(key),
        (last, _) => {
            keys.extend(last);
            Downstream::Many(keys)
        }
    })
}
