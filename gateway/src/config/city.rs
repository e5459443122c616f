//! The city's name and mark, which stand at the head of the residents' pages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The longest file of a mark: every phone loads it once a day. **Units**: bytes.
const MARK_BYTES_MAX: usize = 16 * 1024;

/// How the residents' pages show the city.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CityConfig {
    /// The name in Chinese; none if not set.
    pub name_zh: Option<String>,
    /// The name in English; the Chinese one if not set.
    pub name_en: Option<String>,
    /// The file of the mark, an SVG picture; none if not set.
    pub mark: Option<PathBuf>,
}

/// The city as pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ShownCity {
    /// The name in Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zh: Option<String>,
    /// The name in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
    /// The mark as a `data:` address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
}

/// The file of the mark cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// It is too long.
    #[error("{}: a mark has at most {MARK_BYTES_MAX} bytes, this file has {bytes}", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// It is no SVG picture.
    #[error("{}: this is no SVG picture: it has no <svg> element", path.display())]
    NoSvg {
        /// The file.
        path: PathBuf,
    },
}

impl CityConfig {
    /// The city as pages show it. It reads the file of the mark.
    pub fn shown(&self) -> Result<ShownCity, MarkError> {
        let mark = self.mark.clone().map(read_mark).transpose()?;
        let zh = self.name_zh.clone();
        let en = self.name_en.clone().or_else(|| zh.clone());
        Ok(ShownCity { zh: zh.or_else(|| en.clone()), en, mark })
    }
}

fn read_mark(path: PathBuf) -> Result<String, MarkError> {
    let picture = match std::fs::read(&path) {
        Ok(picture) => picture,
        Err(source) => return Err(MarkError::Unreadable { path, source }),
    };
    if picture.len() > MARK_BYTES_MAX {
        return Err(MarkError::TooLong { path, bytes: picture.len() });
    }
    if !String::from_utf8_lossy(&picture).contains("<svg") {
        return Err(MarkError::NoSvg { path });
    }
    Ok(format!("data:image/svg+xml;base64,{}", STANDARD.encode(&picture)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_mark(picture: &[u8]) -> Result<ShownCity, MarkError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mark.svg");
        std::fs::write(&path, picture).unwrap();
        CityConfig { mark: Some(path), ..CityConfig::default() }.shown()
    }

    #[test]
    fn one_name_stands_for_both() {
        let city = CityConfig { name_zh: Some("徐州市".into()), ..CityConfig::default() };
        assert_eq!(city.shown().unwrap().en.as_deref(), Some("徐州市"));
        let city = CityConfig { name_en: Some("Xuzhou".into()), ..CityConfig::default() };
        assert_eq!(city.shown().unwrap().zh.as_deref(), Some("Xuzhou"));
        assert_eq!(CityConfig::default().shown().unwrap(), ShownCity::default());
    }

    #[test]
    fn a_mark_is_a_short_svg_picture() {
        let shown = of_mark(b"<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
        assert!(shown.mark.unwrap().starts_with("data:image/svg+xml;base64,PHN2ZyB4"));
        let long = [&b"<svg>"[..], &vec![b' '; MARK_BYTES_MAX]].concat();
        for (picture, expected) in [
            (&b"\x89PNG"[..], "no SVG picture"),
            (&long, "a mark has at most 16384 bytes, this file has 16389"),
        ] {
            let error = of_mark(picture).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let missing = CityConfig { mark: Some("/no/such/mark.svg".into()), ..CityConfig::default() };
        assert!(missing.shown().unwrap_err().to_string().starts_with("/no/such/mark.svg: "));
    }
}
