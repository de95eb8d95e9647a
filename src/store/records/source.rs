//! Sources of dags: a version byte, a byte that tells whether the rest is compressed (zlib),
//! postcard.

use std::io::{Read, Write};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use model::{change::DagSource, limits::SOURCE_COMPRESS_BYTES_MIN};
use serde::{Deserialize, Serialize};

use crate::{error::ReadError, tables};

const VERSION: u8 = 1;
const PLAIN: u8 = 0;
const ZLIB: u8 = 1;

#[derive(Serialize, Deserialize)]
enum SourceRecord {
    Yaml {
        text: String,
        files: Vec<(String, String)>,
    },
    /// Without its file, as books had it at first.
    Serialized {
        json: String,
    },
    Python {
        json: String,
        text: Option<String>,
    },
}

fn wrong(what: impl ToString) -> ReadError {
    ReadError::record(tables::sources::NAME, what.to_string())
}

pub(crate) fn encode(source: &DagSource) -> Result<Vec<u8>, ReadError> {
    let record = match source {
        DagSource::Yaml { text, files } => SourceRecord::Yaml {
            text: text.clone(),
            files: files.clone(),
        },
        DagSource::Serialized { json, text } => SourceRecord::Python {
            json: json.clone(),
            text: text.clone(),
        },
    };
    let plain = postcard::to_extend(&record, vec![VERSION, PLAIN]).map_err(wrong)?;
    if plain.len() < SOURCE_COMPRESS_BYTES_MIN {
        return Ok(plain);
    }
    let mut encoder = ZlibEncoder::new(vec![VERSION, ZLIB], Compression::default());
    encoder
        .write_all(plain.get(2..).unwrap_or_default())
        .map_err(wrong)?;
    encoder.finish().map_err(wrong)
}

pub(crate) fn decode(bytes: &[u8]) -> Result<DagSource, ReadError> {
    let record = match bytes {
        [VERSION, PLAIN, rest @ ..] => postcard::from_bytes(rest).map_err(wrong)?,
        [VERSION, ZLIB, rest @ ..] => {
            let mut plain = Vec::new();
            ZlibDecoder::new(rest)
                .read_to_end(&mut plain)
                .map_err(wrong)?;
            postcard::from_bytes(&plain).map_err(wrong)?
        }
        _ => return Err(wrong("its version is not known")),
    };
    Ok(match record {
        SourceRecord::Yaml { text, files } => DagSource::Yaml { text, files },
        SourceRecord::Serialized { json } => DagSource::Serialized { json, text: None },
        SourceRecord::Python { json, text } => DagSource::Serialized { json, text },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_without_their_file_are_read_too() {
        let json = "{}".to_owned();
        let bytes = postcard::to_extend(&SourceRecord::Serialized { json }, vec![VERSION, PLAIN]);
        let source = DagSource::Serialized {
            json: "{}".to_owned(),
            text: None,
        };
        assert_eq!(decode(&bytes.unwrap()).unwrap(), source);
    }
}
