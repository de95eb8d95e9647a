//! How requests are read: parameters of the path and the query, bodies, and what is wrong there.

mod body;
mod path;
mod query;
mod scalar;
mod text;

pub(crate) use body::{Body, OptionalBody, bytes};
pub(crate) use path::Path;
pub(crate) use query::{
    Asked, FromQuery, Limit, Needed, Offset, OrderBy, Pattern, Query, Range, Reads, decode, query,
    unescape,
};
pub(crate) use scalar::{MatchMode, Scalar};
pub(crate) use text::Text;
